// Single calls, the same over every transport.
#include <thread>

#include "link/world_fixture.h"

namespace quintet::link {
namespace {

constexpr auto kEcho = "/quintet.test.Test/Echo";
constexpr auto kHold = "/quintet.test.Test/Hold";

class Calls : public World {
 protected:
  // Echo answers at once; what Hold is asked waits in held_.
  void start(ServerOptions options = {}) {
    auto service = std::make_shared<Service>();
    service->add(kEcho, [this](Incoming call, Answer answer) {
      ++echoed_;
      answer(call.request);
    });
    service->add(kHold, [this](Incoming call, Answer answer) {
      held_.push_back({std::move(call), std::move(answer)});
    });
    service->add("/quintet.test.Test/Refuse", [](Incoming, Answer answer) {
      answer(conflict("the amount has changed").at("amount").with_id("QNT-1234"));
    });
    service->add("/quintet.test.Test/Forget", [](Incoming, Answer) {});
    serve(service, options);
  }
  struct Held {
    Incoming call;
    Answer answer;
  };
  bool wait_for_held(std::size_t count) {
    return run_until([&] { return held_.size() == count; });
  }

  std::vector<Held> held_;
  int echoed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(All, Calls, ::testing::ValuesIn(kKinds), name_of_kind);
INSTANTIATE_TEST_SUITE_P(Stream, Calls, ::testing::ValuesIn(kStreams), name_of_kind);

TEST_P(Calls, AreAnsweredWithWhatTheHandlerGave) {
  start();
  connect();
  for (const std::string& body :
       {std::string("hello"), std::string(), std::string("\0\xff\n", 3)}) {
    const auto answer = ask(caller(), {kEcho, body});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(*answer, body);
  }
}

TEST_P(Calls, GetTheHandlersErrorAsItSaidIt) {
  start();
  connect();
  const auto answer = ask(caller(), {"/quintet.test.Test/Refuse", "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::conflict);
  EXPECT_EQ(answer.error().message(), "the amount has changed");
  EXPECT_EQ(answer.error().place(), "amount");
  EXPECT_EQ(answer.error().id(), "QNT-1234");
}

TEST_P(Calls, AreNeverAnsweredInsideTheCall) {
  start();
  connect();
  bool inside = true;
  int answers = 0;
  const auto reply = [&](Expected<std::string>) {
    EXPECT_FALSE(inside);
    ++answers;
  };
  caller().call({kEcho, "x"}, reply);
  caller().call({"no method", "x"}, reply);
  inside = false;
  EXPECT_TRUE(run_until([&] { return answers == 2; }));
}

TEST_P(Calls, AreAnsweredInAnyOrder) {
  start();
  connect();
  std::vector<std::string> got;
  for (const char* body : {"a", "b", "c"}) {
    caller().call({kHold, body}, [&](Expected<std::string> answer) { got.push_back(*answer); });
  }
  ASSERT_TRUE(wait_for_held(3));
  std::vector<std::string> order;
  while (!held_.empty()) {
    order.push_back(held_.back().call.request);
    held_.back().answer(held_.back().call.request);
    held_.pop_back();
    ASSERT_TRUE(run_until([&] { return got.size() == order.size(); }));
  }
  EXPECT_EQ(got, order);
}

TEST_P(Calls, MayBeAnsweredFromAnotherThread) {
  start();
  connect();
  std::optional<Expected<std::string>> got;
  caller().call({kHold, "x"}, [&](Expected<std::string> answer) { got = std::move(answer); });
  ASSERT_TRUE(wait_for_held(1));
  std::thread([&] { held_[0].answer(std::string("y")); }).join();
  ASSERT_TRUE(run_until([&] { return got.has_value(); }));
  EXPECT_EQ(**got, "y");
}

TEST_P(Calls, CarryMetadataAndWhatIsLeftOfTheDeadline) {
  start();
  connect();
  const Micros before = in(0);
  caller().call(
      {kHold, "x", in(kMinute), {{"traceparent", "00-ab-cd-01"}, {"quintet-version", "7"}}},
      [](Expected<std::string>) {});
  ASSERT_TRUE(wait_for_held(1));
  const Incoming& call = held_[0].call;
  EXPECT_EQ(call.method, kHold);
  EXPECT_EQ(find(call.metadata, "traceparent"), "00-ab-cd-01");
  EXPECT_EQ(find(call.metadata, "quintet-version"), "7");
  EXPECT_EQ(find(call.metadata, "other"), "");
  EXPECT_FALSE(call.peer.empty());
  // Clocks of two kinds and their rounding lie between: a second is enough for both.
  EXPECT_GT(call.deadline, before + kMinute - kSecond);
  EXPECT_LT(call.deadline, in(0) + kMinute + kSecond);
}

TEST_P(Calls, HaveNoDeadlineUnlessOneIsGiven) {
  start();
  connect();
  caller().call({kHold, "x"}, [](Expected<std::string>) {});
  ASSERT_TRUE(wait_for_held(1));
  EXPECT_EQ(held_[0].call.deadline, kNoDeadline);
}

TEST_P(Calls, ExpireAtTheirDeadlineAndTheHandlerIsTold) {
  start();
  connect();
  const auto answer = ask(caller(), {kHold, "x", in(200'000)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::expired);
  EXPECT_NE(answer.error().message().find(kHold), std::string::npos) << answer.error().message();
  EXPECT_NE(answer.error().message().find(address_), std::string::npos);
  // A busy machine may have let it expire before it was sent or taken.
  if (held_.empty()) return;
  EXPECT_TRUE(run_until([&] { return held_[0].call.cancelled->load(); }));
}

TEST_P(Calls, AreNotSentAfterTheirDeadline) {
  start();
  connect();
  const auto answer = ask(caller(), {kEcho, "x", in(0) - 1});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::expired);
  EXPECT_EQ(echoed_, 0);
}

TEST_P(Calls, ThatAreCancelledGetNoReplyAndTheHandlerIsTold) {
  start();
  connect();
  bool replied = false;
  const CallId id = caller().call({kHold, "x"}, [&](Expected<std::string>) { replied = true; });
  ASSERT_TRUE(wait_for_held(1));
  caller().cancel(id);
  caller().cancel(id);
  EXPECT_TRUE(run_until([&] { return held_[0].call.cancelled->load(); }));
  held_[0].answer(std::string("late"));
  EXPECT_EQ(*ask(caller(), {kEcho, "after"}), "after");
  EXPECT_FALSE(replied);
}

TEST_P(Calls, EndWithTheirChannelWithoutAReply) {
  start();
  connect();
  bool replied = false;
  caller().call({kHold, "x"}, [&](Expected<std::string>) { replied = true; });
  ASSERT_TRUE(wait_for_held(1));
  disconnect();
  EXPECT_TRUE(run_until([&] { return held_[0].call.cancelled->load(); }));
  EXPECT_FALSE(replied);
}

TEST_P(Calls, OfAMethodThatIsNotThereSaySo) {
  start();
  connect();
  const auto answer = ask(caller(), {"/quintet.test.Test/Nothing", "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::not_found);
  EXPECT_NE(answer.error().message().find("/quintet.test.Test/Nothing"), std::string::npos);
}

TEST_P(Calls, WhoseHandlerForgetsThemAreAnsweredForIt) {
  start();
  connect();
  const auto answer = ask(caller(), {"/quintet.test.Test/Forget", "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::broken);
}

TEST_P(Calls, ToNobodyAreUnavailableAndNameThePeer) {
  start();
  server_.reset();
  connect();
  const auto answer = ask(caller(), {kEcho, "x", in(kMinute)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::unavailable) << answer.error().message();
  EXPECT_NE(answer.error().message().find(address_), std::string::npos);
  EXPECT_NE(answer.error().message().find(kEcho), std::string::npos);
}

TEST_P(Calls, UnderWayWhenThePeerDiesAreUnavailable) {
  start();
  connect();
  std::optional<Expected<std::string>> got;
  caller().call({kHold, "x"}, [&](Expected<std::string> answer) { got = std::move(answer); });
  ASSERT_TRUE(wait_for_held(1));
  server_.reset();
  ASSERT_TRUE(run_until([&] { return got.has_value(); }));
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code(), Code::unavailable) << got->error().message();
  held_[0].answer(std::string("too late"));  // harmless
}

TEST_P(Calls, ReachANewServerAtTheSameAddress) {
  start();
  connect();
  EXPECT_TRUE(ask(caller(), {kEcho, "x"}));
  server_.reset();
  EXPECT_FALSE(ask(caller(), {kEcho, "x"}));
  start();
  // The channel may still be waiting before it connects again, so more than one call is made.
  bool reached = false;
  for (int i = 0; i < 1000 && !reached; ++i) {
    reached = ask(caller(), {kEcho, "x"}).has_value();
    if (!reached) pump_.run_for(20'000);
  }
  EXPECT_TRUE(reached);
}

TEST_P(Calls, OfLargeBodiesArriveWhole) {
  start();
  connect();
  std::string body(kMaxMessageBytes, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>(i / 1000);
  const auto answer = ask(caller(), {kEcho, body});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_TRUE(*answer == body);
}

TEST_P(Calls, ThatAreTooLargeAreRefusedByNameOnEitherSide) {
  start({.message_bytes = 1000});
  connect({.message_bytes = 2000});
  const auto here = ask(caller(), {kEcho, std::string(2001, 'x')});
  ASSERT_FALSE(here);
  EXPECT_EQ(here.error().code(), Code::exhausted);
  EXPECT_NE(here.error().message().find("2001 bytes, at most 2000"), std::string::npos);
  const auto there = ask(caller(), {kEcho, std::string(1001, 'x')});
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code(), Code::exhausted) << there.error().message();
  EXPECT_TRUE(ask(caller(), {kEcho, std::string(1000, 'x')}));
}

TEST_P(Calls, WhoseAnswersAreTooLargeAreRefusedByName) {
  start({.message_bytes = 1000});
  connect();
  std::optional<Expected<std::string>> got;
  caller().call({kHold, "x"}, [&](Expected<std::string> answer) { got = std::move(answer); });
  ASSERT_TRUE(wait_for_held(1));
  held_[0].answer(std::string(1001, 'x'));
  ASSERT_TRUE(run_until([&] { return got.has_value(); }));
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code(), Code::exhausted);
  EXPECT_NE(got->error().message().find("1001 bytes, at most 1000"), std::string::npos);
}

TEST_P(Calls, OverALimitOfEitherSideAreRefusedByNameAndTheOthersGoOn) {
  start({.calls = 2});
  for (const ChannelOptions& options : {ChannelOptions{}, ChannelOptions{.calls = 2}}) {
    connect(options);
    held_.clear();
    std::vector<Expected<std::string>> got;
    const auto reply = [&](Expected<std::string> answer) { got.push_back(std::move(answer)); };
    caller().call({kHold, "a"}, reply);
    caller().call({kHold, "b"}, reply);
    ASSERT_TRUE(wait_for_held(2));
    const auto refused = ask(caller(), {kHold, "c"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::exhausted);
    EXPECT_NE(refused.error().message().find("2 calls are under way"), std::string::npos);
    for (Held& held : held_) held.answer(std::string("done"));
    EXPECT_TRUE(run_until([&] { return got.size() == 2; }));
    EXPECT_TRUE(ask(caller(), {kEcho, "x"}));
  }
}

TEST_P(Calls, WithMetadataThatCannotBeAreRefused) {
  start();
  connect();
  const auto refused = [&](Metadata metadata) {
    const auto answer = ask(caller(), {kEcho, "x", kNoDeadline, std::move(metadata)});
    return answer ? std::string("answered") : std::string(name_of(answer.error().code()));
  };
  EXPECT_EQ(refused({{"Upper", "x"}}), "invalid");
  EXPECT_EQ(refused({{"", "x"}}), "invalid");
  EXPECT_EQ(refused({{"grpc-timeout", "1S"}}), "invalid");
  EXPECT_EQ(refused({{"name", "line\nbreak"}}), "invalid");
  EXPECT_EQ(refused({{"name", std::string(kMaxMetadataBytes, 'x')}}), "exhausted");
  EXPECT_EQ(refused(Metadata(kMaxMetadata + 1, {"a", "b"})), "exhausted");
  EXPECT_EQ(refused(Metadata(kMaxMetadata, {"a", "b"})), "answered");
}

TEST_P(Calls, AreAllAnsweredBeforeAServerHasDrained) {
  start();
  connect();
  std::vector<Expected<std::string>> got;
  bool drained = false;
  caller().call({kHold, "x"},
                [&](Expected<std::string> answer) { got.push_back(std::move(answer)); });
  ASSERT_TRUE(wait_for_held(1));
  server_->drain(kHour, [&] { drained = true; });
  const auto refused = ask(caller(), {kEcho, "x"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_FALSE(drained);
  held_[0].answer(std::string("done"));
  ASSERT_TRUE(run_until([&] { return drained && got.size() == 1; }));
  ASSERT_TRUE(got[0]) << got[0].error().message();
  EXPECT_EQ(*got[0], "done");
}

TEST_P(Calls, ThatOutlastADrainAreAnsweredForTheirHandler) {
  start();
  connect();
  std::optional<Expected<std::string>> got;
  bool drained = false;
  caller().call({kHold, "x"}, [&](Expected<std::string> answer) { got = std::move(answer); });
  ASSERT_TRUE(wait_for_held(1));
  server_->drain(100'000, [&] { drained = true; });
  ASSERT_TRUE(run_until([&] { return drained && got; }));
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code(), Code::unavailable);
  held_[0].answer(std::string("too late"));
}

TEST_P(Calls, AServerWithNothingToDoDrainsAtOnce) {
  start();
  bool drained = false;
  server_->drain(kHour, [&] { drained = true; });
  EXPECT_TRUE(run_until([&] { return drained; }));
}

TEST_P(Calls, OneAddressIsListenedAtOnce) {
  start();
  const auto second = transport_->listen(local(), address_, std::make_shared<Service>(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::conflict);
}

TEST_P(Calls, AReplyMayDestroyItsChannel) {
  start();
  connect();
  bool gone = false;
  caller().call({kEcho, "x"}, [&](Expected<std::string>) {
    disconnect();
    gone = true;
  });
  EXPECT_TRUE(run_until([&] { return gone; }));
}

}  // namespace
}  // namespace quintet::link
