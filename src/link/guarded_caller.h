// A Caller that protects its peer and its user: no call without a deadline, bounded calls under
// way, a breaker, and retries within a budget. A retry is made of an idempotent call alone, after
// `unavailable` alone, and within the call's deadline. An error with an id is a handler's own word:
// it is neither tried again nor counted against the peer.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "link/breaker.h"
#include "link/caller.h"

namespace quintet::link {

struct GuardOptions {
  std::size_t calls = kMaxGuardedCalls;
  Micros timeout = kDefaultTimeout;  // of a call without a deadline, and the most of any other
  unsigned attempts = kMaxAttempts;
  Micros first_back_off = kFirstRetry;
  Micros last_back_off = kLastRetry;
  Breaker::Options breaker = {};
  RetryBudget::Options budget = {};
};

// The inner caller outlives it. Figures count from the start.
class GuardedCaller final : public Caller {
 public:
  GuardedCaller(Local local, Caller& inner, GuardOptions options);
  ~GuardedCaller() override;

  CallId call(Call call, Reply reply) override;
  void cancel(CallId id) override;
  const std::string& peer() const override { return inner_.peer(); }

  Breaker::State breaker() const { return breaker_.state(); }
  std::uint64_t retries() const { return retries_; }
  // Refused here: over the limit of calls, or by the breaker.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Guarded {
    Call call;  // its request is kept for a retry alone
    Reply reply;
    unsigned attempts = 0;
    CallId inner = 0;  // 0: waiting for the timer
    std::unique_ptr<Timer> again = {};
  };

  void refuse(CallId id, Error error);
  void attempt(CallId id);
  void answered(CallId id, Expected<std::string> answer);
  bool retry(CallId id, Guarded& guarded, const Expected<std::string>& answer);
  void judge(const Expected<std::string>& answer);

  const Local local_;
  Caller& inner_;
  const GuardOptions options_;
  Breaker breaker_;
  RetryBudget budget_;
  CallId next_ = 1;
  std::unordered_map<CallId, Guarded> calls_;
  std::uint64_t retries_ = 0, refused_ = 0;
  const std::shared_ptr<GuardedCaller*> self_;  // for jobs that may outlive this object
};

}  // namespace quintet::link
