// Snapshots of a place, and starts from them.
#include <random>

#include "app/load.h"
#include "base/digest.h"
#include "event/decode.h"
#include "host/loop.h"
#include "host/place.h"
#include "store/memory.h"

namespace quintet::host {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: shop
pattern: monolithic
late: 1h
tables:
  branch: {key: shop, fields: {shop: int64, town: string}}
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: {type: string, privacy: pseudonymize}
      shop: int64
      amount: {type: decimal(2), minimum: 0}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, of: string, bad: bool}
labels:
  fraud: {of: sale, value: any(bad) from report over next 1h by of, otherwise: false, after: 10m}
features:
  f:
    of: sale
    columns:
      spent: sum(amount) over 1h by customer including this
      last_three: list(amount, 3) over 3 events by shop
      burst: count() over session 60s by shop
      risk: mean(fraud) over 1h delayed 10m by customer
      city: branch.town
decisions:
  verdict: {of: sale, cases: [{when: burst >= 2, then: many}, {then: few}]}
views:
  shops:
    of: sale
    where: amount > 1
    by: [shop, verdict]
    every: 1m
    retain: 30m
    aggregate: {sales: count(), money: sum(amount), common: 'top_k(city, 2)', end: last(customer)}
  customers: {of: sale, by: customer, aggregate: {spent: max(spent), third: 'quantile(spent, 0.3)'}}
)";

constexpr Micros kStart = 1'700'000'000 * kSecond;

void add_column(std::string& text, const std::string& column) {
    text.insert(text.find("decisions:"), "      " + column + "\n");
  }

class StillClock final : public Clock {
 public:
  Micros wall() override { return kStart + kDay; }
  Micros steady() override { return 0; }
};

struct SnapshotTest : testing::Test {
  SnapshotTest() {
    const app::Loaded loaded = app::load(kApp);
    for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << diagnostic.message;
    spec = loaded.spec;
    open();
  }

  void open() {
    place.reset();
    Place::Settings settings;
    settings.spec = spec;
    settings.snapshot_every = every;
    auto opened = Place::open({store, *vault, clock, loop}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  }

  void send(int type, const std::string& json) {
    event::Decoder decoder(place->spec().events[static_cast<std::size_t>(type)],
                           {place->pseudonym_key(), 0});
    Offer offer;
    const auto decoded = decoder.json(json, offer.event);
    ASSERT_TRUE(decoded) << decoded.error().message();
    place->offer(std::move(offer), [this](const Receipt&) { ++answered; });
    ++sent;
  }

  // Sends and waits until all is durable and no snapshot is under way.
  void settle() {
    place->flush();
    while (answered < sent) turn();
  }
  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }

  // Sales, repeats, reports before and after their sale, rows of the table.
  void feed(int count) {
    const auto type = [&](std::string_view name) { return spec->event_index(name); };
    for (int i = 0; i < count; ++i, ++n) {
      const std::string at = std::to_string(kStart / kSecond + n * 3 - int(dice() % 40));
      const std::string number = std::to_string(n);
      switch (dice() % 8) {
        case 0: {
          const std::string sale = std::to_string(n + int(dice() % 40) - 30);
          send(type("report"), R"({"id":"r)" + number + R"(","at":)" + at + R"(,"of":")" + sale +
                                   R"(","bad":)" + (dice() % 2 ? "true}" : "false}"));
          break;
        }
        case 1:
          send(type("branch"), R"({"shop":)" + std::to_string(dice() % 4) + R"(,"town":"t)" +
                                 number + R"("})");
          break;
        default:
          send(type("sale"), R"({"id":")" + number + R"(","at":)" + at + R"(,"customer":"c)" +
                                 std::to_string(dice() % 9) + R"(","shop":)" +
                                 std::to_string(dice() % 4) + R"(,"amount":)" +
                                 std::to_string(dice() % 1000) + "}");
      }
      if (dice() % 16 == 0) settle();
    }
    settle();
  }

  Expected<void> snapshot() {
    std::optional<Expected<void>> result;
    place->snapshot([&](const Expected<void>& done) { result = done; });
    while (!result) turn();
    return *result;
  }

  std::vector<stage::Snapshot> stored() { return *store.snapshots(place->durable()); }
  // The pseudonym of the last sale.
  std::string some_subject() {
    std::string subject;
    const auto blocks = store.read_log(1, std::size_t{1} << 30);
    for (const auto& bytes : *blocks) {
      const auto decoded = event::decode_block(bytes.bytes);
      for (const auto& record : decoded->block.records) {
        if (!record.subject.empty()) subject = record.subject;
      }
    }
    return subject;
  }
  std::string views() {
    std::string all;
    for (std::size_t i = 0; i < place->spec().views.size(); ++i) {
      all += place->views().write(i, {});
    }
    return all;
  }
  std::string digests() {
    return place->state_digest() + place->ingest_digest() + sha256_hex(views());
  }
  // Of a start from the whole log.
  std::string folded() {
    EXPECT_TRUE(store.remove_snapshots());
    open();
    EXPECT_EQ(place->started().snapshot, 0u);
    return digests();
  }
  // Puts changed bytes in place of a snapshot.
  void change(const std::string& name, const std::function<void(stage::Snapshot&)>& how) {
    for (stage::Snapshot& one : stored()) {
      if (one.name != name) continue;
      how(one);
      ASSERT_TRUE(store.put_snapshots({one}));
      return;
    }
    FAIL() << "there is no snapshot " << name;
  }

  std::shared_ptr<const app::Spec> spec;
  store::MemoryStore store;
  std::unique_ptr<stage::Vault> vault = store::make_memory_vault();
  StillClock clock;
  Loop loop;
  Position every = 0;
  std::unique_ptr<Place> place;
  std::mt19937 dice{1};
  int n = 0, sent = 0, answered = 0;
};

TEST_F(SnapshotTest, AStartFromASnapshotAndTheTailGivesTheStateOfTheUndisturbedRun) {
  for (int round = 0; round < 6; ++round) {
    feed(300);
    ASSERT_TRUE(snapshot());
    feed(100 * round);
    const std::string before = digests();
    const Position last = place->last();
    open();
    EXPECT_GT(place->started().snapshot, 0u);
    EXPECT_EQ(place->started().snapshot + place->started().folded, last);
    EXPECT_TRUE(place->started().ignored.empty());
    EXPECT_EQ(digests(), before) << round;
  }
  const std::string before = digests();
  EXPECT_EQ(folded(), before);
}

TEST_F(SnapshotTest, TheWholeSnapshotSparesTheWholeLog) {
  feed(500);
  ASSERT_TRUE(snapshot());
  const Position last = place->last();
  open();
  EXPECT_EQ(place->started().snapshot, last);
  EXPECT_EQ(place->started().folded, 0u);
  feed(50);
  const std::string before = digests();
  EXPECT_EQ(folded(), before);
}

TEST_F(SnapshotTest, PartsOfDifferentPositionsMakeOneState) {
  every = 100;
  open();
  // Events come between the turns that write the parts.
  for (int i = 0; i < 40; ++i) {
    feed(25);
    turn();
  }
  EXPECT_GT(place->figures().snapshots, 3u);
  std::set<Position> positions;
  for (const auto& one : stored()) positions.insert(one.position);
  EXPECT_GT(positions.size(), 3u);
  const std::string before = digests();
  open();
  EXPECT_GT(place->started().snapshot, 0u);
  EXPECT_EQ(digests(), before);
  EXPECT_EQ(folded(), before);
}

TEST_F(SnapshotTest, ASnapshotThatEndedHalfwayIsPassedOverOrUsedAsFarAsItGoes) {
  feed(200);
  ASSERT_TRUE(snapshot());
  feed(200);
  const std::string before = digests();
  // Stops the snapshot after so many turns, as a kill would.
  for (int turns = 0; turns < 16; ++turns) {
    place->snapshot([](const Expected<void>&) {});
    for (int i = 0; i < turns; ++i) turn();
    open();
    EXPECT_EQ(digests(), before) << turns;
  }
}

TEST_F(SnapshotTest, ADamagedPartIsIgnoredWithItsReason) {
  feed(300);
  ASSERT_TRUE(snapshot());
  feed(30);
  const std::string before = digests();
  for (const std::string name : {"shard/000", "ingest", "ids/000000000000001"}) {
    change(name, [](stage::Snapshot& one) { one.bytes[one.bytes.size() / 2] ^= 1; });
    open();
    ASSERT_FALSE(place->started().ignored.empty()) << name;
    EXPECT_NE(place->started().ignored.front().find(name), std::string::npos);
    EXPECT_EQ(digests(), before) << name;
    ASSERT_TRUE(snapshot());
  }
}

TEST_F(SnapshotTest, ASnapshotOfAnotherSemanticsVersionIsNotUsed) {
  feed(100);
  ASSERT_TRUE(snapshot());
  const std::string before = digests();
  change("ingest", [](stage::Snapshot& one) { ++one.bytes[1]; });
  open();
  EXPECT_EQ(place->started().snapshot, 0u);
  EXPECT_NE(place->started().ignored.front().find("semantics version"), std::string::npos);
  EXPECT_EQ(digests(), before);
}

// DESIGN 6.8
TEST_F(SnapshotTest, ASnapshotOfAnotherApplicationVersionIsNotUsed) {
  feed(200);
  ASSERT_TRUE(snapshot());
  const auto old = spec;
  std::string text(kApp);
  add_column(text, "more: count() over 30m by shop");
  spec = app::load(text).spec;
  ASSERT_NE(spec, nullptr);
  open();
  EXPECT_EQ(place->started().snapshot, 0u);
  feed(50);
  ASSERT_TRUE(snapshot());
  const std::string before = digests();
  open();
  EXPECT_EQ(place->started().folded, 0u);
  EXPECT_EQ(digests(), before);
  spec = old;
  open();
  EXPECT_EQ(place->started().snapshot, 0u);
  const std::string again = digests();
  EXPECT_EQ(folded(), again);
}

// What visits a shard under the new version may not have visited it under the one that admitted it.
TEST_F(SnapshotTest, PartsOfDifferentPositionsMakeOneStateUnderALaterVersionToo) {
  feed(300);
  std::string text(kApp);
  add_column(text, "more: count() over 30m by (shop, customer)");
  spec = app::load(text).spec;
  ASSERT_NE(spec, nullptr);
  open();
  ASSERT_TRUE(snapshot());
  const std::string before = digests();
  for (const std::string name : {"shard/003", "shard/077", "shard/200"}) {
    change(name, [](stage::Snapshot& one) { one.bytes.clear(); });
  }
  open();
  EXPECT_EQ(place->started().folded, place->last());
  EXPECT_EQ(digests(), before);
}

TEST_F(SnapshotTest, PrivateFieldsAreSealedInSnapshots) {
  feed(100);
  const std::string subject = some_subject();
  ASSERT_FALSE(subject.empty());
  ASSERT_TRUE(snapshot());
  for (const auto& one : stored()) {
    EXPECT_EQ(one.bytes.find(subject), std::string::npos) << one.name;
  }
}

// S8.3, DESIGN 6.11
TEST_F(SnapshotTest, NoSnapshotBringsBackWhatWasErased) {
  feed(200);
  ASSERT_TRUE(snapshot());
  const auto older = stored();
  ASSERT_FALSE(older.empty());
  const std::string subject = some_subject();
  place->snapshot([](const Expected<void>&) {});  // one is under way
  turn();
  std::optional<Expected<Position>> erased;
  place->erase(subject, [&](Expected<Position> done) { erased = std::move(done); });
  while (!erased) turn();
  ASSERT_TRUE(*erased);
  EXPECT_TRUE(stored().empty());
  const std::string before = digests();
  EXPECT_EQ(folded(), before);
  // A copy of the older ones put back is of no use to anybody.
  ASSERT_TRUE(store.put_snapshots(older));
  open();
  EXPECT_EQ(place->started().snapshot, 0u);
  EXPECT_EQ(digests(), before);
  EXPECT_TRUE(stored().empty());
  ASSERT_TRUE(snapshot());
  open();
  EXPECT_EQ(place->started().folded, 0u);
  EXPECT_EQ(digests(), before);
}

TEST_F(SnapshotTest, OneThatIsAskedForDuringAnEraseComesAfterIt) {
  feed(100);
  std::optional<Expected<Position>> erased;
  place->erase(some_subject(), [&](Expected<Position> done) { erased = std::move(done); });
  ASSERT_FALSE(erased);
  ASSERT_TRUE(snapshot());
  ASSERT_TRUE(erased && *erased);
  open();
  EXPECT_EQ(place->started().folded, 0u);
}

TEST_F(SnapshotTest, OneThatIsAskedForIsToldOfAFailedCommit) {
  feed(50);
  store.fail_next_commit(broken("the disk is gone"));
  send(spec->event_index("branch"), R"({"shop":1,"town":"lost"})");
  std::optional<Expected<void>> result;
  place->snapshot([&](const Expected<void>& done) { result = done; });
  place->flush();
  while (!result) turn();
  EXPECT_EQ(result->error().code(), Code::unavailable);
}

TEST_F(SnapshotTest, WhatWasLostWithAFailedCommitIsInNoSnapshot) {
  feed(100);
  store.fail_next_commit(broken("the disk is gone"));
  const Position durable = place->durable();
  send(spec->event_index("branch"), R"({"shop":1,"town":"lost"})");
  std::optional<Expected<void>> result;
  place->snapshot([&](const Expected<void>& done) { result = done; });
  settle();
  for (int i = 0; i < 50; ++i) turn();
  const auto stored = *store.snapshots(~Position{0} >> 1);
  for (const auto& one : stored) EXPECT_LE(one.position, durable) << one.name;
  store.reopen();
  open();
  const std::string before = digests();
  EXPECT_EQ(folded(), before);
}

// S9.1
TEST_F(SnapshotTest, AStartFoldsOnlyTheResultsThatASnapshotOfTheViewsLacks) {
  feed(400);
  ASSERT_TRUE(snapshot());
  open();
  EXPECT_EQ(place->started().views_folded, 0u);
  const Position before = place->last();
  feed(60);
  const std::string shown = views();
  open();
  EXPECT_EQ(place->started().views_folded, place->last() - before);
  EXPECT_EQ(views(), shown);
  EXPECT_EQ(place->view(0, {})->position, place->durable());
  ASSERT_TRUE(store.remove_snapshots());
  open();
  EXPECT_EQ(place->started().views_folded, place->last());
  EXPECT_EQ(views(), shown);
}

TEST_F(SnapshotTest, ADamagedViewIsFoldedAnewAndTheRestIsNot) {
  feed(300);
  ASSERT_TRUE(snapshot());
  const std::string before = digests();
  change("views/shops/00-0000", [](stage::Snapshot& one) { one.bytes[one.bytes.size() / 2] ^= 1; });
  open();
  ASSERT_EQ(place->started().ignored.size(), 2u);
  EXPECT_NE(place->started().ignored[0].find("views/shops/00-0000"), std::string::npos);
  EXPECT_EQ(place->started().folded, 0u);
  EXPECT_EQ(place->started().views_folded, place->last());
  EXPECT_EQ(digests(), before);
}

// A view of many lines is written between events, in pieces of different positions.
TEST_F(SnapshotTest, PiecesOfAViewAtDifferentPositionsMakeOneView) {
  std::string text(kApp);
  std::string wide = "  each: {of: sale, by: id, aggregate: {c: last(customer)";
  for (int i = 0; i < 30; ++i) wide += ", q" + std::to_string(i) + ": 'quantile(spent, 0.5)'";
  text.insert(text.find("  customers: {of"), wide + "}}\n");
  spec = app::load(text).spec;
  ASSERT_NE(spec, nullptr);
  open();
  feed(3000);
  for (int round = 0; round < 2; ++round) {
    std::optional<Expected<void>> done;
    place->snapshot([&](const Expected<void>& result) { done = result; });
    Position since = 0;
    for (int i = 0; !done; ++i) {
      if (i % 2 == 1) {
        feed(5);
        since += 5;
      }
      turn();
    }
    ASSERT_TRUE(*done);
    std::set<Position> positions;
    for (const auto& one : stored()) {
      if (one.name.starts_with("views/each/")) positions.insert(one.position);
    }
    EXPECT_GT(positions.size(), 1u);
    const std::string before = digests();
    open();
    EXPECT_LE(place->started().views_folded, since);
    EXPECT_EQ(digests(), before);
    // With a kill in the middle of the next one.
    place->snapshot([](const Expected<void>&) {});
    feed(30);
    for (int i = 0; i < 10; ++i) turn();
    const std::string later = digests();
    open();
    EXPECT_EQ(digests(), later);
    feed(2000);
  }
  const std::string before = digests();
  EXPECT_EQ(folded(), before);
}

}  // namespace
}  // namespace quintet::host
