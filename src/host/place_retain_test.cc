// Removing the beginning of a log (S10): a place that does so answers like one that keeps all.
#include "host/base.h"
#include "host/control_chain.h"
#include "host/promotions.h"
#include "host/retention_fixture.h"
#include "host/snapshot_seal.h"

namespace quintet::host {
namespace {

// S10.3
TEST_F(RetentionTest, EveryLaterAnswerIsThatOfAPlaceThatKeepsAll) {
  int cuts = 0;
  for (int round = 0; round < 24; ++round) {
    feed(150 + int(dice() % 200));
    if (cut().removed > 0) ++cuts;
    switch (dice() % 4) {
      case 0: cutting.open(); break;  // from the snapshot
      case 1:                         // from the base
        ASSERT_TRUE(cutting.store.remove_snapshots());
        cutting.open();
        EXPECT_EQ(cutting.place->started().snapshot, kNoPosition);
        EXPECT_EQ(cutting.place->started().folded + cutting.place->first(),
                  cutting.place->last() + 1);
        break;
      default: break;
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(cuts, 3);
  EXPECT_GT(cutting.place->first(), 2000u);
  EXPECT_EQ(cutting.store.end()->first, cutting.place->first());
  EXPECT_LT(cutting.place->figures().ids, keeping.place->figures().ids / 2);
}

// S10.1, S10.4
TEST_F(RetentionTest, WhatIsBelowTheCutIsGoneAndCannotComeBack) {
  feed(1500);
  EXPECT_EQ(cut().removed, 0u);  // no window has forgotten it yet
  feed(1000);
  const auto made = cut();
  ASSERT_GT(made.removed, 100u);
  EXPECT_EQ(made.first, made.removed + 1);
  EXPECT_EQ(cutting.place->first(), made.first);
  EXPECT_EQ(cutting.store.end()->first, made.first);
  const auto below = cutting.place->result(made.first - 1);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code(), Code::expired);
  EXPECT_NE(below.error().message().find(std::to_string(made.first)), std::string::npos);
  Place::Query query;
  EXPECT_TRUE(cutting.place->results(query));
  query.from = 1;
  EXPECT_EQ(cutting.place->results(query).error().code(), Code::expired);
  // Nothing older than the edge is taken, though the clock went back to before.
  const Micros before = clock.now;
  clock.now = kStart;
  sale("0", std::to_string(kStart / kSecond));
  cutting.settle();
  EXPECT_EQ(cutting.answers.back(), "too_old");
  cutting.open();
  sale("00", std::to_string(kStart / kSecond));
  cutting.settle();
  EXPECT_EQ(cutting.answers.back(), "too_old");
  clock.now = before;
  EXPECT_FALSE(cutting.place->find("sale", "0"));
}

// S10.2
TEST_F(RetentionTest, NothingIsRemovedIfTheStateIsNotTheFoldOfTheLog) {
  feed(2500);
  cutting.store.tamper = [&](stage::Snapshot& one) {
    if (one.name != "shard/017") return;
    auto opened = open_snapshot(*vault, one);
    ASSERT_TRUE(opened);
    // Another shard position: still a shard that can be read.
    opened->body[0] = static_cast<char>(opened->body[0] ^ 1);
    one.bytes = seal_snapshot(*vault->find_subject_key(snapshot_subject(kNoPosition)), opened->head,
                              one.name, one.position, opened->body);
  };
  const auto result = cutting.retain();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::broken);
  EXPECT_EQ(result.error().id(), "base_differs");
  EXPECT_NE(result.error().message().find("shard/017"), std::string::npos);
  EXPECT_EQ(cutting.store.end()->first, 1u);
  EXPECT_TRUE(cutting.store.bases()->empty());
  cutting.store.tamper = {};
  EXPECT_GT(cut().removed, 0u);
}

// DESIGN 6.5: at whatever step the process dies, the next start goes on, and answers stay the same.
TEST_F(RetentionTest, ADeathAtAnyStepLeavesTheOldBaseOrTheNewOne) {
  feed(2500);
  int deaths = 0;
  for (int changes = 0;; ++changes) {
    cutting.store.left = changes;
    const Position first = cutting.place->first();
    const std::size_t bases = cutting.store.bases()->size();
    bool over = false, whole = false;
    cutting.place->retain([&](const Expected<Place::Retention>& done) {
      over = true;
      whole = done.has_value() && done->removed > 0;
    });
    for (int i = 0; i < 600 && !cutting.store.died(); ++i) cutting.turn();
    const bool died = cutting.store.died();
    const Position logged = cutting.store.end()->last;
    const bool removing = cutting.store.end()->first > first;
    if (changes % 2 == 0) {
      cutting.open();
    } else {
      ASSERT_TRUE(cutting.store.MemoryStore::remove_snapshots());
      cutting.open();
    }
    // The seal record counts once it is durable.
    const bool sealed = logged > keeping.place->last();
    EXPECT_TRUE(!removing || sealed);
    if (HasFatalFailure()) return;
    for (int i = 0; i < 200; ++i) cutting.turn();
    if (sealed) {
      keeping.control();
      EXPECT_GT(cutting.place->first(), first) << changes;
      EXPECT_EQ(cutting.store.end()->first, cutting.place->first());
      EXPECT_EQ(cutting.store.bases()->size(), 1u);
    } else {
      EXPECT_EQ(cutting.store.bases()->size(), bases) << changes;
      EXPECT_EQ(cutting.place->first(), first) << changes;
    }
    if (!died) {
      EXPECT_TRUE(over && whole);
      break;
    }
    ++deaths;
    feed(sealed ? 1100 : 20);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(deaths, 8);
}

// S10.6
TEST_F(RetentionTest, ANewVersionFindsWhatItSharesWithTheBaseAndNamesTheRest) {
  feed(2600);
  ASSERT_GT(cut().removed, 0u);
  const std::string later = with(R"(      twice: sum(amount) over 6m by shop
      small: min(amount) over all by shop
      latest: list(amount, 2) over 2 events by shop
      pairs: count() over all by (customer, shop)
      alike: pairs + 1
)");
  cutting.load(later);
  keeping.load(later);
  cutting.open();
  keeping.open();
  EXPECT_EQ(cutting.place->started().cold, (std::vector<std::string>{"sale.pairs", "sale.alike"}));
  compare_views();
  EXPECT_TRUE(keeping.place->started().cold.empty());
  const auto known = [](std::string json) {
    for (const char* name : {"\"pairs\":", "\"alike\":"}) {
      const std::size_t at = json.find(name);
      if (at == std::string::npos) continue;
      json.erase(at, json.find_first_of(",}", at) - at);
    }
    return json;
  };
  for (int round = 0; round < 2; ++round) {
    const std::size_t before = compared = cutting.answers.size();
    for (int i = 0; i < 60; ++i, ++n) {
      clock.now = kStart + n * 3 * kSecond;
      sale(std::to_string(n), std::to_string(clock.now / kSecond));
    }
    cutting.settle();
    keeping.settle();
    for (std::size_t i = before; i < cutting.answers.size(); ++i) {
      ASSERT_EQ(known(cutting.answers[i]), known(keeping.answers[i]));
    }
    compared = cutting.answers.size();
    compare_views();
    ASSERT_TRUE(cutting.store.remove_snapshots());
    cutting.open();
  }
  // A view that is another cannot count what is gone.
  std::string text = later;
  text.replace(text.find("last: last(of)"), 14, "first: first(of)");
  cutting.load(text);
  cutting.open();
  EXPECT_EQ(cutting.place->started().cold,
            (std::vector<std::string>{"sale.pairs", "sale.alike", "view reports"}));
}

// S10.2
TEST_F(RetentionTest, ADamagedBaseIsRefusedAndNothingTakesItsPlace) {
  feed(2600);
  ASSERT_GT(cut().removed, 0u);
  const std::uint64_t number = cutting.store.bases()->front();
  const auto put = [&](const stage::Snapshot& part) {
    return cutting.store.put_base(number, {part}, *cutting.store.open_epoch());
  };
  for (const std::string name : {"list", "controls", "ingest", "shard/003"}) {
    const stage::Snapshot whole = *cutting.store.base_part(number, name);
    stage::Snapshot damaged = whole;
    damaged.bytes[damaged.bytes.size() / 2] ^= 1;
    ASSERT_TRUE(put(damaged));
    ASSERT_TRUE(cutting.store.remove_snapshots());
    const auto opened = cutting.try_open(*vault);
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code(), Code::broken) << name;
    ASSERT_TRUE(put(whole));
  }
  ASSERT_FALSE(*cutting.store.remove_base(number, 1000, *cutting.store.open_epoch()));
  EXPECT_FALSE(cutting.try_open(*vault));
}

TEST_F(RetentionTest, WhoReadsTheLogHoldsItUntilTheNextLook) {
  feed(2600);
  auto held = cutting.place->hold_log();
  const auto made = cut();
  ASSERT_GT(made.removed, 0u);
  EXPECT_EQ(cutting.store.end()->first, 1u);
  EXPECT_EQ(cutting.place->result(1).error().code(), Code::expired);
  held.reset();
  EXPECT_EQ(cut().removed, 0u);
  EXPECT_EQ(cutting.store.end()->first, made.first);
}

TEST_F(RetentionTest, PromotionsAndVersionsOutliveTheirRecords) {
  stage::Promotion promotion{"m", 0, "", "by hand"};
  for (Shop* shop : {&cutting, &keeping}) {
    bool durable = false;
    shop->place->control(event::RecordKind::promote, stage::write_promotion(promotion),
                         [&](const auto&) { durable = true; });
    shop->until([&] { return durable; });
  }
  feed(2600);
  ASSERT_GT(cut().removed, 0u);
  for (int round = 0; round < 2; ++round) {
    const auto past = promotions_of(cutting.store, "m");
    ASSERT_TRUE(past);
    ASSERT_EQ(past->size(), 1u);
    EXPECT_EQ(past->front().position, 3u);
    EXPECT_EQ(past->front().promotion.reason, "by hand");
    const auto controls = read_controls(cutting.store, kNoPosition);
    ASSERT_TRUE(controls);
    EXPECT_EQ(controls->active, 1u);
    ASSERT_EQ(controls->applications.size(), 1u);
    EXPECT_EQ(controls->applications.front().digest, cutting.spec->digest);
    feed(1200);
    ASSERT_GT(cut().removed, 0u);  // from the base into the next one
  }
}

}  // namespace
}  // namespace quintet::host
