// Erasing where the beginning of the log was removed (S10.5).
#include "host/base.h"
#include "host/retention_fixture.h"

namespace quintet::host {
namespace {

// S10.5, S8.3
TEST_F(RetentionTest, AnEraseTakesTheSubjectOutOfTheBaseToo) {
  feed(2600);
  ASSERT_GT(cut().removed, 0u);
  const std::uint64_t old = (*Base::find(cutting.store))->key();
  const std::string subject = subject_of("c3");
  for (int round = 0; round < 3; ++round) {
    if (round == 1) cutting.open();
    if (round == 2) {
      ASSERT_TRUE(cutting.store.remove_snapshots());
      cutting.open();
    }
    if (round == 0) {
      ASSERT_TRUE(cutting.erase(subject));
      ASSERT_TRUE(keeping.erase(subject));
      keeping.control();
      EXPECT_EQ(cutting.place->last(), keeping.place->last());
    }
    feed(150);
    if (HasFatalFailure()) return;
  }
  for (int i = 0; i < 200; ++i) cutting.turn();
  const auto base = *Base::find(cutting.store);
  ASSERT_NE(base, nullptr);
  EXPECT_GT(base->key(), old);
  EXPECT_EQ(*cutting.store.bases(), std::vector<std::uint64_t>{base->seal().base});
  EXPECT_EQ(vault->find_subject_key(base_subject(old)).error().code(), Code::expired);
  const Versions versions{cutting.spec};
  for (const std::string& name : base->sealed_parts()) {
    const auto body = base->part({cutting.store, *vault, versions}, name);
    ASSERT_TRUE(body && *body);
    EXPECT_EQ((*body)->find(subject), std::string::npos) << name;
  }
  feed(3000);
  EXPECT_GT(cut().removed, 0u);
  const auto next = *Base::find(cutting.store);
  EXPECT_EQ(next->key(), base->key());  // a copy of the log from before can still be read
  EXPECT_GT(next->erased(), kNoPosition);
  feed(100);
  // The erase record is gone; that there was one is known, so snapshots have their key.
  ASSERT_TRUE(cutting.store.remove_snapshots());
  cutting.open();
  std::optional<Expected<void>> taken;
  cutting.place->snapshot([&](const Expected<void>& done) { taken = done; });
  cutting.until([&] { return taken.has_value(); });
  EXPECT_TRUE(*taken) << taken->error().message();
  cutting.open();
  EXPECT_EQ(cutting.place->started().folded, 0u);
  feed(100);
}

TEST_F(RetentionTest, ADeathAtAnyStepOfAnEraseLeavesTheBaseWithOrWithoutTheSubject) {
  feed(2600);
  ASSERT_GT(cut().removed, 0u);
  int deaths = 0;
  for (int changes = 0;; ++changes) {
    const std::string subject = new_subject();
    cutting.store.left = changes;
    std::optional<Expected<Position>> result;
    cutting.place->erase(subject, [&](const Expected<Position>& done) { result = done; });
    for (int i = 0; i < 300 && !cutting.store.died(); ++i) cutting.turn();
    const bool died = cutting.store.died();
    const bool recorded = cutting.store.end()->last > keeping.place->last();
    SCOPED_TRACE(changes);
    ASSERT_TRUE(cutting.store.MemoryStore::remove_snapshots());
    cutting.open();
    if (HasFatalFailure()) return;
    for (int i = 0; i < 200; ++i) cutting.turn();
    EXPECT_EQ(cutting.store.bases()->size(), 1u);
    EXPECT_EQ(vault->find_subject_key(subject).has_value(), !recorded);
    if (recorded) {
      ASSERT_TRUE(keeping.erase(subject));
      keeping.control();
    }
    feed(60);
    if (HasFatalFailure()) return;
    if (!died) break;
    ++deaths;
  }
  EXPECT_GT(deaths, 2);
}

// An erase comes first, at whatever moment of a cut it is asked for.
TEST_F(RetentionTest, AnEraseCallsACutOff) {
  feed(2600);
  int cuts = 0;
  for (int turns = 0; cuts == 0; ++turns) {
    const std::string subject = new_subject();
    bool over = false;
    Position removed = 0;
    cutting.place->retain([&](const Expected<Place::Retention>& done) {
      over = true;
      if (done) removed = done->removed;
    });
    for (int i = 0; i < turns; ++i) cutting.turn();
    ASSERT_TRUE(cutting.erase(subject));
    EXPECT_TRUE(over);
    for (int i = 0; i < 200; ++i) cutting.turn();
    if (removed > 0) {
      ++cuts;
      keeping.control();
    }
    ASSERT_TRUE(keeping.erase(subject));
    if (removed > 0) keeping.control();
    ASSERT_EQ(cutting.place->last(), keeping.place->last());
    EXPECT_EQ(cutting.store.bases()->size(), removed > 0 ? 1u : 0u);
    feed(30);
    if (HasFatalFailure()) return;
    ASSERT_LT(turns, 300);
  }
}

}  // namespace
}  // namespace quintet::host
