#include "host/loop.h"

#include <csignal>
#include <future>

namespace quintet::host {
namespace {

TEST(Loop, RunsPostsInOrderOnItsOwnThread) {
  Loop loop;
  loop.start("test");
  std::vector<int> seen;
  std::promise<bool> done;
  for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
  loop.post([&] { done.set_value(loop.is_current()); });
  EXPECT_TRUE(done.get_future().get());
  EXPECT_FALSE(loop.is_current());
  ASSERT_EQ(seen.size(), 100U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Loop, TakesAJobThatCannotBeCopied) {
  Loop loop;
  int got = 0;
  loop.post([&got, &loop, owned = std::make_unique<int>(7)] {
    got = *owned;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(got, 7);
}

TEST(Loop, NeverRunsAPostInsideThePost) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.post([&] {
      order += "b";
      loop.stop();
    });
    order += "a";
  });
  loop.run();
  EXPECT_EQ(order, "ab");
}

TEST(Loop, RepeatsAPeriodicJobUntilItsTimerGoes) {
  Loop loop;
  int turns = 0;
  std::unique_ptr<Timer> timer;
  timer = loop.every(100, [&] {
    if (++turns < 3) return;
    timer.reset();
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(turns, 3);
}

TEST(Loop, CallsOffAJobWhoseTimerWasDestroyedEvenIfItIsDue) {
  Loop loop;
  bool ran = false;
  std::unique_ptr<Timer> timer = loop.after(0, [&] { ran = true; });
  timer.reset();
  auto end = loop.after(1000, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Loop, HearsATerminationSignal) {
  Loop loop;
  int got = 0;
  loop.on_termination([&](int number) {
    got = number;
    loop.stop();
  });
  loop.post([] { std::raise(SIGTERM); });
  loop.run();
  EXPECT_EQ(got, SIGTERM);
}

TEST(Loop, DropsWhatItCouldNotRun) {
  auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([owned] {});
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Loop, AStopThatComesBeforeItsThreadRunsIsNotLost) {
  for (int i = 0; i < 200; ++i) {
    Loop loop;
    loop.start("brief");
    loop.stop();
    loop.join();
  }
}

}  // namespace
}  // namespace quintet::host
