#include "host/place.h"

#include "app/load.h"
#include "event/decode.h"
#include "host/loop.h"
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
      till: int64
      amount: {type: decimal(2), minimum: 0}
      big: int64
features:
  f:
    of: sale
    columns:
      spent: sum(amount) over 7d by customer including this
      sales: count() over 7d by till including this
      square: big * big
models:
  score:
    of: sale
    type: linear
    inputs: [sales]
    file: none.json
decisions:
  verdict:
    of: sale
    cases:
      - {when: score >= 0.9, then: high}
      - {when: sales >= 3, then: many, reason: three or more}
      - {when: sales >= 2, then: some}
      - {then: few}
views:
  verdicts: {of: sale, by: verdict, aggregate: {hits: count(), money: sum(amount)}}
)";

class StillClock final : public Clock {
 public:
  Micros wall() override { return 1'700'000'000 * kSecond; }
  Micros steady() override { return 0; }
};

struct PlaceTest : testing::Test {
  PlaceTest() { load(kApp); }

  void load(std::string_view text) {
    const app::Loaded loaded = app::load(text);
    for (const auto& diagnostic : loaded.diagnostics) {
      EXPECT_TRUE(diagnostic.warning) << diagnostic.message;
    }
    spec = loaded.spec;
    open();
  }

  void open() {
    place.reset();
    auto opened = Place::open({store, *vault, clock, loop}, settings());
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  }

  Place::Settings settings() const {
    Place::Settings settings;
    settings.spec = spec;
    return settings;
  }

  struct Told {
    stage::Admission::What what = stage::Admission::What::refused;
    Position position = kNoPosition;
    std::string json, error;
  };
  // Offers an event and waits until it is durable.
  Told offer(const std::string& json) {
    event::Decoder decoder(place->spec().events[0], {place->pseudonym_key(), 0});
    Offer offer;
    const auto decoded = decoder.json(json, offer.event);
    EXPECT_TRUE(decoded) << decoded.error().message();
    offer.original = json;
    offer.format = "json";
    Told told;
    place->offer(std::move(offer), [&](const Receipt& r) {
      told = {r.what, r.position, std::string(r.json), r.error ? r.error->id() : ""};
      loop.stop();
    });
    place->flush();
    loop.run();
    return told;
  }
  static std::string sale(std::string id, std::string customer, std::string more = "") {
    return R"({"id":")" + id + R"(","at":)" + "1699999000" + R"(,"customer":")" + customer +
           R"(","till":1,"amount":2.50,"big":1)" + more + "}";
  }

  std::shared_ptr<const app::Spec> spec;
  store::MemoryStore store;
  std::unique_ptr<stage::Vault> vault = store::make_memory_vault();
  StillClock clock;
  Loop loop;
  std::unique_ptr<Place> place;
};

// S1.7
TEST_F(PlaceTest, AFieldOfAnotherTypeOrPrivacyIsNullInEarlierRecords) {
  for (const char* id : {"a", "b"}) offer(sale(id, "c1"));
  load(R"(quintet: 1
app: shop
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: string
      till: string
      shop: {type: string, default: main}
features:
  f:
    of: sale
    columns:
      by_customer: count() over 7d by customer
      by_till: count() over 7d by till
      by_shop: count() over 7d by shop
      by_id: count() over 7d by id
      all_tills: distinct(till) over 7d by shop
)");
  EXPECT_EQ(place->started().cold,
            (std::vector<std::string>{"sale.by_customer", "sale.by_till", "sale.all_tills"}));
  const Told told = offer(R"({"id":"c","at":1699999000,"customer":"c1","till":"1"})");
  for (const char* cell :
       {R"("by_customer":0)", R"("by_till":0)", R"("by_shop":2)", R"("all_tills":0)"}) {
    EXPECT_NE(told.json.find(cell), std::string::npos) << cell << " in " << told.json;
  }
  // And it is refused where another application's log is.
  const app::Loaded other =
      app::load("quintet: 1\napp: another\nevents:\n  sale: {fields: {id: string}}\n");
  Place::Settings wrong = settings();
  wrong.spec = other.spec;
  place.reset();
  const auto opened = Place::open({store, *vault, clock, loop}, std::move(wrong));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().id(), "other_application");
}

// S1.1
TEST_F(PlaceTest, TheFirstRecordCarriesTheApplicationAndPositionsHaveNoGaps) {
  const auto first = store.read_log(1, 1);
  ASSERT_TRUE(first);
  const auto block = event::decode_block(first->front().bytes);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->block.records[0].kind, event::RecordKind::application);
  const auto body = stage::read_application(block->block.records[0].plain);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text, kApp);
  EXPECT_EQ(body->shards, kShardCount);
  EXPECT_EQ(offer(sale("a", "ann")).position, 3u);
  EXPECT_EQ(offer(sale("b", "ann")).position, 4u);
}

// S1.2
TEST_F(PlaceTest, AnUnknownKindOfRecordIsRefusedAtTheStart) {
  place.reset();
  const auto epoch = store.open_epoch();
  event::Block block;
  block.first = 3;
  block.epoch = *epoch;
  block.records.resize(1);
  block.records[0].position = 3;
  block.records[0].kind = static_cast<event::RecordKind>(99);
  stage::Commit commit;
  commit.blocks.push_back(event::encode_block(block, store.end()->hash));
  ASSERT_TRUE(store.commit(commit, *epoch));
  const auto opened = Place::open({store, *vault, clock, loop}, settings());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("kind 99"), std::string::npos);
}

// S1.3, and every restart
TEST_F(PlaceTest, TheSameLogGivesTheSameStateAndResults) {
  for (int i = 0; i < 50; ++i) offer(sale(std::to_string(i), i % 2 == 0 ? "ann" : "bob"));
  const std::string digest = place->state_digest();
  const auto result = place->result(20);
  ASSERT_TRUE(result);
  open();
  EXPECT_EQ(place->state_digest(), digest);
  EXPECT_EQ(*place->result(20), *result);
  EXPECT_EQ(offer(sale("50", "ann")).position, 53u);
}

TEST_F(PlaceTest, ARepeatedIdGetsTheStoredAnswerAndOtherContentAConflict) {
  const Told first = offer(sale("a", "ann"));
  const Told again = offer(sale("a", "ann"));
  EXPECT_EQ(again.what, stage::Admission::What::repeated);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(again.json, first.json);
  EXPECT_EQ(offer(sale("a", "bob")).error, "conflict");
  const auto letters = store.dead_letters({});
  ASSERT_EQ(letters->size(), 1u);
  EXPECT_EQ(letters->front().code, "conflict");
}

// S2.1, S2.5
TEST_F(PlaceTest, AnEventAheadOfTheClockIsRefused) {
  const std::string late =
      R"({"id":"x","at":1700000400,"customer":"a","till":1,"amount":1,"big":1})";
  EXPECT_EQ(offer(late).error, "too_early");
  const std::string edge =
      R"({"id":"y","at":1700000300,"customer":"a","till":1,"amount":1,"big":1})";
  EXPECT_EQ(offer(edge).what, stage::Admission::What::admitted);
}

// S6.7
TEST_F(PlaceTest, WhatOverflowsIsNullAndNamed) {
  const Told told = offer(
      R"({"id":"x","at":1699999000,"customer":"a","till":1,"amount":1,"big":9000000000000000000})");
  EXPECT_NE(told.json.find("\"square\":null"), std::string::npos);
  EXPECT_NE(told.json.find(R"("errors":[{"column":"square","code":"overflow"}])"),
            std::string::npos);
}

// S7.3, S7.4
TEST_F(PlaceTest, ADecisionIsTheFirstCaseThatHoldsAndNoModelMeansNull) {
  const Told first = offer(sale("a", "ann"));
  EXPECT_NE(first.json.find(R"("score":{"probability":null})"), std::string::npos) << first.json;
  EXPECT_NE(first.json.find(R"("verdict":{"value":"few"})"), std::string::npos);
  EXPECT_NE(offer(sale("b", "ann")).json.find(R"("value":"some")"), std::string::npos);
  EXPECT_NE(offer(sale("c", "ann")).json.find(R"("value":"many","reason":"three or more")"),
            std::string::npos);
}

// S8.2
TEST_F(PlaceTest, ThePseudonymIsSealedInTheLog) {
  offer(sale("a", "ann"));
  const auto blocks = store.read_log(3, 1);
  const auto block = event::decode_block(blocks->front().bytes);
  const event::Record& record = block->block.records[0];
  EXPECT_FALSE(record.sealed.empty());
  EXPECT_EQ(record.plain.find(record.subject), std::string::npos);
}

// S8.2: masked fields are state too, and must come back from the log.
TEST_F(PlaceTest, MaskedFieldsOfAnEventWithoutASubjectAreSealedInTheLog) {
  std::string text(kApp);
  const std::string word = "pseudonymize";
  text.replace(text.find(word), word.size(), "mask");
  spec = app::load(text).spec;
  ASSERT_NE(spec, nullptr);
  open();
  for (const char* id : {"a", "b", "c"}) offer(sale(id, "4111111111"));
  const std::string digest = place->state_digest();
  const auto blocks = store.read_log(place->last(), 1);
  const auto block = event::decode_block(blocks->front().bytes);
  const event::Record& record = block->block.records.back();
  EXPECT_FALSE(record.sealed.empty());
  EXPECT_TRUE(record.subject.empty());
  EXPECT_EQ(record.plain.find("1111"), std::string::npos);
  open();
  EXPECT_EQ(place->state_digest(), digest);
  EXPECT_NE(offer(sale("d", "4111111111")).json.find(R"("spent":10)"), std::string::npos);
}

// S8.3
TEST_F(PlaceTest, AnErasedSubjectIsGoneFromStateAndResultsAlsoAfterARestart) {
  offer(sale("a", "ann"));
  offer(sale("b", "bob"));
  const auto blocks = store.read_log(3, 1);
  const std::string ann = event::decode_block(blocks->front().bytes)->block.records[0].subject;
  Expected<Position> erased = unavailable("not yet");
  place->erase(ann, [&](Expected<Position> done) {
    erased = std::move(done);
    loop.stop();
  });
  loop.run();
  ASSERT_TRUE(erased) << erased.error().message();
  EXPECT_NE(place->result(3)->find(R"("status":"erased")"), std::string::npos);
  EXPECT_NE(place->result(4)->find(R"("status":"result")"), std::string::npos);
  const std::string digest = place->state_digest();
  open();
  EXPECT_EQ(place->state_digest(), digest);
  EXPECT_EQ(offer(sale("c", "ann")).error, "erased");
  // The till's count keeps the erased subject's sale: it is no private field.
  EXPECT_NE(offer(sale("d", "bob")).json.find(R"("sales":3)"), std::string::npos);
}

// S9.1
TEST_F(PlaceTest, ViewsFollowWhatIsDurableAndLoseWhatIsErased) {
  const auto lines = [&] {
    std::string out;
    const auto page = place->view(0, {});
    for (const auto& line : page->lines) {
      out += std::string(line.key[0].as_text()) + " " + std::to_string(line.cells[0].as_int64()) +
             " " + std::to_string(line.cells[1].as_int64()) + "\n";
    }
    EXPECT_EQ(page->position, place->durable());
    return out;
  };
  EXPECT_EQ(lines(), "");
  offer(sale("a", "ann"));
  offer(sale("b", "bob"));
  offer(sale("c", "bob"));
  offer(sale("d", "bob"));
  EXPECT_EQ(lines(), "few 1 250\nmany 2 500\nsome 1 250\n");
  open();
  EXPECT_EQ(lines(), "few 1 250\nmany 2 500\nsome 1 250\n");
  const auto blocks = store.read_log(4, 1);
  const std::string bob = event::decode_block(blocks->front().bytes)->block.records[0].subject;
  place->erase(bob, [&](const Expected<Position>& done) {
    EXPECT_TRUE(done);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(lines(), "few 1 250\n");
  open();
  EXPECT_EQ(lines(), "few 1 250\n");
}

TEST_F(PlaceTest, AFailedCommitAcknowledgesNothing) {
  store.fail_next_commit(broken("the disk is gone"));
  const Told told = offer(sale("a", "ann"));
  EXPECT_EQ(told.what, stage::Admission::What::refused);
  EXPECT_EQ(told.position, kNoPosition);
  store.reopen();
  EXPECT_TRUE(place->view(0, {})->lines.empty());
  open();
  EXPECT_EQ(place->last(), 2u);
  EXPECT_EQ(offer(sale("a", "ann")).what, stage::Admission::What::admitted);
}

// What comes while the commit that fails is under way waits for one that will never be.
TEST_F(PlaceTest, AFailedCommitAnswersWhatCameMeanwhileToo) {
  store.fail_next_commit(broken("the disk is gone"));
  int failures = 0;
  const auto give = [&](const std::string& json) {
    event::Decoder decoder(place->spec().events[0], {place->pseudonym_key(), 0});
    Offer one;
    ASSERT_TRUE(decoder.json(json, one.event));
    place->offer(std::move(one), [&](const Receipt& r) {
      EXPECT_EQ(r.error->code(), Code::unavailable);
      ++failures;
    });
  };
  give(sale("a", "ann"));
  place->flush();
  give(sale("b", "ann"));
  place->erase(event::pseudonym(place->pseudonym_key(), "ann"), [&](Expected<Position> done) {
    EXPECT_EQ(done.error().code(), Code::unavailable);
    ++failures;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(failures, 3);
}

TEST_F(PlaceTest, AnEraseThatCannotEndTheKeyIsFinishedByTheNextStart) {
  struct FailingVault final : stage::Vault {
    explicit FailingVault(stage::Vault& v) : real(v) {}
    Expected<std::string> pseudonym_key() override { return real.pseudonym_key(); }
    Expected<std::string> subject_key(std::string_view s) override { return real.subject_key(s); }
    Expected<std::string> find_subject_key(std::string_view s) override {
      return real.find_subject_key(s);
    }
    Expected<void> destroy(std::string_view) override { return broken("the vault's disk is gone"); }
    Expected<std::vector<std::string>> destroyed() override { return real.destroyed(); }
    stage::Vault& real;
  } failing(*vault);
  offer(sale("a", "ann"));
  const auto blocks = store.read_log(3, 1);
  const std::string ann = event::decode_block(blocks->front().bytes)->block.records[0].subject;
  place.reset();
  auto opened = Place::open({store, failing, clock, loop}, settings());
  ASSERT_TRUE(opened);
  place = *std::move(opened);
  place->erase(ann, [&](Expected<Position> done) {
    EXPECT_EQ(done.error().code(), Code::broken);
    loop.stop();
  });
  loop.run();
  // Its memory is not the log any more, so it takes nothing.
  bool refused = false;
  place->control(event::RecordKind::train, "", [&](Expected<Position> done) { refused = !done; });
  EXPECT_TRUE(refused);
  open();
  EXPECT_EQ(offer(sale("c", "ann")).error, "erased");
  EXPECT_EQ(*vault->destroyed(), std::vector<std::string>{ann});
}

TEST_F(PlaceTest, TellsTheNewestAdmissionThatTheClockMayBeBehind) {
  offer(sale("a", "ann"));
  open();
  EXPECT_EQ(place->started().newest, clock.wall());
}

struct BroughtModelTest : PlaceTest {
  std::shared_ptr<const learn::Model> model(double bias) {
    const std::string text = R"({"quintet_linear": 1, "link": "logistic", "bias": )" +
                             std::to_string(bias) +
                             R"(, "inputs": [{"name": "sales", "weight": 1}]})";
    bytes[bias] = text;
    return *learn::read_model({"linear", text, {}});
  }
  // Opens with a model file beside the application's.
  void bring(double bias) {
    place.reset();
    Place::Settings given = settings();
    Place::Brought one;
    one.model = model(bias);
    one.entry.model = "score";
    one.entry.digest = one.model->digest();
    one.entry.bytes = bytes[bias];
    one.reason = "file m.json";
    given.models.push_back(std::move(one));
    auto opened = Place::open({store, *vault, clock, loop}, std::move(given));
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  }
  std::uint32_t in_force() { return place->score().in_force()[0].version; }
  std::map<double, std::string> bytes;
};

// S7.6
TEST_F(BroughtModelTest, IsInForceFromAPositionOnAndRegisteredOnce) {
  offer(sale("a", "c1"));
  const Position before = place->last();
  bring(1);
  EXPECT_EQ(in_force(), 1U);
  EXPECT_EQ(place->last(), before + 1);
  EXPECT_NE(offer(sale("b", "c1")).json.find("probability"), std::string::npos);
  bring(1);  // the same again
  EXPECT_EQ(place->last(), before + 2);
  bring(2);
  EXPECT_EQ(in_force(), 2U);
  bring(1);
  EXPECT_EQ(in_force(), 1U);
  EXPECT_EQ(place->last(), before + 4);
  EXPECT_EQ(store.models(false)->size(), 2U);
  open();  // what was promoted is in the log
  EXPECT_EQ(in_force(), 1U);
}

// S7.6
TEST_F(BroughtModelTest, IsTheFirstVersionOnlyWhereTheApplicationTrains) {
  std::string text(kApp);
  text.replace(text.find("    file: none.json"), 19,
               "    file: none.json\n    train: {label: big_sale, rounds: 2}");
  text += "labels:\n  big_sale: {of: sale, value: big, otherwise: 0, after: 1d}\n";
  text.replace(text.find("big: int64"), 10, "big: {type: int64, use: label}");
  text.replace(text.find("      square: big * big\n"), 24, "");
  text.replace(text.find("    inputs: [sales]"), 19,
               "    inputs: [sales]\n    objective: binary:logistic");
  load(text);
  bring(1);
  EXPECT_EQ(in_force(), 1U);
  bring(2);
  EXPECT_EQ(in_force(), 1U);
  EXPECT_EQ(store.models(false)->size(), 2U);
  place->promote({"score", 0, "", "by hand"}, [&](const Expected<Position>&) { loop.stop(); });
  loop.run();
  bring(1);
  EXPECT_EQ(in_force(), 0U);
}

}  // namespace
}  // namespace quintet::host
