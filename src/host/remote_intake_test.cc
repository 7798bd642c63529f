#include "host/remote_intake.h"

#include "app/load.h"
#include "event/decode.h"
#include "host/played_loop.h"
#include "host/wire_lot.h"

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
      if (receipt.pending) pending.push_back(number);
    });
  }
  void offers(int first, int last) {
    for (int i = first; i <= last; ++i) offer(i);
    loop.play();
  }
  static std::vector<wire::LotItem> items(const link::Call& call) {
    auto lot = wire::read_offer_lot(call.request);
    EXPECT_TRUE(lot);
    return lot ? *std::move(lot) : std::vector<wire::LotItem>();
  }
  // All offers of a call to ingest.
  void admit(std::size_t call) {
    std::vector<Expected<std::string>> replies;
    for (std::size_t i = items(ingest.calls.at(call).first).size(); i > 0; --i) {
      replies.emplace_back(admitted());
    }
    ingest.answer(call, wire::write_lot_reply(replies));
  }
  std::string admitted() {
    Receipt receipt;
    receipt.what = stage::Admission::What::admitted;
    receipt.position = ++position;
    return wire::write_offer_reply(receipt);
  }
  // Of a call to results.
  void give_results(std::size_t call) {
    const auto asked_for = wire::read_await_lot(results.calls.at(call).first.request);
    ASSERT_TRUE(asked_for);
    results.answer(call, wire::write_outcomes(std::vector<Expected<std::string>>(
                             asked_for->positions.size(), Expected<std::string>("{}"))));
    loop.play();
  }
  // Of all offers, call after call; "|" between calls.
  std::string ids() const {
    std::string found;
    for (const auto& [call, reply] : ingest.calls) {
      found += found.empty() ? "" : "|";
      for (const wire::LotItem& item : items(call)) {
        const auto* const message = std::get_if<wire::OfferMessage>(&item);
        Offer offer;
        if (message == nullptr) {
          found += "refusal ";
        } else if (message->fill(intake.spec().events[0], offer)) {
          found += std::string(offer.event.id) + " ";
        }
      }
    }
    return found;
  }

  Position position = 0;
  PlayedLoop loop;
  StillClock clock;
  Asked ingest, asked, results;
  bool changed = false;
  std::vector<std::string> answers;
  std::vector<int> pending;
  RemoteIntake intake{{loop, clock, ingest, asked, results, [] { return std::string_view(); }},
                      [this] { changed = true; }};
};

TEST_F(RemoteIntakeTest, OffersOfOneTurnGoTogetherInTheirOrder) {
  offer(1);
  intake.refuse({}, invalid("no event"), [this](const Receipt&) { answers.push_back("letter"); });
  offer(2);
  EXPECT_TRUE(ingest.calls.empty());
  loop.play();
  EXPECT_EQ(ids(), "1 refusal 2 ");
  ingest.answer(0, wire::write_lot_reply({admitted(), invalid("kept"), admitted()}));
  ASSERT_EQ(results.calls.size(), 1u);
  EXPECT_EQ(answers, (std::vector<std::string>{"letter"}));
  give_results(0);
  EXPECT_EQ(answers, (std::vector<std::string>{"letter", "1", "2"}));
}

TEST_F(RemoteIntakeTest, WhileTwoLotsAreUnderWayTheNextOnesGather) {
  offers(1, 1);
  offers(2, 3);
  offers(4, 4);
  offers(5, 6);
  EXPECT_EQ(ids(), "1 |2 3 ");
  admit(0);
  admit(1);
  EXPECT_EQ(ingest.calls.size(), 2u) << "admitted is not answered";
  give_results(1);
  EXPECT_EQ(ids(), "1 |2 3 |4 5 6 ");
}

TEST_F(RemoteIntakeTest, ManyGoInSeveralLots) {
  offers(1, static_cast<int>(kLotOffers) + 1);
  ASSERT_EQ(ingest.calls.size(), 2u);
  EXPECT_EQ(items(ingest.calls[0].first).size(), kLotOffers);
  EXPECT_EQ(items(ingest.calls[1].first).size(), 1u);
}

TEST_F(RemoteIntakeTest, WhatIsRefusedMakesRoomToo) {
  offers(1, 1);
  offers(2, 2);
  offers(3, 3);
  ASSERT_EQ(ingest.calls.size(), 2u);
  ingest.answer(0, wire::write_lot_reply({invalid("no")}));
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
  EXPECT_EQ(ids(), "1 |2 |3 4 ");
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
  EXPECT_EQ(ids(), "1 |2 |1 2 3 4 ");
  admit(2);
  give_results(0);
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "2", "3", "4"}));
  offers(5, 5);
  EXPECT_EQ(ingest.calls.size(), 4u) << "nothing is thought to be under way";
}

TEST_F(RemoteIntakeTest, OfALotThatIsHalfLostTheRestIsSentAgain) {
  offers(1, 3);
  ingest.answer(0, wire::write_lot_reply({admitted(), unavailable("gone"), unavailable("gone")}));
  offers(4, 4);
  EXPECT_EQ(ingest.calls.size(), 1u);
  give_results(0);
  EXPECT_EQ(answers, (std::vector<std::string>{"1"}));
  loop.what_was_put_off();
  loop.play();
  EXPECT_EQ(ids(), "1 2 3 |2 3 4 ");
  admit(1);
  give_results(1);
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "2", "3", "4"}));
}

TEST_F(RemoteIntakeTest, ALotIsAnsweredOneByOne) {
  offers(1, 2);
  admit(0);
  results.answer(0, wire::write_outcomes({expired("not yet"), Expected<std::string>("{}")}));
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(pending, (std::vector<int>{1}));
  EXPECT_EQ(intake.under_way(), 0u);
}

TEST_F(RemoteIntakeTest, AnAnswerOfAnotherLotIsNone) {
  offers(1, 2);
  ingest.answer(0, wire::write_lot_reply({admitted()}));
  EXPECT_EQ(answers, (std::vector<std::string>{"refused 1", "refused 2"}));
}

}  // namespace
}  // namespace quintet::host
