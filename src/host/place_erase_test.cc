// Who can be erased, and what comes of events that are sent again afterwards (S8.3, S8.4).
#include "app/load.h"
#include "event/decode.h"
#include "host/letters.h"
#include "host/loop.h"
#include "host/place.h"
#include "host/snapshot_seal.h"
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
      customer: {type: string, privacy: pseudonymize, optional: true}
      card: {type: string, privacy: mask}
      amount: {type: decimal(2), minimum: 0}
features:
  f: {of: sale, columns: {cards: last(card) over 7d by customer including this}}
)";

class StillClock final : public Clock {
 public:
  Micros wall() override { return 1'700'000'000 * kSecond; }
  Micros steady() override { return 0; }
};

struct EraseTest : testing::Test {
  EraseTest() { open(); }

  void open() {
    place.reset();
    Place::Settings settings;
    settings.spec = app::load(kApp).spec;
    auto opened = Place::open({store, *vault, clock, loop}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  }

  static std::string sale(const std::string& id, const std::string& customer,
                          const std::string& amount = "1.50") {
    return R"({"id":")" + id + R"(","at":1699999000,"card":"12345678","amount":)" + amount +
           (customer.empty() ? "}" : R"(,"customer":")" + customer + "\"}");
  }
  struct Told {
    stage::Admission::What what = stage::Admission::What::refused;
    std::string json, error;
  };
  Told offer(const std::string& json, bool history = false) {
    event::Decoder decoder(place->spec().events[0], {place->pseudonym_key(), 0});
    Offer offer;
    const auto decoded = decoder.json(json, offer.event);
    EXPECT_TRUE(decoded) << decoded.error().message();
    offer.original = json;
    offer.format = "json";
    offer.history = history;
    Told told;
    place->offer(std::move(offer), [&](const Receipt& r) {
      told = {r.what, std::string(r.json), r.error ? r.error->id() : ""};
      loop.stop();
    });
    place->flush();
    loop.run();
    return told;
  }
  Expected<Position> erase(const std::string& subject) {
    std::optional<Expected<Position>> erased;
    place->erase(subject, [&](Expected<Position> done) { erased = std::move(done); });
    SystemClock real;
    for (const Micros end = real.steady() + kMinute; !erased && real.steady() < end;) {
      loop.post([this] { loop.stop(); });
      loop.run();
    }
    if (!erased) return broken("the erase does not come to its end");
    return *std::move(erased);
  }
  std::string subject(const std::string& customer) const {
    return event::pseudonym(place->pseudonym_key(), customer);
  }

  store::MemoryStore store;
  std::unique_ptr<stage::Vault> vault = store::make_memory_vault();
  StillClock clock;
  Loop loop;
  std::unique_ptr<Place> place;
};

TEST_F(EraseTest, NoNameOfAKeyOfThePlaceItselfIsASubject) {
  offer(sale("a", ""));
  offer(sale("b", "ann"));
  std::string subject_in_capitals = subject("ann");
  for (char& c : subject_in_capitals) c = static_cast<char>(std::toupper(c));
  const Position last = place->last();
  const std::string digest = place->state_digest() + place->ingest_digest();
  for (const std::string& name :
       {std::string("log"), std::string(kLetterSubject), snapshot_subject(0), std::string(),
        subject("ann") + "0", subject_in_capitals, std::string("ann")}) {
    const auto erased = erase(name);
    ASSERT_FALSE(erased) << name;
    EXPECT_EQ(erased.error().code(), Code::invalid) << name;
  }
  open();
  EXPECT_EQ(place->last(), last);
  EXPECT_EQ(place->state_digest() + place->ingest_digest(), digest);
  EXPECT_EQ(offer(sale("a", "")).what, stage::Admission::What::repeated);
}

TEST_F(EraseTest, WhoIsNotThereCannotBeErased) {
  offer(sale("a", "ann"));
  const Position last = place->last();
  const auto erased = erase(subject("bob"));
  ASSERT_FALSE(erased);
  EXPECT_EQ(erased.error().code(), Code::not_found);
  EXPECT_EQ(place->last(), last);
  EXPECT_EQ(offer(sale("b", "bob")).what, stage::Admission::What::admitted);
}

// Nothing else waits for that commit.
TEST_F(EraseTest, WhoHasNoOutcomesIsErasedAtOnce) {
  offer(sale("a", "ann"), true);
  offer(sale("b", "bob"), true);
  const auto erased = erase(subject("ann"));
  ASSERT_TRUE(erased) << erased.error().message();
  EXPECT_EQ(*erased, place->last());
  EXPECT_EQ(store.end()->last, *erased);
  EXPECT_EQ(vault->find_subject_key(subject("ann")).error().code(), Code::expired);
  open();
  EXPECT_EQ(offer(sale("new", "ann")).error, "erased");
}

TEST_F(EraseTest, WhoWasErasedBeforeIsErasedWhereThatWas) {
  offer(sale("a", "ann"));
  offer(sale("b", "bob"));
  const auto ann = erase(subject("ann"));
  const auto bob = erase(subject("bob"));
  ASSERT_TRUE(ann && bob);
  const Position last = place->last();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*erase(subject("ann")), *ann);
    EXPECT_EQ(*erase(subject("bob")), *bob);
    EXPECT_EQ(place->last(), last);
    open();
  }
}

TEST_F(EraseTest, AnErasedEventThatIsSentAgainIsRepeated) {  // S8.4
  offer(sale("a", "ann"));
  offer(sale("b", "bob"));
  ASSERT_TRUE(erase(subject("ann")));
  const Position last = place->last();
  for (int i = 0; i < 3; ++i) {
    for (const std::string& again : {sale("a", "ann"), sale("a", "ann", "9"), sale("a", "eve")}) {
      const Told told = offer(again);
      EXPECT_EQ(told.what, stage::Admission::What::repeated) << again << told.error;
      EXPECT_NE(told.json.find(R"("status":"erased")"), std::string::npos) << told.json;
    }
    EXPECT_EQ(offer(sale("b", "bob")).what, stage::Admission::What::repeated);
    EXPECT_EQ(offer(sale("b", "bob", "9")).error, "conflict");
    EXPECT_EQ(place->last(), last);
    if (i == 1) {
      place->snapshot([this](const Expected<void>& done) {
        EXPECT_TRUE(done);
        loop.stop();
      });
      loop.run();
    }
    open();
    EXPECT_EQ(place->started().snapshot, i >= 1 ? last : kNoPosition);
  }
}

TEST_F(EraseTest, NothingIsKeptOfALaterEventOfWhoWasErased) {  // S8.4
  offer(sale("a", "ann"));
  ASSERT_TRUE(erase(subject("ann")));
  EXPECT_EQ(offer(sale("new", "ann")).error, "erased");
  const auto letters = place->dead_letters({});
  ASSERT_TRUE(letters);
  ASSERT_EQ(letters->size(), 1u);
  const auto letter = place->dead_letter(letters->front().number);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->bytes, "");
  EXPECT_EQ(letter->id, "new");
}

}  // namespace
}  // namespace quintet::host
