// The contract of a store whose log loses its beginning (S10): bases, and what may be removed.
#include "store/contract_fixture.h"

namespace quintet::store {
namespace {

using stage::Commit;

TEST_P(StoreContract, RemovesWhatLiesBelowAPosition) {
  const Epoch epoch = open_epoch();
  Chain chain(epoch);
  for (int i = 0; i < 4; ++i) {
    Commit one;
    one.blocks.push_back(chain.next(10));
    one.outcomes.push_back({one.blocks[0].first, one.blocks[0].last, "o"});
    one.changes.push_back({one.blocks[0].first, "c"});
    ASSERT_TRUE(commit(one, epoch));
  }
  EXPECT_FALSE(value_of(store_->remove_below(25, 100, epoch)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(value_of(store_->end()).first, 21u);
    EXPECT_EQ(store_->read_log(20, 100).error().code(), Code::expired);
    EXPECT_EQ(value_of(store_->read_log(21, 1 << 20)).size(), 2u);
    EXPECT_EQ(store_->read_outcomes(20, 100).error().code(), Code::expired);
    EXPECT_EQ(store_->outcome_run(20).error().code(), Code::expired);
    EXPECT_EQ(value_of(store_->outcome_run(21))->changes.size(), 1u);
    EXPECT_EQ(value_of(store_->low_mark()), 40u);
    EXPECT_TRUE(store_->verify());
    open();
  }
  // The last block stays: the next one names it.
  EXPECT_FALSE(value_of(store_->remove_below(1000, 100, epoch)));
  open();
  EXPECT_EQ(value_of(store_->end()).first, 31u);
  EXPECT_EQ(value_of(store_->low_mark()), 40u);
  Commit next;
  next.blocks.push_back(chain.next(1));
  next.outcomes.push_back({41, 41, "o"});
  ASSERT_TRUE(commit(next, epoch));
  EXPECT_EQ(value_of(store_->low_mark()), 41u);
  EXPECT_TRUE(store_->verify());
}

// What a start finds when the removal was cut short: less and less, and never a hole.
TEST_P(StoreContract, RemovesInSlicesThatMayEndAtAny) {
  const Epoch epoch = open_epoch();
  Chain chain(epoch);
  for (int i = 0; i < 9; ++i) {
    Commit one;
    one.blocks.push_back(chain.next(10));
    one.outcomes.push_back({one.blocks[0].first, one.blocks[0].last, "o"});
    ASSERT_TRUE(commit(one, epoch));
  }
  bool more = true;
  for (Position first = 21; more; first += 20) {
    more = value_of(store_->remove_below(71, 2, epoch));
    open();
    EXPECT_EQ(value_of(store_->end()).first, std::min<Position>(first, 71));
    EXPECT_EQ(value_of(store_->low_mark()), 90u);
    EXPECT_TRUE(store_->verify());
    ASSERT_LT(first, 200u);
  }
  EXPECT_EQ(value_of(store_->end()).first, 71u);
  EXPECT_EQ(value_of(store_->read_outcomes(71, 1 << 20)).size(), 2u);
  EXPECT_FALSE(value_of(store_->remove_below(71, 2, epoch)));
}

// S10.2
TEST_P(StoreContract, KeepsBasesByTheirNumberAndParts) {
  const Epoch epoch = open_epoch();
  EXPECT_TRUE(value_of(store_->bases()).empty());
  EXPECT_EQ(store_->base_part(1, "list").error().code(), Code::not_found);
  const std::string bytes(9000, 'x');
  ASSERT_TRUE(store_->put_base(1, {{"list", 40, "a"}, {"shard/000", 40, bytes}}, epoch));
  ASSERT_TRUE(store_->put_base(3, {{"list", 70, "c"}}, epoch));
  ASSERT_TRUE(store_->put_base(1, {{"list", 40, std::string("b\0b", 3)}, {"core", 40, ""}}, epoch));
  ASSERT_TRUE(store_->remove_snapshots());
  open();
  EXPECT_EQ(value_of(store_->bases()), (std::vector<std::uint64_t>{1, 3}));
  const auto list = value_of(store_->base_part(1, "list"));
  EXPECT_EQ(list.name, "list");
  EXPECT_EQ(list.position, 40u);
  EXPECT_EQ(list.bytes, std::string("b\0b", 3));
  EXPECT_EQ(value_of(store_->base_part(1, "shard/000")).bytes, bytes);
  EXPECT_EQ(value_of(store_->base_part(1, "core")).bytes, "");
  EXPECT_EQ(value_of(store_->base_part(3, "list")).bytes, "c");
  EXPECT_EQ(store_->base_part(3, "core").error().code(), Code::not_found);
  EXPECT_TRUE(value_of(store_->remove_base(1, 2, epoch)));
  open();
  EXPECT_EQ(value_of(store_->bases()).size(), 2u);
  EXPECT_FALSE(value_of(store_->remove_base(1, 2, epoch)));
  open();
  EXPECT_EQ(value_of(store_->bases()), std::vector<std::uint64_t>{3});
  EXPECT_FALSE(value_of(store_->remove_base(1, 2, epoch)));
  EXPECT_EQ(value_of(store_->base_part(3, "list")).bytes, "c");
}

// One that outlived its successor knows another base as the one in force.
TEST_P(StoreContract, FencesOlderEpochsFromTheBaseAndTheBeginningOfTheLog) {
  const Epoch old = open_epoch();
  Chain chain(old);
  for (int i = 0; i < 3; ++i) {
    Commit one;
    one.blocks.push_back(chain.next(10));
    one.outcomes.push_back({one.blocks[0].first, one.blocks[0].last, "o"});
    ASSERT_TRUE(commit(one, old));
  }
  const Epoch fresh = open_epoch();
  ASSERT_TRUE(store_->put_base(1, {{"list", 20, "a"}}, fresh));
  for (const Epoch other : {old, fresh + 1}) {
    const auto put = store_->put_base(1, {{"list", 10, "b"}, {"core", 10, "b"}}, other);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code(), Code::conflict);
    EXPECT_EQ(store_->put_base(2, {{"list", 10, "b"}}, other).error().code(), Code::conflict);
    EXPECT_EQ(store_->remove_base(1, 9, other).error().code(), Code::conflict);
    EXPECT_EQ(store_->remove_below(11, 9, other).error().code(), Code::conflict);
    open();
    EXPECT_EQ(value_of(store_->bases()), std::vector<std::uint64_t>{1});
    EXPECT_EQ(value_of(store_->base_part(1, "list")).bytes, "a");
    EXPECT_EQ(store_->base_part(1, "core").error().code(), Code::not_found);
    EXPECT_EQ(value_of(store_->end()).first, 1u);
    EXPECT_EQ(value_of(store_->outcome_run(1))->run.last, 10u);
  }
  // A refusal leaves the store open to who is in charge.
  EXPECT_FALSE(value_of(store_->remove_below(11, 9, fresh)));
  EXPECT_FALSE(value_of(store_->remove_base(1, 9, fresh)));
  EXPECT_EQ(value_of(store_->end()).first, 11u);
  EXPECT_TRUE(store_->verify());
}

}  // namespace
}  // namespace quintet::store
