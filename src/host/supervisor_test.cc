#include "host/supervisor.h"

#include <signal.h>
#include <unistd.h>

namespace quintet::host {
namespace {

// A child that is ready at once and ends with its input.
const std::vector<std::string> kCalm = {"/bin/sh", "-c", "echo ready $$; cat >/dev/null"};

class SupervisorTest : public testing::Test {
 protected:
  // Runs the loop until `done` calls loop.stop(); a child that never does is a test that hangs, and
  // is ended by the runner.
  std::unique_ptr<Supervisor> supervise(std::vector<Supervisor::Program> programs) {
    Supervisor::Settings settings;
    settings.programs = std::move(programs);
    settings.on_ready = [this](const std::string& name, const std::string& line) {
      lines.emplace_back(name + ": " + line.substr(0, line.find(' ')));
      if (on_ready) on_ready(name);
    };
    settings.on_failure = [this](const Error& why) {
      failure = why.message();
      loop.stop();
    };
    return std::make_unique<Supervisor>(loop, log, std::move(settings));
  }

  SystemClock clock;
  Logger log{clock, LogLevel::off};
  Loop loop;
  std::vector<std::string> lines;
  std::string failure;
  std::function<void(const std::string&)> on_ready;
};

TEST_F(SupervisorTest, StartsAllAndEndsTheLastFirst) {
  const auto supervisor = supervise({{"one", kCalm}, {"two", kCalm}});
  on_ready = [&](const std::string&) {
    if (supervisor->all_ready()) supervisor->stop([this] { loop.stop(); });
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::string>{"one: ready", "two: ready"}));
  EXPECT_EQ(supervisor->process_id("one"), -1);
  EXPECT_EQ(supervisor->process_id("two"), -1);
}

TEST_F(SupervisorTest, StartsAgainWhatWasKilledAndLeavesTheOthersAlone) {
  const auto supervisor = supervise({{"one", kCalm}, {"two", kCalm}});
  int kills = 0;
  on_ready = [&](const std::string&) {
    if (!supervisor->all_ready()) return;
    if (++kills == 3) return supervisor->stop([this] { loop.stop(); });
    ::kill(supervisor->process_id("two"), SIGKILL);
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "one: ready"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "two: ready"), 3);
}

TEST_F(SupervisorTest, RestartsOneAfterTheOther) {
  const auto supervisor = supervise({{"one", kCalm}, {"two", kCalm}});
  int old_one = -1, old_two = -1;
  bool renewed = false;
  on_ready = [&](const std::string& name) {
    if (!supervisor->all_ready()) return;
    if (old_one < 0) {
      old_one = supervisor->process_id("one");
      old_two = supervisor->process_id("two");
      supervisor->restart([&] {
        renewed = true;
        supervisor->stop([this] { loop.stop(); });
      });
      supervisor->restart([] { ADD_FAILURE() << "twice at once"; });
    } else if (name == "one") {
      EXPECT_NE(supervisor->process_id("one"), old_one);
      EXPECT_EQ(supervisor->process_id("two"), old_two);  // its turn comes now
    } else {
      EXPECT_NE(supervisor->process_id("two"), old_two);
    }
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_TRUE(renewed);
  EXPECT_EQ(lines.size(), 4U);
}

// The old one gets the end of its input once the new one is ready, and lives until then.
TEST_F(SupervisorTest, AnOverlappingOneIsReplacedByOneThatIsReady) {
  Supervisor::Program program{"one", kCalm};
  program.overlaps = true;
  const auto supervisor = supervise({program});
  int old = -1;
  on_ready = [&](const std::string&) {
    if (old < 0) {
      old = supervisor->process_id("one");
      return supervisor->restart([&] { supervisor->stop([this] { loop.stop(); }); });
    }
    EXPECT_NE(supervisor->process_id("one"), old);
    EXPECT_EQ(::kill(old, 0), 0);
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(lines.size(), 2U);
}

TEST_F(SupervisorTest, GivesADescriptor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Supervisor::Program program{"one",
                              {"/bin/sh", "-c", "echo given >&3; echo ready; cat >/dev/null"}};
  program.descriptor = ends[1];
  const auto supervisor = supervise({program});
  on_ready = [&](const std::string&) { supervisor->stop([this] { loop.stop(); }); };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  char text[7] = {};
  EXPECT_EQ(::read(ends[0], text, 6), 6);
  EXPECT_STREQ(text, "given\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(SupervisorTest, AChildThatWasNeverReadyIsAFailure) {
  const auto supervisor = supervise({{"odd", {"/bin/sh", "-c", "exit 2"}}});
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(failure, "odd ended before it was ready, with status 2");
}

TEST_F(SupervisorTest, AProgramThatIsNotThereIsAnError) {
  const auto supervisor = supervise({{"odd", {"/nowhere/program"}}});
  const auto started = supervisor->start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find("/nowhere/program"), std::string::npos);
}

TEST_F(SupervisorTest, AChildEndsWithItsSupervisor) {
  int child = 0;
  {
    auto supervisor = supervise({{"one", kCalm}});
    on_ready = [&](const std::string&) {
      child = supervisor->process_id("one");
      loop.stop();
    };
    ASSERT_TRUE(supervisor->start());
    loop.run();
    ASSERT_EQ(::kill(child, 0), 0);
  }
  EXPECT_EQ(::kill(child, 0), -1) << "it is reaped";
}

TEST_F(SupervisorTest, CtrlCInTheGroupOfThisProcessIsNotForTheChildren) {
  const auto supervisor = supervise({{"one", kCalm}});
  on_ready = [&](const std::string&) {
    EXPECT_NE(::getpgid(supervisor->process_id("one")), ::getpgrp());
    supervisor->stop([this] { loop.stop(); });
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
}

TEST_F(SupervisorTest, AddsOneInItsPlaceAndTakesItAwayAgain) {
  const auto supervisor = supervise({{"one", kCalm}, {"two", kCalm}});
  bool began = false;
  on_ready = [&](const std::string&) {
    if (!supervisor->all_ready() || std::exchange(began, true)) return;
    supervisor->add({"more", kCalm}, "one", [&](const Expected<void>& added) {
      ASSERT_TRUE(added);
      EXPECT_TRUE(supervisor->all_ready());
      EXPECT_GT(supervisor->process_id("more"), 0);
      supervisor->remove("more", [&] {
        EXPECT_EQ(supervisor->process_id("more"), -1);
        EXPECT_GT(supervisor->process_id("two"), 0);
        supervisor->stop([this] { loop.stop(); });
      });
    });
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "more: ready"), 1);
  EXPECT_EQ(failure, "");
}

TEST_F(SupervisorTest, OneThatIsAddedAndEndsBeforeItIsReadyHarmsNobody) {
  const auto supervisor = supervise({{"one", kCalm}});
  std::string why;
  on_ready = [&](const std::string&) {
    supervisor->add({"more", {"/bin/sh", "-c", "exit 3"}}, "one", [&](const Expected<void>& added) {
      why = added ? "" : added.error().message();
      EXPECT_TRUE(supervisor->all_ready());
      supervisor->add({"none", {"/no/such/program"}}, "one", [&](const Expected<void>& started) {
        EXPECT_FALSE(started);
        EXPECT_GT(supervisor->process_id("one"), 0);
        supervisor->stop([this] { loop.stop(); });
      });
    });
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(why, "more ended before it was ready, with status 3");
  EXPECT_EQ(failure, "");
}

TEST_F(SupervisorTest, ALaterLifeHasTheLaterCommand) {
  const auto supervisor = supervise({{"one", kCalm}});
  on_ready = [&](const std::string&) {
    if (lines.back() == "one: other") return supervisor->stop([this] { loop.stop(); });
    supervisor->set_command("one", {"/bin/sh", "-c", "echo other; cat >/dev/null"});
    ::kill(supervisor->process_id("one"), SIGKILL);
  };
  ASSERT_TRUE(supervisor->start());
  loop.run();
  EXPECT_EQ(lines.back(), "one: other");
}

}  // namespace
}  // namespace quintet::host
