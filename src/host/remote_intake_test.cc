#include "host/remote_intake.h"

#include "app/load.h"
#include "event/decode.h"
#include "host/played_loop.h"

namespace quintet::host {
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
)";

class StillClock final : public Clock {
 public:
  Micros wall() override { return 0; }
  Micros steady() override { return 0; }
};

// Keeps calls until a test answers them.
class Asked final : public link::Caller {
 public:
  link::CallId call(link::Call call, link::Reply reply) override {
    calls.push_back({std::move(call), std::move(reply)});
    return calls.size();
  }
  void cancel(link::CallId) override {}
  const std::string& peer() const override { return name_; }
  void answer(std::size_t number, Expected<std::string> bytes) {
    link::Reply reply = std::move(calls.at(number).second);
    reply(std::move(bytes));
  }
  std::vector<std::pair<link::Call, link::Reply>> calls;

 private:
  const std::string name_ = "a service";
};

class RemoteIntakeTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = app::load(kApplication);
    ASSERT_NE(loaded.spec, nullptr);
    intake.describe();
    wire::Description description;
    description.version = 1;
    description.digest = loaded.spec->digest;
    description.file = loaded.spec->text;
    description.pseudonym_key = std::string(32, 'k');
    asked.answer(0, wire::write_description(description));
    ASSERT_TRUE(changed);
  }
  // The answers say which one they are of.
  void offer(int number) {
    std::string text = "{\"id\":\"" + std::to_string(number) + R"(","at":"2026-01-02T03:04:05Z"})";
    const std::size_t size = text.size();
    text.append(kBodyPadding, '\0');
    Offer offer;
    event::Decoder decoder(intake.spec().events[0], {std::string(32, 'k'), 0});
    ASSERT_TRUE(decoder.json(std::string_view(text).substr(0, size), offer.event));
    intake.offer(std::move(offer), [this, number](const Receipt& receipt) {
      answers.push_back((receipt.error == nullptr ? "" : "refused ") + std::to_string(number));
    });
  }
  void offers(int first, int last) {
    for (int i = first; i <= last; ++i) offer(i);
    loop.play();
  }
  // Of the calls to ingest, by number of the call.
  void admit(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) {
      Receipt receipt;
      receipt.what = stage::Admission::What::admitted;
      receipt.position = i + 1;
      ingest.answer(i, wire::write_offer_reply(receipt));
    }
  }
  void give_results(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) results.answer(i, wire::write_result("{}"));
    loop.play();
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> found;
    for (const auto& [call, reply] : ingest.calls) {
      const auto message = wire::OfferMessage::parse(call.request);
      Offer offer;
      if (message && message->fill(intake.spec().events[0], offer)) {
        found.emplace_back(offer.event.id);
      }
    }
    return found;
  }

  PlayedLoop loop;
  StillClock clock;
  Asked ingest, asked, results;
  bool changed = false;
  std::vector<std::string> answers;
  RemoteIntake intake{{loop, clock, ingest, asked, results, [] { return std::string_view(); }},
                      [this] { changed = true; }};
};

TEST_F(RemoteIntakeTest, OffersOfOneTurnGoTogetherInTheirOrder) {
  offer(1);
  offer(2);
  EXPECT_TRUE(ingest.calls.empty());
  loop.play();
  EXPECT_EQ(ids(), (std::vector<std::string>{"1", "2"}));
  admit(0, 1);
  give_results(0, 1);
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "2"}));
}

TEST_F(RemoteIntakeTest, WhileTwoLotsAreUnderWayTheNextOnesGather) {
  offers(1, 1);
  offers(2, 3);
  offers(4, 4);
  offers(5, 6);
  EXPECT_EQ(ingest.calls.size(), 3u);
  admit(0, 2);
  EXPECT_EQ(ingest.calls.size(), 3u) << "admitted is not answered";
  give_results(1, 1);
  EXPECT_EQ(ingest.calls.size(), 3u) << "half of a lot";
  give_results(2, 2);
  EXPECT_EQ(ids(), (std::vector<std::string>{"1", "2", "3", "4", "5", "6"}));
}

TEST_F(RemoteIntakeTest, WhatIsRefusedMakesRoomToo) {
  offers(1, 1);
  offers(2, 2);
  offers(3, 3);
  ASSERT_EQ(ingest.calls.size(), 2u);
  ingest.answer(0, invalid("no"));
  loop.play();
  EXPECT_EQ(ingest.calls.size(), 3u);
  EXPECT_EQ(answers, (std::vector<std::string>{"refused 1"}));
}

TEST_F(RemoteIntakeTest, NoneGathersForLong) {
  offers(1, 1);
  offers(2, 2);
  offers(3, 4);
  EXPECT_EQ(ingest.calls.size(), 2u);
  loop.what_was_put_off();
  EXPECT_EQ(ingest.calls.size(), 4u);
}

TEST_F(RemoteIntakeTest, WhatIsLostIsSentAgainBeforeWhatGathers) {
  offers(1, 1);
  offers(2, 2);
  offers(3, 3);
  ingest.answer(1, unavailable("gone"));
  ingest.answer(0, unavailable("gone"));
  offers(4, 4);
  EXPECT_EQ(ingest.calls.size(), 2u) << "not at once";
  loop.what_was_put_off();
  loop.play();
  EXPECT_EQ(ids(), (std::vector<std::string>{"1", "2", "1", "2", "3", "4"}));
  admit(2, 5);
  give_results(0, 3);
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "2", "3", "4"}));
  offers(5, 5);
  EXPECT_EQ(ingest.calls.size(), 7u) << "nothing is thought to be under way";
}

}  // namespace
}  // namespace quintet::host
