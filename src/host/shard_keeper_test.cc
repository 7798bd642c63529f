#include "host/shard_keeper.h"

#include <algorithm>
#include <set>

#include "host/played_loop.h"

namespace quintet::host {
namespace {

class ShardKeeperTest : public testing::Test, protected ShardKeeper::Moves {
 protected:
  using Ids = std::vector<ReplicaId>;

  ShardKeeperTest() : keeper(loop, *this, next_table({}, members({1}))) {}

  static ShardMembers members(const Ids& ids) {
    ShardMembers found;
    for (const ReplicaId id : ids) found[id] = "at " + std::to_string(id);
    return found;
  }
  Ids holders() const {
    Ids ids;
    for (const auto& [id, address] : keeper.table().addresses) ids.push_back(id);
    return ids;
  }
  void want(const Ids& ids) {
    said.clear();
    keeper.want(members(ids), [this](const Expected<void>& done) {
      said = done ? "done" : done.error().message();
    });
  }
  void periods(int count, const Ids& heard) {
    for (int i = 0; i < count; ++i) {
      loop.a_period();
      for (const ReplicaId id : heard) keeper.heard(id);
      loop.play();
    }
  }

  void take_snapshot(ReplicaId of, ShardKeeper::Done done) override {
    steps.push_back("snapshot " + std::to_string(of));
    answer(of, std::move(done));
  }
  void fetch_shards(ReplicaId of, const ShardTable& from, const ShardTable& to,
                    ShardKeeper::Done done) override {
    EXPECT_LT(from.epoch, to.epoch);
    steps.push_back("fetch " + std::to_string(of));
    answer(of, std::move(done));
  }
  Expected<void> put_in_force(const ShardTable& table) override {
    if (full) return unavailable("the disk is full");
    EXPECT_GT(table.epoch, keeper.table().epoch);
    steps.push_back("table");
    return {};
  }
  void answer(ReplicaId of, ShardKeeper::Done done) {
    if (slow) return held.push_back(std::move(done));
    loop.post([this, of, done = std::move(done)] {
      done(away.contains(of) ? Expected<void>(unavailable("away")) : Expected<void>());
    });
  }

  PlayedLoop loop;
  std::set<ReplicaId> away;
  bool full = false, slow = false;
  std::vector<ShardKeeper::Done> held;
  std::vector<std::string> steps;
  std::string said;
  ShardKeeper keeper;
};

TEST_F(ShardKeeperTest, HoldersStoreThenOthersFetchThenTheTableChanges) {
  want({1, 2, 3});
  EXPECT_EQ(said, "");
  loop.play();
  EXPECT_EQ(said, "done");
  EXPECT_EQ(steps,
            (std::vector<std::string>{"snapshot 1", "fetch 1", "fetch 2", "fetch 3", "table"}));
  EXPECT_EQ(holders(), (Ids{1, 2, 3}));
  steps.clear();
  want({1, 3});
  loop.play();
  EXPECT_EQ(steps, (std::vector<std::string>{"snapshot 1", "snapshot 2", "snapshot 3", "fetch 1",
                                             "fetch 3", "table"}));
  EXPECT_EQ(holders(), (Ids{1, 3}));
  steps.clear();
  want({1, 3});
  EXPECT_EQ(said, "done");
  EXPECT_TRUE(steps.empty());
}

TEST_F(ShardKeeperTest, OneThatIsNewAndDoesNotAnswerIsLeftOutAndNamed) {
  away = {2};
  want({1, 2, 3});
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 3}));
  EXPECT_EQ(said, "without infer-2, which does not answer");
  away.clear();
  keeper.heard(2);
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 2, 3}));
}

TEST_F(ShardKeeperTest, OneThatHeldShardsAndIsAwayForAMomentKeepsItsShare) {
  want({1, 2});
  loop.play();
  away = {2};
  want({1, 2, 3});
  loop.play();
  EXPECT_EQ(said, "done");
  EXPECT_EQ(holders(), (Ids{1, 2, 3}));
}

TEST_F(ShardKeeperTest, OneThatIsLostGivesItsShardsToOthersUntilItComesBack) {
  want({1, 2, 3});
  loop.play();
  periods(kLostAfterPeriods - 1, {1, 3});
  EXPECT_EQ(holders(), (Ids{1, 2, 3}));
  EXPECT_FALSE(keeper.is_lost(2));
  steps.clear();
  periods(1, {1, 3});
  EXPECT_EQ(holders(), (Ids{1, 3}));
  // Nothing new is durable until others hold its shards.
  EXPECT_EQ(steps, (std::vector<std::string>{"fetch 1", "fetch 3", "table"}));
  periods(100, {1, 3});
  keeper.heard(2);
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 2, 3}));
}

TEST_F(ShardKeeperTest, WhereAllAreLostNothingMoves) {
  want({1, 2});
  loop.play();
  const std::uint64_t epoch = keeper.table().epoch;
  periods(3 * kLostAfterPeriods, {});
  EXPECT_EQ(holders(), (Ids{1, 2}));
  EXPECT_EQ(keeper.table().epoch, epoch);
}

TEST_F(ShardKeeperTest, ALaterWishTakesThePlaceOfOneUnderWay) {
  slow = true;
  want({1, 2});
  std::string first;
  std::swap(first, said);
  const auto old = std::exchange(held, {});
  slow = false;
  want({1, 3});
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 3}));
  for (const auto& done : old) done({});
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 3}));
  EXPECT_EQ(said, "done");
}

TEST_F(ShardKeeperTest, WhoIsWantedNoMoreInTheMiddleIsNotGivenAnything) {
  slow = true;
  want({1, 2});
  const std::uint64_t epoch = keeper.table().epoch;
  want({1});
  EXPECT_EQ(said, "done");
  slow = false;
  for (const auto& done : std::exchange(held, {})) done({});
  loop.play();
  EXPECT_EQ(holders(), (Ids{1}));
  EXPECT_EQ(keeper.table().epoch, epoch);
}

TEST_F(ShardKeeperTest, AMoveThatWaitsForOneThatIsLostBeginsAnew) {
  want({1, 2});
  loop.play();
  slow = true;
  want({1});
  periods(kLostAfterPeriods - 1, {1});
  EXPECT_EQ(holders(), (Ids{1, 2}));
  slow = false;
  periods(1, {1});
  EXPECT_EQ(holders(), (Ids{1}));
  EXPECT_EQ(said, "done");
}

TEST_F(ShardKeeperTest, ATableThatCannotBeKeptIsTriedAgain) {
  full = true;
  want({1, 2});
  loop.play();
  EXPECT_EQ(said, "the disk is full");
  EXPECT_EQ(holders(), (Ids{1}));
  full = false;
  loop.what_was_put_off();
  loop.play();
  EXPECT_EQ(holders(), (Ids{1, 2}));
}

}  // namespace
}  // namespace quintet::host
