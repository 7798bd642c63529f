// Labels beside a result (S5.6).
#include "app/load.h"
#include "event/decode.h"
#include "host/loop.h"
#include "host/place.h"
#include "store/memory.h"

namespace quintet::host {
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
      wrong: {type: bool, optional: true, use: label}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, of: string, bad: {type: bool, optional: true}}
labels:
  fraud: {of: sale, value: any(bad) from report by of, otherwise: false, after: 1h}
  mistake: {of: sale, value: wrong, after: 1h}
decisions:
  verdict: {of: sale, cases: [{then: fine}]}
)";

constexpr Micros kStart = 1'700'000'000 * kSecond;

class SetClock final : public Clock {
 public:
  Micros wall() override { return now; }
  Micros steady() override { return 0; }
  Micros now = kStart + kMinute;
};

struct LabelsTest : testing::Test {
  LabelsTest() { open(); }

  void open() {
    place.reset();
    Place::Settings settings;
    settings.spec = app::load(kApp).spec;
    settings.snapshot_every = 0;
    auto opened = Place::open({store, *vault, clock, loop}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  }

  void offer(const std::string& event, const std::string& json,
             const std::function<void(const Receipt&)>& told) {
    const auto type = static_cast<std::size_t>(place->spec().event_index(event));
    event::Decoder decoder(place->spec().events[type], {place->pseudonym_key(), 0});
    Offer offer;
    const auto decoded = decoder.json(json, offer.event);
    ASSERT_TRUE(decoded) << decoded.error().message();
    place->offer(std::move(offer), told);
  }
  // Gives what a POST answers.
  std::string send(const std::string& event, const std::string& json) {
    std::string answer;
    offer(event, json, [&](const Receipt& receipt) {
      EXPECT_EQ(receipt.error, nullptr);
      answer = receipt.json;
      loop.stop();
    });
    place->flush();
    loop.run();
    return answer;
  }
  static std::string at(int seconds) { return std::to_string(kStart / kSecond + seconds); }
  std::string sale(const std::string& id, const std::string& more = "") {
    return send("sale",
                R"({"id":")" + id + R"(","at":)" + at(0) + R"(,"customer":"ann")" + more + "}");
  }
  static std::string report(const std::string& id, const std::string& of, const std::string& bad,
                            int seconds) {
    return R"({"id":")" + id + R"(","at":)" + at(seconds) + R"(,"of":")" + of + R"(","bad":)" +
           bad + "}";
  }
  // What stands under "labels".
  std::string labels(const std::string& id) {
    const auto json = place->result_with_labels(*place->find("sale", id));
    EXPECT_TRUE(json) << json.error().message();
    const auto from = json->find(R"("labels":)");
    return from == std::string::npos ? "" : json->substr(from + 9, json->size() - from - 10);
  }
  void snapshot() {
    place->snapshot([&](const Expected<void>& done) {
      EXPECT_TRUE(done);
      loop.stop();
    });
    loop.run();
  }

  store::MemoryStore store;
  std::unique_ptr<stage::Vault> vault = store::make_memory_vault();
  SetClock clock;
  Loop loop;
  std::unique_ptr<Place> place;
};

constexpr const char* kUnknown = R"({"fraud":{"value":null,"source":"unknown",)"
                                 R"("until":"2023-11-14T23:13:20Z"},)"
                                 R"("mistake":{"value":null,"source":"unknown"}})";

TEST_F(LabelsTest, WhatIsNotKnownYetIsUnknownAndThenOtherwise) {  // S5.3, S5.6
  sale("a");
  EXPECT_EQ(labels("a"), kUnknown);
  clock.now = kStart + kHour - 1;
  EXPECT_EQ(labels("a"), kUnknown);
  clock.now = kStart + kHour;
  EXPECT_EQ(labels("a"), R"({"fraud":{"value":false,"source":"otherwise"},)"
                         R"("mistake":{"value":null,"source":"unknown"}})");
}

TEST_F(LabelsTest, ALateReportIsShownWithItsPositionAndTime) {  // S5.6
  sale("a");
  send("report", report("r", "a", "true", 20));
  EXPECT_EQ(labels("a"), R"({"fraud":{"value":true,"source":"report","position":4,)"
                         R"("at":"2023-11-14T22:13:40Z"},)"
                         R"("mistake":{"value":null,"source":"unknown"}})");
  send("report", report("s", "a", "false", 10));  // the greatest position counts, S5.1
  EXPECT_EQ(labels("a"), R"({"fraud":{"value":false,"source":"report","position":5,)"
                         R"("at":"2023-11-14T22:13:30Z"},)"
                         R"("mistake":{"value":null,"source":"unknown"}})");
  send("report", report("t", "a", "null", 30));
  EXPECT_EQ(labels("a"), kUnknown);
}

TEST_F(LabelsTest, AReportThatCameFirstAndTheEventsOwnLabelAreShownToo) {  // S5.1, S5.2
  send("report", report("r", "a", "true", 20));
  sale("a", R"(,"wrong":true)");
  EXPECT_EQ(labels("a"), R"({"fraud":{"value":true,"source":"report","position":3,)"
                         R"("at":"2023-11-14T22:13:40Z"},)"
                         R"("mistake":{"value":true,"source":"event","position":4,)"
                         R"("at":"2023-11-14T22:13:20Z"}})");
}

TEST_F(LabelsTest, APageShowsThoseOfEachResultSeenFromAnyTime) {  // S5.3, S5.6
  sale("a");
  sale("b", R"(,"wrong":true)");
  send("report", report("r", "a", "true", 20));
  for (const char* id : {"c", "d"}) sale(id);
  const auto page = [&](Answers::Query query, Micros at) {
    std::optional<Expected<Answers::Page>> given;
    place->results_with_labels(query, at, [&](auto found) { given = std::move(found); });
    return **given;
  };
  clock.now = kStart + kHour;
  Answers::Query query;
  query.event_type = "sale";
  query.limit = 3;
  const Answers::Page now = page(query, kNoTime);
  ASSERT_EQ(now.results.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto id = std::string(1, "abc"[i]);
    EXPECT_EQ(now.results[i], *place->result_with_labels(*place->find("sale", id))) << id;
  }
  query.from = now.next;
  const Answers::Page last = page(query, kStart + kHour - 1);
  ASSERT_EQ(last.results.size(), 1u);
  EXPECT_NE(last.results[0].find(R"("id":"d")"), std::string::npos);
  EXPECT_NE(last.results[0].find(kUnknown), std::string::npos) << last.results[0];
  EXPECT_EQ(last.next, kNoPosition);
  query.from = place->last() + 1;
  EXPECT_TRUE(page(query, kNoTime).results.empty());
}

TEST_F(LabelsTest, NoAnswerChangesThatWasGivenBefore) {  // DESIGN 6.1
  const std::string answer = sale("a");
  EXPECT_EQ(answer.find("labels"), std::string::npos);
  send("report", report("r", "a", "true", 20));
  EXPECT_EQ(*place->result(3), answer);
  EXPECT_EQ(place->results({})->results.front(), answer);
}

TEST_F(LabelsTest, AReportThatIsNotDurableIsNotShown) {
  sale("a");
  bool told = false;
  offer("report", report("r", "a", "true", 20), [&](const Receipt&) {
    told = true;
    loop.stop();
  });
  EXPECT_EQ(labels("a"), kUnknown);
  place->flush();
  EXPECT_EQ(labels("a"), kUnknown);
  loop.run();
  EXPECT_TRUE(told);
  EXPECT_NE(labels("a").find("report"), std::string::npos);
}

TEST_F(LabelsTest, ARestartKnowsTheReportsFromASnapshotAndFromTheLog) {
  for (int i = 0; i < 30; ++i) sale(std::to_string(i));
  for (int i = 0; i < 30; i += 2) {
    send("report", report("r" + std::to_string(i), std::to_string(i), "true", 20));
  }
  snapshot();
  for (int i = 0; i < 30; i += 3) {
    send("report", report("s" + std::to_string(i), std::to_string(i), "false", 30));
  }
  std::vector<std::string> before;
  for (int i = 0; i < 30; ++i) before.push_back(labels(std::to_string(i)));
  open();
  EXPECT_EQ(place->started().folded, 10u);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(labels(std::to_string(i)), before[std::size_t(i)]) << i;
  snapshot();
  open();
  EXPECT_EQ(place->started().folded, 0u);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(labels(std::to_string(i)), before[std::size_t(i)]) << i;
  ASSERT_TRUE(store.remove_snapshots());
  open();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(labels(std::to_string(i)), before[std::size_t(i)]) << i;
}

TEST_F(LabelsTest, ADamagedPieceIsReadFromTheLogInstead) {
  sale("a");
  send("report", report("r", "a", "true", 20));
  const std::string before = labels("a");
  snapshot();
  auto parts = *store.snapshots(place->durable());
  for (stage::Snapshot& part : parts) {
    if (!part.name.starts_with("labels/")) continue;
    part.bytes.back() ^= 1;
    ASSERT_TRUE(store.put_snapshots({part}));
  }
  open();
  EXPECT_EQ(place->started().ignored.size(), 1u);
  EXPECT_EQ(labels("a"), before);
}

TEST_F(LabelsTest, AnErasedEventShowsNone) {  // S8.3
  sale("a");
  send("report", report("r", "a", "true", 20));
  const auto blocks = store.read_log(3, 1);
  const std::string ann = event::decode_block(blocks->front().bytes)->block.records[0].subject;
  place->erase(ann, [&](const Expected<Position>& done) {
    EXPECT_TRUE(done);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(labels("a"), "");
}

}  // namespace
}  // namespace quintet::host
