#include "link/guarded_caller.h"

#include "link/world_fixture.h"

namespace quintet::link {
namespace {

// Keeps calls until the test answers them. Leaves out deadlines.
class Fake final : public Caller {
 public:
  CallId call(Call call, Reply reply) override {
    calls.push_back(std::move(call));
    replies[calls.size()] = std::move(reply);
    return calls.size();
  }
  void cancel(CallId id) override { replies.erase(id); }
  const std::string& peer() const override { return name; }
  void answer(CallId id, Expected<std::string> answer) {
    Reply reply = std::move(replies.at(id));
    replies.erase(id);
    reply(std::move(answer));
  }

  std::string name = "peer";
  std::vector<Call> calls;
  std::map<CallId, Reply> replies;
};

class Guarded : public ::testing::Test {
 protected:
  std::unique_ptr<GuardedCaller> guard(GuardOptions options = {}) {
    return std::make_unique<GuardedCaller>(Local{pump_, pump_}, fake_, options);
  }
  // Makes a call and keeps its answer's code, "ok" or "" while there is none.
  std::shared_ptr<std::string> call(GuardedCaller& guarded, bool idempotent = true,
                                    Micros deadline = kNoDeadline) {
    auto code = std::make_shared<std::string>();
    guarded.call({"/a/b", "body", deadline, {}, idempotent},
                 [this, code](Expected<std::string> answer) {
                   *code = answer ? "ok" : std::string(name_of(answer.error().code()));
                   if (!answer) message_ = answer.error().message();
                 });
    return code;
  }
  // Answers what the guard sends, each time with the same error, until it sends no more.
  void fail_all(GuardedCaller&, Code code) {
    pump_.run_for(kMinute);
    while (!fake_.replies.empty()) {
      fake_.answer(fake_.replies.begin()->first, Error(code, "failed"));
      pump_.run_for(kMinute);
    }
  }

  Pump pump_{/*simulated=*/true};
  Fake fake_;
  std::string message_;
};

TEST_F(Guarded, TakesAnErrorWithAnIdAsTheWordOfAPeerThatIsWell) {
  const auto guarded = guard({.breaker = {.failures = 2}});
  for (int i = 0; i < 5; ++i) {
    const auto code = call(*guarded);
    ASSERT_EQ(fake_.replies.size(), 1u);
    fake_.answer(fake_.replies.begin()->first, unavailable("not now").with_id("views_folding"));
    pump_.run_for(kMinute);
    EXPECT_EQ(*code, "unavailable");
    EXPECT_TRUE(fake_.replies.empty());  // it is not tried again
  }
  EXPECT_EQ(guarded->breaker(), Breaker::State::closed);
  EXPECT_EQ(guarded->retries(), 0u);
}

TEST_F(Guarded, GivesTheAnswerAndADeadlineOfItsOwn) {
  const auto guarded = guard({.timeout = kSecond});
  const auto code = call(*guarded);
  ASSERT_EQ(fake_.calls.size(), 1u);
  EXPECT_EQ(fake_.calls[0].deadline, pump_.steady() + kSecond);
  fake_.answer(1, std::string("x"));
  EXPECT_EQ(*code, "ok");
}

TEST_F(Guarded, PassesAnEarlierDeadlineOn) {
  const auto guarded = guard({.timeout = kSecond});
  const Micros deadline = pump_.steady() + 1000;
  call(*guarded, true, deadline);
  EXPECT_EQ(fake_.calls[0].deadline, deadline);
}

TEST_F(Guarded, RetriesWhatIsIdempotentAfterUnavailableAndWithinItsAttempts) {
  const auto guarded = guard({.attempts = 3});
  const auto code = call(*guarded, true, pump_.steady() + kHour);
  fake_.answer(1, unavailable("away"));
  EXPECT_EQ(*code, "");
  pump_.run_for(kLastRetry);
  ASSERT_EQ(fake_.calls.size(), 2u);
  EXPECT_EQ(fake_.calls[1].request, "body");
  fake_.answer(2, unavailable("away"));
  pump_.run_for(kLastRetry);
  ASSERT_EQ(fake_.calls.size(), 3u);
  fake_.answer(3, unavailable("away"));
  EXPECT_EQ(*code, "unavailable");
  EXPECT_EQ(guarded->retries(), 2u);
}

TEST_F(Guarded, ARetryMaySucceed) {
  const auto guarded = guard();
  const auto code = call(*guarded);
  fake_.answer(1, unavailable("away"));
  pump_.run_for(kLastRetry);
  fake_.answer(2, std::string("x"));
  EXPECT_EQ(*code, "ok");
}

TEST_F(Guarded, NeverRetriesWhatIsNotIdempotentOrFailedOtherwise) {
  const auto guarded = guard();
  const auto once = call(*guarded, false);
  fake_.answer(1, unavailable("away"));
  EXPECT_EQ(*once, "unavailable");
  for (const Code code : {Code::invalid, Code::not_found, Code::conflict, Code::exhausted,
                          Code::expired, Code::broken}) {
    const auto got = call(*guarded);
    fake_.answer(fake_.calls.size(), Error(code, "no"));
    EXPECT_EQ(*got, name_of(code));
  }
  EXPECT_EQ(guarded->retries(), 0u);
}

TEST_F(Guarded, DoesNotRetryPastTheDeadline) {
  const auto guarded = guard();
  const auto code = call(*guarded, true, pump_.steady() + kFirstRetry / 4);
  fake_.answer(1, unavailable("away"));
  EXPECT_EQ(*code, "unavailable");
}

TEST_F(Guarded, RetriesAreAPartOfAllCallsInTheLongRun) {
  GuardOptions options;
  options.breaker.failures = 1'000'000;
  options.timeout = kHour;
  options.attempts = 2;
  const auto guarded = guard(options);
  for (int i = 0; i < 500; ++i) {
    call(*guarded);
    fail_all(*guarded, Code::unavailable);
  }
  EXPECT_GE(guarded->retries(), 50u);
  EXPECT_LE(guarded->retries(), 50u + 10u);
}

TEST_F(Guarded, RefusesMoreCallsThanItsLimit) {
  const auto guarded = guard({.calls = 2});
  call(*guarded);
  call(*guarded);
  const auto third = call(*guarded);
  EXPECT_EQ(*third, "");  // never inside the call
  ASSERT_TRUE(pump_.run_until([&] { return !third->empty(); }));
  EXPECT_EQ(*third, "exhausted");
  EXPECT_NE(message_.find("/a/b at peer: 2 calls are under way"), std::string::npos) << message_;
  EXPECT_EQ(fake_.calls.size(), 2u);
  EXPECT_EQ(guarded->refused(), 1u);
  fake_.answer(1, std::string("x"));
  call(*guarded);
  EXPECT_EQ(fake_.calls.size(), 3u);
}

TEST_F(Guarded, ABreakerOpensAfterFailuresInARowProbesAndCloses) {
  GuardOptions options;
  options.breaker = {.failures = 3, .first_open = kSecond, .last_open = kMinute};
  const auto guarded = guard(options);
  for (int i = 0; i < 3; ++i) {
    call(*guarded, false);
    fake_.answer(fake_.calls.size(), expired("late"));
  }
  EXPECT_EQ(guarded->breaker(), Breaker::State::open);
  const auto refused = call(*guarded);
  ASSERT_TRUE(pump_.run_until([&] { return !refused->empty(); }));
  EXPECT_EQ(*refused, "unavailable");
  EXPECT_NE(message_.find("failed 3 calls in a row"), std::string::npos) << message_;
  EXPECT_EQ(fake_.calls.size(), 3u);
  pump_.run_for(kSecond);
  const auto probe = call(*guarded, false);
  const auto other = call(*guarded, false);
  ASSERT_EQ(fake_.calls.size(), 4u);  // one alone
  fake_.answer(4, std::string("x"));
  EXPECT_EQ(*probe, "ok");
  EXPECT_EQ(guarded->breaker(), Breaker::State::closed);
  ASSERT_TRUE(pump_.run_until([&] { return !other->empty(); }));
  EXPECT_EQ(*other, "unavailable");
}

TEST_F(Guarded, ACancelledProbeLetsTheNextOneGo) {
  GuardOptions options;
  options.breaker = {.failures = 1, .first_open = kSecond, .last_open = kMinute};
  const auto guarded = guard(options);
  call(*guarded, false);
  fake_.answer(1, unavailable("away"));
  pump_.run_for(kSecond);
  guarded->cancel(guarded->call({"/a/b", ""}, [](Expected<std::string>) { FAIL(); }));
  EXPECT_TRUE(fake_.replies.empty());
  call(*guarded, false);
  EXPECT_EQ(fake_.calls.size(), 3u);
}

TEST_F(Guarded, ACallThatWaitsForItsRetryCanBeCancelled) {
  const auto guarded = guard();
  const CallId id =
      guarded->call({"/a/b", "", kNoDeadline, {}, true}, [](Expected<std::string>) { FAIL(); });
  fake_.answer(1, unavailable("away"));
  guarded->cancel(id);
  pump_.run_for(kMinute);
  EXPECT_EQ(fake_.calls.size(), 1u);
}

TEST_F(Guarded, AReplyMayDestroyTheGuard) {
  auto guarded = guard();
  bool gone = false;
  guarded->call({"/a/b", ""}, [&](Expected<std::string>) {
    guarded.reset();
    gone = true;
  });
  fake_.answer(1, std::string("x"));
  EXPECT_TRUE(gone);
}

TEST(Breaker, StaysOpenTwiceAsLongAfterEachFailedProbeUpToItsLimit) {
  Breaker breaker({.failures = 1, .first_open = 10, .last_open = 35});
  Micros now = 0;
  ASSERT_TRUE(breaker.admit(now));
  breaker.failed(now);
  for (const Micros open : {10, 20, 35, 35}) {
    EXPECT_FALSE(breaker.admit(now + open - 1));
    now += open;
    ASSERT_TRUE(breaker.admit(now)) << open;
    breaker.failed(now);
  }
}

TEST(Breaker, ASuccessBetweenFailuresStartsTheCountAnew) {
  Breaker breaker({.failures = 2});
  for (int i = 0; i < 10; ++i) {
    breaker.failed(0);
    breaker.succeeded();
  }
  EXPECT_EQ(breaker.state(), Breaker::State::closed);
}

TEST(Breaker, LateFailuresOfCallsFromBeforeItOpenedDoNotKeepItOpen) {
  Breaker breaker({.failures = 1, .first_open = 10, .last_open = 1000});
  breaker.failed(0);
  for (int i = 0; i < 100; ++i) breaker.failed(5);
  EXPECT_EQ(breaker.open_until(), 10);
  EXPECT_TRUE(breaker.admit(10));
}

}  // namespace
}  // namespace quintet::link
