// A directory whose log has lost its beginning (S10): it agrees with itself, is read from where it
// begins, and is refused if its base is not the one that was verified.
#include <filesystem>

#include "app/load.h"
#include "event/decode.h"
#include "host/loop.h"
#include "host/place.h"
#include "store/store.h"
#include "tool/verify.h"
#include "tool/window_story.h"

namespace quintet::tool {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: shop
pattern: monolithic
late: 1m
retain: 20m
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: {type: string, privacy: pseudonymize}
      desk: int64
      amount: {type: decimal(2), minimum: 0}
features:
  f:
    of: sale
    columns:
      spent: sum(amount) over 5m by customer including this
      ever: count() over all by desk including this
      three: list(amount, 3) over 3 events by customer
decisions:
  verdict: {of: sale, cases: [{when: ever >= 9, then: many}, {then: few}]}
)";

constexpr Micros kStart = 1'700'000'000 * kSecond;

class MovingClock final : public Clock {
 public:
  Micros wall() override { return now; }
  Micros steady() override { return 0; }
  Micros now = kStart;
};

struct VerifyRetainedTest : testing::Test {
  VerifyRetainedTest()
      : directory(std::filesystem::temp_directory_path() / "quintet-retained-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory.data()), nullptr);
  }
  ~VerifyRetainedTest() override { std::filesystem::remove_all(directory); }

  // Runs the application, sends sales, cuts the log, sends some more.
  void run(const std::string& text, int sales, int more) {
    const app::Loaded loaded = app::load(text);
    ASSERT_NE(loaded.spec, nullptr);
    auto storage = store::open_storage(directory);
    ASSERT_TRUE(storage) << storage.error().message();
    host::Loop loop;
    host::Place::Settings settings;
    settings.spec = loaded.spec;
    settings.retain_least = 0;
    auto opened = host::Place::open({*storage->store, *storage->vault, clock, loop}, settings);
    ASSERT_TRUE(opened) << opened.error().message();
    host::Place& place = **opened;
    const auto stop = [&](const auto& done) {
      EXPECT_TRUE(done);
      loop.stop();
    };
    send(place, loop, sales);
    place.control(event::RecordKind::train, "", stop);
    loop.run();
    place.retain([&](const Expected<host::Place::Retention>& done) {
      ASSERT_TRUE(done) << done.error().message();
      removed += done->removed;
      loop.stop();
    });
    loop.run();
    send(place, loop, more);
    place.snapshot(stop);
    loop.run();
  }
  void send(host::Place& place, host::Loop& loop, int count) {
    event::Decoder decoder(place.spec().events[0], {place.pseudonym_key(), 0});
    for (int i = 0; i < count; ++i, ++n) {
      clock.now = kStart + n * kSecond;
      host::Offer offer;
      const std::string json = R"({"id":"s)" + std::to_string(n) + R"(","at":)" +
                               std::to_string(clock.now / kSecond) + R"(,"customer":"c)" +
                               std::to_string(n % 7) + R"(","desk":)" + std::to_string(n % 3) +
                               R"(,"amount":)" + std::to_string(n % 90) + "}";
      ASSERT_TRUE(decoder.json(json, offer.event));
      place.offer(std::move(offer), [](const host::Receipt&) {});
      if (n % 50 == 0) settle(place, loop);  // a block of its own
    }
    settle(place, loop);
  }
  static void settle(host::Place& place, host::Loop& loop) {
    place.flush();
    while (place.durable() < place.last()) {
      loop.post([&] { loop.stop(); });
      loop.run();
    }
  }

  std::unique_ptr<StoredLog> log() {
    auto opened = StoredLog::open(directory);
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? *std::move(opened) : nullptr;
  }
  VerifyReport verified() {
    const auto opened = log();
    auto report = verify(*opened, nullptr);
    EXPECT_TRUE(report) << report.error().message();
    return *std::move(report);
  }
  Expected<ColumnStory> story(const std::string& id, const std::string& column, Position at = 0) {
    StoryOptions options;
    options.data = directory;
    options.id = id;
    options.column = column;
    options.at = at;
    return tell(options);
  }

  std::string directory;
  MovingClock clock;
  Position removed = 0;
  int n = 0;
};

// S10.2
TEST_F(VerifyRetainedTest, WhatWasRecordedBehindTheCutIsTheFoldFromTheBase) {
  run(std::string(kApp), 2600, 40);
  ASSERT_GT(removed, 500u);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_EQ(report.first, removed + 1);
  EXPECT_EQ(report.results, report.last - removed - 2);  // without the two control records
  EXPECT_GT(report.snapshots, 200u);
  EXPECT_EQ(report.before_base, 0u);
}

// S10.3, S10.4
TEST_F(VerifyRetainedTest, AColumnsStoryBeginsAtTheBase) {
  run(std::string(kApp), 2600, 40);
  ASSERT_GT(removed, 500u);
  const auto told = story("s2639", "ever");
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_EQ(told->value, "880");  // every third sale of all
  const auto gone = story("s3", "ever");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), Code::not_found);
  const auto below = story("s2639", "ever", 5);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code(), Code::expired);
  const auto results = log()->results(1, StoredLog::Trace::shown, {});
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code(), Code::expired);
}

TEST_F(VerifyRetainedTest, WhatAVersionBeforeTheBaseScoredIsReadAndNotFolded) {
  run(std::string(kApp), 2000, 0);
  std::string later(kApp);
  later.replace(later.find("ever >= 9"), 9, "ever >= 7");
  run(later, 1000, 40);
  ASSERT_GT(removed, 500u);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_GT(report.before_base, 0u);
  EXPECT_LT(report.before_base, report.results);
}

// S10.2
TEST_F(VerifyRetainedTest, ADamagedBaseIsFound) {
  run(std::string(kApp), 2600, 40);
  ASSERT_GT(removed, 500u);
  {
    const auto opened = log();
    const std::uint64_t number = opened->base()->seal().base;
    stage::Snapshot part = *opened->store().base_part(number, "shard/000");
    part.bytes[part.bytes.size() / 2] ^= 1;
    ASSERT_TRUE(opened->store().put_base(number, {part}, *opened->store().open_epoch()));
  }
  const VerifyReport report = verified();
  ASSERT_FALSE(report.holds());
  EXPECT_NE(report.faults.front().find("shard/000"), std::string::npos);
}

}  // namespace
}  // namespace quintet::tool
