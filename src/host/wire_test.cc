#include "host/wire.h"

#include "app/load.h"
#include "event/decode.h"

namespace quintet::host::wire {
namespace {

constexpr std::string_view kApplication = R"(quintet: 1
app: sales
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      who: {type: string, privacy: pseudonymize}
      card: {type: string, privacy: mask, optional: true}
      amount: {type: decimal(2), optional: true}
      tags: {type: list(string), optional: true}
)";

class WireTest : public testing::Test {
 protected:
  void SetUp() override {
    spec = app::load(kApplication).spec;
    ASSERT_NE(spec, nullptr);
  }
  Offer offer_of(std::string text) {
    const std::size_t size = text.size();
    text.append(kBodyPadding, '\0');
    Offer offer;
    event::Decoder decoder(spec->events[0], {std::string(32, 'k'), 0});
    EXPECT_TRUE(decoder.json(std::string_view(text).substr(0, size), offer.event));
    return offer;
  }
  std::shared_ptr<const app::Spec> spec;
};

TEST_F(WireTest, AnOfferArrivesAsItWasSent) {
  Offer offer =
      offer_of(R"({"id":"a","at":"2026-01-02T03:04:05Z","who":"ann","card":"1234","amount":1.5,)"
               R"("tags":["x","y"]})");
  offer.trace = "00-0123";
  offer.place = {"till", 7, 6};
  offer.original = "the bytes";
  offer.format = "json";
  const std::string bytes = write_offer(offer, "d1");
  const auto message = OfferMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->head().application, "d1");
  EXPECT_EQ(message->head().event, "sale");
  EXPECT_TRUE(message->head().read);
  Offer back;
  ASSERT_TRUE(message->fill(spec->events[0], back));
  std::string scratch;
  EXPECT_EQ(event::content_hash(back.event, scratch), event::content_hash(offer.event, scratch));
  EXPECT_EQ(back.event.id, "a");
  EXPECT_EQ(back.event.time, offer.event.time);
  EXPECT_EQ(back.trace, "00-0123");
  EXPECT_EQ(back.place.session, "till");
  EXPECT_EQ(back.place.number, 7U);
  EXPECT_EQ(back.place.answered, 6U);
  EXPECT_EQ(back.original, "the bytes");
  EXPECT_EQ(back.format, "json");
}

TEST_F(WireTest, AnEventWithoutATimeHasNone) {
  Offer offer = offer_of(R"({"id":"a","at":"2026-01-02T03:04:05Z","who":"ann"})");
  offer.event.time = kNoTime;
  const auto message = OfferMessage::parse(write_offer(offer, "d1"));
  Offer back;
  ASSERT_TRUE(message->fill(spec->events[0], back));
  EXPECT_EQ(back.event.time, kNoTime);
}

TEST_F(WireTest, PartsThatDoNotFitTheTypeAreRefused) {
  const std::string bytes =
      write_offer(offer_of(R"({"id":"a","at":"2026-01-02T03:04:05Z","who":"ann"})"), "d1");
  event::EventType other;
  other.fields.emplace_back().type = event::Type::of(event::Kind::real);
  Offer back;
  EXPECT_FALSE(OfferMessage::parse(bytes)->fill(other, back));
}

TEST_F(WireTest, EveryPrefixOfAnOfferIsReadOrRefused) {
  const std::string bytes = write_offer(
      offer_of(R"({"id":"a","at":"2026-01-02T03:04:05Z","who":"ann","tags":["x"]})"), "d1");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto message = OfferMessage::parse(std::string_view(bytes).substr(0, size));
    Offer back;
    if (message && message->head().read) (void)message->fill(spec->events[0], back);
  }
}

TEST_F(WireTest, AReplyKeepsTheWholeError) {
  const Error error = Error(Code::conflict, "too early").with_id("session_gap").at("number");
  const auto back = read_offer_reply(
      write_offer_reply({stage::Admission::What::refused, 12, &error, "not carried"}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->what, stage::Admission::What::refused);
  EXPECT_EQ(back->position, 12U);
  ASSERT_TRUE(back->error);
  EXPECT_EQ(back->error->code(), Code::conflict);
  EXPECT_EQ(back->error->message(), "too early");
  EXPECT_EQ(back->error->id(), "session_gap");
  EXPECT_EQ(back->error->place(), "number");
  const auto admitted =
      read_offer_reply(write_offer_reply({stage::Admission::What::admitted, 3, nullptr, {}}));
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->what, stage::Admission::What::admitted);
  EXPECT_FALSE(admitted->error);
  EXPECT_FALSE(read_offer_reply("")) << "it says nothing";
  EXPECT_FALSE(read_offer_reply("\xff\xff"));
}

TEST_F(WireTest, ALetterKeepsItsOriginal) {
  stage::DeadLetter letter;
  letter.event_type = "sale";
  letter.format = "csv";
  letter.bytes = std::string("a\0b", 3);
  const auto back = read_refusal(write_refusal(letter, invalid("bad").at("amount"), {"s", 4, 3}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->letter.event_type, "sale");
  EXPECT_EQ(back->letter.bytes, letter.bytes);
  EXPECT_EQ(back->why.place(), "amount");
  EXPECT_EQ(back->session, "s");
  EXPECT_EQ(back->number, 4U);
  EXPECT_EQ(back->answered, 3U);
}

TEST_F(WireTest, BlocksRunsAndKeysKeepTheirBytes) {
  const std::string odd("\0\xff\x80", 3);
  const auto block = read_block(write_block({5, 9, 3, odd}));
  ASSERT_TRUE(block);
  EXPECT_EQ(block->first, 5U);
  EXPECT_EQ(block->last, 9U);
  EXPECT_EQ(block->epoch, 3U);
  EXPECT_EQ(block->bytes, odd);
  const auto run = read_run(write_run({5, 9, odd}, 3));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->run.last, 9U);
  EXPECT_EQ(run->run.bytes, odd);
  EXPECT_EQ(run->table, 3U);
  const auto keys = read_keys(write_keys({{std::string(32, 'k'), false}, {"", true}}));
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].key, std::string(32, 'k'));
  EXPECT_TRUE((*keys)[1].destroyed);
}

TEST_F(WireTest, AnAnswerOfAnotherServiceIsAnswered) {
  HttpResponse answer{404, "application/problem+json", "{}", {{"Quintet-Position", "4"}}};
  const auto back = read_http_answer(write_http_answer(answer));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->status, 404);
  EXPECT_EQ(back->body, "{}");
  EXPECT_EQ(back->headers,
            (std::vector<std::pair<std::string, std::string>>{
                {"Content-Type", "application/problem+json"}, {"Quintet-Position", "4"}}));
  EXPECT_FALSE(read_http_answer("")) << "no status";
  const auto call = read_http_call(
      write_http_call({"GET", "/v1/views/a?x=%20", "body", "peer", "00-1", {{"Accept", "a"}}}));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->target, "/v1/views/a?x=%20");
  EXPECT_EQ(call->headers.size(), 1U);
}

}  // namespace
}  // namespace quintet::host::wire
