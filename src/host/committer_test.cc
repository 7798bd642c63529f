#include "host/committer.h"

#include <deque>

#include "host/loop.h"
#include "store/memory.h"

namespace quintet::host {
namespace {

// Runs its jobs when told to. Has no timers.
class ManualScheduler final : public Scheduler {
 public:
  void post(Job job) override { jobs_.push_back(std::move(job)); }
  std::unique_ptr<Timer> after(Micros, std::function<void()>) override { return nullptr; }
  std::unique_ptr<Timer> every(Micros, std::function<void()>) override { return nullptr; }

  bool step() {
    if (jobs_.empty()) return false;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }

 private:
  std::deque<Job> jobs_;
};

stage::Commit with_letter(const std::string& id) {
  stage::Commit commit;
  commit.dead_letters.emplace_back().id = id;
  return commit;
}

struct CommitterTest : testing::Test {
  CommitterTest() : epoch(*store.open_epoch()) {
    committer = std::make_unique<Committer>(Committer::Parts{store, owner, nullptr, &writer},
                                            epoch);
  }
  Committer::Done note(const std::string& name) {
    return [this, name](const Expected<void>& result) {
      told.push_back(name + (result ? "" : " failed"));
    };
  }
  std::size_t letters() { return store.dead_letters({})->size(); }

  store::MemoryStore store;
  ManualScheduler owner, writer;
  Epoch epoch;
  std::unique_ptr<Committer> committer;
  std::vector<std::string> told;
};

TEST_F(CommitterTest, GroupsThatWaitTogetherBecomeOneTransactionInOrder) {
  committer->submit(with_letter("a"), note("a"));
  committer->submit(with_letter("b"), note("b"));
  EXPECT_EQ(letters(), 0u);
  EXPECT_TRUE(writer.step());
  EXPECT_FALSE(writer.step());
  EXPECT_EQ(letters(), 2u);
  EXPECT_TRUE(told.empty());  // not yet: the owner must have its turn
  while (owner.step()) {
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(committer->figures().transactions, 1u);
}

TEST_F(CommitterTest, AJobRunsAloneAfterTheGroupsBeforeIt) {
  committer->submit(with_letter("a"), note("a"));
  std::size_t seen = 0;
  committer->run([&](stage::Store&) { seen = letters(); return Expected<void>(); }, note("job"));
  committer->submit(with_letter("b"), note("b"));
  while (writer.step()) {
  }
  while (owner.step()) {
  }
  EXPECT_EQ(seen, 1u);
  EXPECT_EQ(told, (std::vector<std::string>{"a", "job", "b"}));
}

TEST_F(CommitterTest, AfterAFailureEveryLaterGroupFails) {
  store.fail_next_commit(broken("the disk is gone"));
  committer->submit(with_letter("a"), note("a"));
  while (writer.step()) {
  }
  store.reopen();
  committer->submit(with_letter("b"), note("b"));
  while (writer.step()) {
  }
  while (owner.step()) {
  }
  EXPECT_EQ(told, (std::vector<std::string>{"a failed", "b failed"}));
  EXPECT_EQ(letters(), 0u);
}

TEST_F(CommitterTest, ItsEndFinishesWhatWasSubmittedWithoutCallingBack) {
  committer->submit(with_letter("a"), note("a"));
  committer.reset();
  EXPECT_EQ(letters(), 1u);
  while (owner.step() || writer.step()) {
  }
  EXPECT_TRUE(told.empty());
}

TEST_F(CommitterTest, WithoutAWriterItHasAThreadOfItsOwn) {
  Loop loop;
  Committer threaded({store, loop, nullptr, nullptr}, epoch);
  threaded.submit(with_letter("a"), [&](const Expected<void>& result) {
    EXPECT_TRUE(result);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(letters(), 1u);
}

}  // namespace
}  // namespace quintet::host
