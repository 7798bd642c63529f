// One suite for every store: what stage/store.h promises.
#include <random>

#include "store/contract_fixture.h"

namespace quintet::store {
namespace {

using stage::Commit;
using stage::DeadLetter;

std::string name_of_store(const ::testing::TestParamInfo<Kind>& info) {
  switch (info.param) {
    case Kind::memory: return "memory";
    case Kind::sqlite: return "sqlite";
    case Kind::sqlite_compressed: return "sqlite_compressed";
    case Kind::postgres: return "postgres";
    case Kind::postgres_compressed: return "postgres_compressed";
  }
  return {};
}

INSTANTIATE_TEST_SUITE_P(All, StoreContract,
                         ::testing::Values(Kind::memory, Kind::sqlite, Kind::sqlite_compressed,
                                           Kind::postgres, Kind::postgres_compressed),
                         name_of_store);

TEST_P(StoreContract, IsEmptyAtFirst) {
  const stage::LogEnd end = value_of(store_->end());
  EXPECT_EQ(end.first, 1u);
  EXPECT_EQ(end.last, kNoPosition);
  EXPECT_EQ(end.hash, Hash128{});
  EXPECT_TRUE(value_of(store_->read_log(1, 1000)).empty());
  EXPECT_TRUE(value_of(store_->read_outcomes(1, 1000)).empty());
  EXPECT_FALSE(value_of(store_->outcome_run(1)));
  EXPECT_EQ(value_of(store_->low_mark()), 0u);
  EXPECT_TRUE(value_of(store_->snapshots(100)).empty());
  EXPECT_TRUE(value_of(store_->models(true)).empty());
  EXPECT_TRUE(value_of(store_->dead_letters({})).empty());
  EXPECT_TRUE(store_->verify());
}

TEST_P(StoreContract, ReadsTheLogBackAsItWasCommitted) {
  const Epoch epoch = open_epoch();
  Chain chain(epoch);
  std::vector<event::BlockBytes> blocks;
  for (int i = 0; i < 5; ++i) {
    Commit one;
    for (int j = 0; j <= i % 2; ++j) one.blocks.push_back(chain.next(i + 1));
    for (const auto& block : one.blocks) blocks.push_back(block);
    ASSERT_TRUE(commit(one, epoch));
  }
  for (int round = 0; round < 2; ++round) {
    const stage::LogEnd end = value_of(store_->end());
    EXPECT_EQ(end.last, blocks.back().last);
    EXPECT_EQ(end.hash, event::block_hash(blocks.back().bytes));
    const auto all = value_of(store_->read_log(1, std::size_t{1} << 30));
    ASSERT_EQ(all.size(), blocks.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].first, blocks[i].first);
      EXPECT_EQ(all[i].last, blocks[i].last);
      EXPECT_EQ(all[i].epoch, epoch);
      EXPECT_EQ(all[i].bytes, blocks[i].bytes);
    }
    open();
  }
}

TEST_P(StoreContract, ReadsFromTheBlockThatHoldsAPosition) {
  const Epoch epoch = open_epoch();
  Chain chain(epoch);
  for (int i = 0; i < 4; ++i) {
    Commit one;
    one.blocks.push_back(chain.next(10));
    ASSERT_TRUE(commit(one, epoch));
  }
  EXPECT_EQ(value_of(store_->read_log(1, 0)).size(), 1u);
  const auto some = value_of(store_->read_log(20, 1));
  ASSERT_EQ(some.size(), 1u);
  EXPECT_EQ(some[0].first, 11u);
  EXPECT_EQ(value_of(store_->read_log(21, 1 << 20)).size(), 2u);
  EXPECT_TRUE(value_of(store_->read_log(41, 1 << 20)).empty());
}

TEST_P(StoreContract, RefusesABlockThatDoesNotContinueTheLog) {
  const Epoch epoch = open_epoch();
  Chain chain(epoch);
  Commit one;
  one.blocks.push_back(chain.next(3));
  ASSERT_TRUE(commit(one, epoch));
  for (const Position first : {1, 3, 5}) {
    Commit other;
    other.blocks.push_back(block_at(first, 2, epoch));
    other.outcomes.push_back({4, 5, "never"});
    const auto done = commit(other, epoch);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), Code::conflict);
  }
  EXPECT_EQ(value_of(store_->end()).last, 3u);
  EXPECT_FALSE(value_of(store_->outcome_run(4)));
  Commit next;
  next.blocks.push_back(chain.next(1));
  EXPECT_TRUE(commit(next, epoch));
}

TEST_P(StoreContract, FencesOlderEpochs) {
  const Epoch old = open_epoch();
  const Epoch fresh = open_epoch();
  EXPECT_GT(fresh, old);
  Commit one;
  one.blocks.push_back(block_at(1, 2, old));
  const auto done = commit(one, old);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::conflict);
  EXPECT_EQ(value_of(store_->end()).last, kNoPosition);
  const auto ahead = commit({}, fresh + 1);
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().code(), Code::conflict);
  Commit wrong;
  wrong.blocks.push_back(block_at(1, 2, old));
  EXPECT_EQ(commit(wrong, fresh).error().code(), Code::invalid);
  open();
  EXPECT_GT(open_epoch(), fresh);
}

TEST_P(StoreContract, TakesCopiesOfBlocksWithTheEpochsOfTheirOwnLog) {
  Chain chain(7);
  Commit copies;
  copies.copies = true;
  copies.blocks.push_back(chain.next(3));
  copies.outcomes.push_back({1, 3, "a"});
  ASSERT_TRUE(commit(copies, open_epoch()));
  EXPECT_EQ(value_of(store_->read_log(1, 1))[0].epoch, 7u);
  EXPECT_EQ(value_of(store_->low_mark()), 3u);
}

TEST_P(StoreContract, BeginsACopyAnewInOneTransaction) {
  Chain chain(7);
  const Epoch epoch = open_epoch();
  Commit before;
  before.copies = true;
  before.blocks = {chain.next(3), chain.next(2)};
  ASSERT_TRUE(commit(before, epoch));
  (void)chain.next(4);  // never came
  Commit behind;
  behind.copies = true;
  behind.blocks = {chain.next(2)};
  const auto gap = commit(behind, epoch);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code(), Code::conflict);
  behind.anew = true;
  behind.blocks.push_back(chain.next(1));
  ASSERT_TRUE(commit(behind, epoch));
  const stage::LogEnd end = value_of(store_->end());
  EXPECT_EQ(end.first, 10u);
  EXPECT_EQ(end.last, 12u);
  EXPECT_EQ(value_of(store_->read_log(10, 1 << 20)).size(), 2u);
  const auto gone = store_->read_log(5, 1);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), Code::expired);
  Commit next;
  next.copies = true;
  next.blocks = {chain.next(1)};
  EXPECT_TRUE(commit(next, epoch));
  EXPECT_TRUE(store_->verify());
}

TEST_P(StoreContract, KeepsTheFirstOutcomeOfAPosition) {  // S7.2
  const Epoch epoch = open_epoch();
  Commit one;
  one.outcomes = {{1, 4, "a"}, {5, 6, "b"}};
  ASSERT_TRUE(commit(one, epoch));
  Commit again;
  again.outcomes = {{1, 4, "c"}, {2, 3, "d"}, {3, 6, "e"}, {7, 7, "f"}, {7, 7, "g"}};
  ASSERT_TRUE(commit(again, epoch));
  const auto runs = value_of(store_->read_outcomes(1, 1 << 20));
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].run.bytes, "a");
  EXPECT_EQ(runs[1].run.bytes, "b");
  EXPECT_EQ(runs[2].run.bytes, "f");
  Commit partly;
  partly.outcomes = {{9, 9, "x"}, {7, 8, "y"}};
  const auto done = commit(partly, epoch);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::conflict);
  EXPECT_FALSE(value_of(store_->outcome_run(9)));
}

TEST_P(StoreContract, FindsTheRunOfAPosition) {
  const Epoch epoch = open_epoch();
  Commit one;
  one.outcomes = {{3, 5, "a"}};
  ASSERT_TRUE(commit(one, epoch));
  EXPECT_FALSE(value_of(store_->outcome_run(2)));
  EXPECT_EQ(value_of(store_->outcome_run(3))->run.bytes, "a");
  EXPECT_EQ(value_of(store_->outcome_run(5))->run.first, 3u);
  EXPECT_FALSE(value_of(store_->outcome_run(6)));
  EXPECT_EQ(value_of(store_->read_outcomes(4, 100)).size(), 1u);
  EXPECT_TRUE(value_of(store_->read_outcomes(6, 100)).empty());
}

TEST_P(StoreContract, GivesChangesWithTheirRunAndKeepsTheLast) {  // S7.2
  const Epoch epoch = open_epoch();
  Commit one;
  one.outcomes = {{1, 3, "a"}, {4, 6, "b"}};
  one.changes = {{5, "five"}};
  ASSERT_TRUE(commit(one, epoch));
  Commit two;
  two.changes = {{2, "two"}, {5, "five again"}, {4, "four"}};
  ASSERT_TRUE(commit(two, epoch));
  open();
  const auto runs = value_of(store_->read_outcomes(1, 1 << 20));
  ASSERT_EQ(runs.size(), 2u);
  ASSERT_EQ(runs[0].changes.size(), 1u);
  EXPECT_EQ(runs[0].changes[0].position, 2u);
  ASSERT_EQ(runs[1].changes.size(), 2u);
  EXPECT_EQ(runs[1].changes[0].bytes, "four");
  EXPECT_EQ(runs[1].changes[1].bytes, "five again");
  EXPECT_EQ(value_of(store_->outcome_run(4))->changes.size(), 2u);
}

TEST_P(StoreContract, RaisesTheLowMarkOverRunsWithoutAGap) {
  const Epoch epoch = open_epoch();
  const auto add = [&](Position first, Position last) {
    Commit one;
    one.outcomes = {{first, last, "x"}};
    ASSERT_TRUE(commit(one, epoch));
  };
  add(1, 2);
  EXPECT_EQ(value_of(store_->low_mark()), 2u);
  add(6, 7);
  add(4, 5);
  EXPECT_EQ(value_of(store_->low_mark()), 2u);
  open();
  EXPECT_EQ(value_of(store_->low_mark()), 2u);
  add(3, 3);
  EXPECT_EQ(value_of(store_->low_mark()), 7u);
  add(9, 9);
  open();
  EXPECT_EQ(value_of(store_->low_mark()), 7u);
  add(8, 8);
  EXPECT_EQ(value_of(store_->low_mark()), 9u);
}

// The memory store is the oracle: whatever runs come, in whatever order, both say the same.
TEST_P(StoreContract, AgreesWithTheOracleOnRandomRuns) {
  const Epoch epoch = open_epoch();
  MemoryStore oracle;
  ASSERT_EQ(value_of(oracle.open_epoch()), epoch);
  std::mt19937 random(7);
  for (int step = 0; step < 400; ++step) {
    Commit one;
    for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
      const Position first = 1 + random() % 150;
      one.outcomes.push_back({first, first + random() % 4, std::to_string(step)});
    }
    if (random() % 4 == 0) one.changes.push_back({1 + random() % 150, std::to_string(step)});
    Commit copy = one;
    const auto here = store_->commit(one, epoch);
    const auto there = oracle.commit(copy, epoch);
    ASSERT_EQ(here.has_value(), there.has_value()) << step;
    ASSERT_EQ(value_of(store_->low_mark()), value_of(oracle.low_mark())) << step;
    if (step % 100 == 99) open();
    const Position from = random() % 160;
    const auto runs = value_of(store_->read_outcomes(from, 20));
    const auto expected = value_of(oracle.read_outcomes(from, 20));
    ASSERT_EQ(runs.size(), expected.size()) << step;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      ASSERT_EQ(runs[i].run.first, expected[i].run.first);
      ASSERT_EQ(runs[i].run.bytes, expected[i].run.bytes);
      ASSERT_EQ(runs[i].changes.size(), expected[i].changes.size());
    }
  }
}

TEST_P(StoreContract, KeepsDeadLettersUntilTheyAreReplayedOrDiscarded) {
  const Epoch epoch = open_epoch();
  DeadLetter letter;
  letter.at = -5;
  letter.event_type = "transaction";
  letter.id = "T1";
  letter.code = "too_early";
  letter.field = "time";
  letter.message = "it is";
  letter.format = "json";
  letter.bytes = std::string("\0\xff", 2);
  Commit one;
  one.dead_letters = {letter, letter, letter};
  one.dead_letters[1].code = "QNT-0001";
  ASSERT_TRUE(store_->commit(one, epoch));
  EXPECT_EQ(one.dead_letters[2].number, 3u);
  const DeadLetter found = value_of(store_->dead_letter(1));
  EXPECT_EQ(found.at, -5);
  EXPECT_EQ(found.event_type, "transaction");
  EXPECT_EQ(found.field, "time");
  EXPECT_EQ(found.bytes, letter.bytes);
  EXPECT_EQ(found.replayed, kNoPosition);

  Commit replay;
  replay.replayed = {{1, 77}};
  ASSERT_TRUE(commit(replay, epoch));
  EXPECT_EQ(value_of(store_->dead_letter(1)).replayed, 77u);
  EXPECT_EQ(commit(replay, epoch).error().code(), Code::conflict);
  replay.replayed = {{9, 77}};
  EXPECT_EQ(commit(replay, epoch).error().code(), Code::not_found);
  EXPECT_TRUE(store_->discard(2));
  EXPECT_TRUE(store_->discard(2));
  EXPECT_EQ(store_->discard(1).error().code(), Code::conflict);
  EXPECT_EQ(store_->discard(9).error().code(), Code::not_found);
  EXPECT_EQ(store_->dead_letter(9).error().code(), Code::not_found);

  open();
  stage::Store::DeadLetterQuery query;
  EXPECT_EQ(value_of(store_->dead_letters(query)).size(), 1u);
  query.open_only = false;
  EXPECT_EQ(value_of(store_->dead_letters(query)).size(), 3u);
  query.code = "too_early";
  query.after = 1;
  const auto rest = value_of(store_->dead_letters(query));
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].number, 3u);
  query = {};
  query.open_only = false;
  query.limit = 2;
  EXPECT_EQ(value_of(store_->dead_letters(query)).size(), 2u);
}

TEST_P(StoreContract, KeepsTheNewestTwoSnapshotsOfAName) {
  for (const Position position : {10, 20, 30}) {
    const std::string bytes(2000, static_cast<char>('a' + position / 10));
    ASSERT_TRUE(store_->put_snapshots({{"shard/001", position, bytes}, {"ingest", position, ""}}));
  }
  ASSERT_TRUE(store_->put_snapshots({{"shard/002", 15, "x"}}));
  open();
  EXPECT_TRUE(value_of(store_->snapshots(14)).empty());
  const auto old = value_of(store_->snapshots(29));
  ASSERT_EQ(old.size(), 3u);
  EXPECT_EQ(old[0].name, "ingest");
  EXPECT_EQ(old[0].position, 20u);
  EXPECT_EQ(old[1].name, "shard/001");
  EXPECT_EQ(old[1].bytes, std::string(2000, 'c'));
  EXPECT_EQ(old[2].position, 15u);
  EXPECT_EQ(value_of(store_->snapshots(30))[1].bytes, std::string(2000, 'd'));
  const auto one = value_of(store_->snapshots(29, "shard/001"));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].position, 20u);
  EXPECT_TRUE(value_of(store_->snapshots(29, "shard/00")).empty());
}

TEST_P(StoreContract, RemovesAllSnapshotsForGood) {
  ASSERT_TRUE(store_->put_snapshots({{"shard/001", 1, "a"}, {"shard/001", 2, "b"}}));
  ASSERT_TRUE(store_->remove_snapshots());
  EXPECT_TRUE(value_of(store_->snapshots(10)).empty());
  open();
  EXPECT_TRUE(value_of(store_->snapshots(10)).empty());
  ASSERT_TRUE(store_->put_snapshots({{"shard/001", 1, "c"}}));
  EXPECT_EQ(value_of(store_->snapshots(10)).size(), 1u);
}

TEST_P(StoreContract, NumbersModelVersionsAndPointsAliasesToThem) {
  stage::ModelVersion model;
  model.model = "fraud";
  model.digest = "d";
  model.state = stage::ModelState::refused;
  model.created_at = 3;
  model.metrics = "{}";
  model.card = "{\"a\": 1}";
  model.bytes = std::string(100'000, '\0');
  EXPECT_EQ(value_of(store_->add_model(model)), 1u);
  EXPECT_EQ(value_of(store_->add_model(model)), 2u);
  model.model = "other";
  EXPECT_EQ(value_of(store_->add_model(model)), 1u);
  ASSERT_TRUE(store_->set_alias("fraud", "production", 1));
  ASSERT_TRUE(store_->set_alias("fraud", "production", 2));
  ASSERT_TRUE(store_->set_alias("fraud", "candidate", 1));
  EXPECT_EQ(store_->set_alias("fraud", "production", 3).error().code(), Code::not_found);
  EXPECT_EQ(store_->set_alias("none", "production", 1).error().code(), Code::not_found);
  open();
  const auto all = value_of(store_->models(false));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].version, 2u);
  EXPECT_TRUE(all[1].bytes.empty());
  EXPECT_EQ(value_of(store_->models(true))[1].bytes.size(), 100'000u);
  const auto found = value_of(store_->model("fraud", 1));
  EXPECT_EQ(found.card, model.card);
  EXPECT_EQ(found.state, stage::ModelState::refused);
  EXPECT_EQ(store_->model("fraud", 3).error().code(), Code::not_found);
  const auto aliases = value_of(store_->aliases());
  ASSERT_EQ(aliases.size(), 2u);
  EXPECT_EQ(aliases[0].alias, "candidate");
  EXPECT_EQ(aliases[1].version, 2u);
}

TEST_P(StoreContract, RemovesSnapshotsByName) {
  ASSERT_TRUE(store_->put_snapshots({{"ids/1", 5, "a"}, {"ids/2", 9, "b"}, {"core", 9, "c"}}));
  ASSERT_TRUE(store_->put_snapshots({{"ids/1", 6, "d"}}));
  ASSERT_TRUE(store_->remove_snapshots({"ids/1", "there is none"}));
  open();
  const auto left = value_of(store_->snapshots(100));
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].name, "core");
  EXPECT_EQ(left[1].name, "ids/2");
}

TEST_P(StoreContract, CommitsAllOrNothing) {
  const Epoch epoch = open_epoch();
  Commit one;
  one.blocks.push_back(block_at(1, 2, epoch));
  one.outcomes.push_back({1, 2, "o"});
  one.changes.push_back({1, "c"});
  one.dead_letters.emplace_back();
  one.replayed = {{17, 1}};
  EXPECT_EQ(commit(one, epoch).error().code(), Code::not_found);
  open();
  EXPECT_EQ(value_of(store_->end()).last, kNoPosition);
  EXPECT_EQ(value_of(store_->low_mark()), 0u);
  EXPECT_TRUE(value_of(store_->dead_letters({})).empty());
}

}  // namespace
}  // namespace quintet::store
