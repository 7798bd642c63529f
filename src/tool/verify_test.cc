// A directory that agrees with itself, and planted differences that are found.
#include "tool/verify.h"

#include <filesystem>

#include "app/load.h"
#include "event/decode.h"
#include "host/loop.h"
#include "host/place.h"
#include "host/snapshot_seal.h"
#include "stage/outcome.h"
#include "store/store.h"

namespace quintet::tool {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: shop
pattern: monolithic
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
      spent: sum(amount) over 7d by customer including this
      sales: count() over 7d by desk including this
      customers: distinct(customer) over 7d by desk including this
decisions:
  verdict: {of: sale, cases: [{when: sales >= 3, then: many}, {then: few}]}
)";

class StillClock final : public Clock {
 public:
  Micros wall() override { return 1'700'000'000 * kSecond; }
  Micros steady() override { return 0; }
};

struct VerifyTest : testing::Test {
  VerifyTest() : directory(std::filesystem::temp_directory_path() / "quintet-verify-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory.data()), nullptr);
    run(std::string(kApp), 40);
  }
  ~VerifyTest() override { std::filesystem::remove_all(directory); }

  // Runs the application, sends sales, leaves a snapshot behind.
  void run(const std::string& text, int sales, const std::string& erase = {}) {
    const app::Loaded loaded = app::load(text);
    ASSERT_NE(loaded.spec, nullptr);
    auto storage = store::open_storage(directory);
    ASSERT_TRUE(storage) << storage.error().message();
    StillClock clock;
    host::Loop loop;
    host::Place::Settings settings;
    settings.spec = loaded.spec;
    auto opened = host::Place::open({*storage->store, *storage->vault, clock, loop}, settings);
    ASSERT_TRUE(opened) << opened.error().message();
    host::Place& place = **opened;
    event::Decoder decoder(place.spec().events[0], {place.pseudonym_key(), 0});
    for (int i = 0; i < sales; ++i, ++n) {
      host::Offer offer;
      const std::string json = R"({"id":")" + std::to_string(n) +
                               R"(","at":1699999000,"customer":"c)" + std::to_string(n % 3) +
                               R"(","desk":1,"amount":2.50})";
      ASSERT_TRUE(decoder.json(json, offer.event));
      place.offer(std::move(offer), [](const host::Receipt&) {});
      if (n % 7 == 0) place.flush();
    }
    place.flush();
    if (!erase.empty()) {
      place.erase(erase, [&](Expected<Position> done) {
        EXPECT_TRUE(done);
        loop.stop();
      });
      loop.run();
    }
    place.snapshot([&](const Expected<void>& done) {
      EXPECT_TRUE(done);
      loop.stop();
    });
    loop.run();
  }

  VerifyReport verified() {
    auto log = StoredLog::open(directory);
    EXPECT_TRUE(log) << log.error().message();
    auto report = verify(**log, nullptr);
    EXPECT_TRUE(report) << report.error().message();
    return *std::move(report);
  }

  std::string subject() {
    auto log = StoredLog::open(directory);
    std::string found;
    EXPECT_TRUE((*log)->records([&](event::Record&& record, Epoch, const app::Spec*) {
      if (!record.subject.empty()) found = record.subject;
      return Expected<void>();
    }));
    return found;
  }

  // Changes the last byte of the largest part of that sort; what is said of it, behind its name.
  std::string fault_of_changed(const std::string& sort) {
    std::string name;
    {
      auto storage = store::open_storage(directory);
      const auto all = storage->store->snapshots(1000);
      stage::Snapshot largest;
      for (const stage::Snapshot& one : *all) {
        if (one.name.starts_with(sort) && one.bytes.size() > largest.bytes.size()) largest = one;
      }
      name = largest.name;
      auto opened = host::open_snapshot(*storage->vault, largest);
      EXPECT_TRUE(opened);
      opened->body.back() ^= 1;
      const std::string subject = host::snapshot_subject(opened->head.erased);
      const auto key = storage->vault->find_subject_key(subject);
      largest.bytes = host::seal_snapshot(*key, opened->head, name, largest.position, opened->body);
      EXPECT_TRUE(storage->store->put_snapshots({largest}));
    }
    const VerifyReport report = verified();
    EXPECT_EQ(report.faults.size(), 1u);
    const std::string begin = "snapshot " + name;
    EXPECT_TRUE(report.faults[0].starts_with(begin)) << report.faults[0];
    return report.faults[0].substr(begin.size());
  }

  std::string directory;
  int n = 0;
};

TEST_F(VerifyTest, ARunEqualsAFoldOfItsOwnLog) {
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_EQ(report.results, 40u);
  EXPECT_EQ(report.last, 42u);
  EXPECT_EQ(report.snapshots, kShardCount + 1u);
  EXPECT_EQ(verified().state_digest, report.state_digest);
}

// DESIGN 6.8
TEST_F(VerifyTest, EachPositionIsComparedUnderTheVersionThatScoredIt) {
  std::string text(kApp);
  text.replace(text.find("sales >= 3"), 10, "sales >= 50");
  run(text, 20);
  run(std::string(kApp), 5);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_EQ(report.results, 65u);
}

TEST_F(VerifyTest, AChangedResultIsNamedFieldByField) {
  {
    auto storage = store::open_storage(directory);
    const auto spec = app::load(std::string(kApp)).spec;
    const auto run = storage->store->outcome_run(20);
    ASSERT_TRUE(run && *run);
    const auto views = stage::read_run((*run)->run);
    ByteReader in((*views)[20 - (*run)->run.first].bytes);
    auto outcome = stage::read_outcome(in, *spec, 20);
    ASSERT_TRUE(outcome);
    const auto& names = spec->rows[0].slot_names;
    const auto slot = std::find(names.begin(), names.end(), "sales") - names.begin();
    outcome->slots[static_cast<std::size_t>(slot)] = event::Value::int64(77);
    stage::OutcomeRunWriter writer;
    writer.add(*spec, *outcome);
    stage::Commit commit;
    commit.changes.push_back({20, writer.take().bytes});
    const auto epoch = storage->store->open_epoch();
    ASSERT_TRUE(storage->store->commit(commit, *epoch));
  }
  const VerifyReport report = verified();
  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0], "position 20 (17) differs:\n    sales: stored 77, folded 18");
}

TEST_F(VerifyTest, AChangedSnapshotIsNamed) {
  EXPECT_EQ(fault_of_changed("shard/"), " at 42 is not the fold of the log up to there");
}

// S9.1
TEST_F(VerifyTest, ASnapshotOfAViewIsComparedWithTheFoldOfTheResults) {
  std::string text(kApp);
  text += "views: {seen: {of: sale, by: verdict, aggregate: {n: count(), money: sum(amount)}}}\n";
  run(text, 20);
  run(text, 20, subject());
  run(text, 5);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_EQ(report.snapshots, kShardCount + 2u);
  EXPECT_NE(fault_of_changed("views/").find("is not the fold of the results up to there"),
            std::string::npos);
}

// S8.3: what was decided with what is erased now is told apart from a fault.
TEST_F(VerifyTest, ResultsFromBeforeAnEraseAreNoFault) {
  run(std::string(kApp), 10, subject());
  run(std::string(kApp), 10);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.holds()) << report.faults.front();
  EXPECT_GT(report.erased_since, 0u);
  EXPECT_EQ(report.different, 0u);
}

}  // namespace
}  // namespace quintet::tool
