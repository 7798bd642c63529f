#include "link/guarded_caller.h"

#include <fmt/format.h>

#include <algorithm>

#include "link/back_off.h"

namespace quintet::link {

GuardedCaller::GuardedCaller(Local local, Caller& inner, GuardOptions options)
    : local_(local),
      inner_(inner),
      options_(options),
      breaker_(options.breaker),
      budget_(options.budget),
      self_(std::make_shared<GuardedCaller*>(this)) {}

GuardedCaller::~GuardedCaller() {
  *self_ = nullptr;
  for (const auto& [id, guarded] : calls_) {
    if (guarded.inner != 0) inner_.cancel(guarded.inner);
  }
}

CallId GuardedCaller::call(Call call, Reply reply) {
  const CallId id = next_++;
  const Micros now = local_.clock.steady();
  const bool full = calls_.size() >= options_.calls;
  call.deadline = std::min(call.deadline, now + options_.timeout);
  const auto made = calls_.emplace(id, Guarded{std::move(call), std::move(reply)}).first;
  if (full) {
    refuse(id, exhausted(fmt::format("{} calls are under way", options_.calls)));
  } else if (!breaker_.admit(now)) {
    const Micros left = std::max<Micros>(0, breaker_.open_until() - now);
    refuse(id, unavailable(fmt::format("the peer has failed {} calls in a row; none is sent for {} "
                                       "ms, and then one",
                                       options_.breaker.failures, left / 1000)));
  } else {
    budget_.called();
    made->second.attempts = 1;
    attempt(id);
  }
  return id;
}

void GuardedCaller::refuse(CallId id, Error error) {
  ++refused_;
  local_.scheduler.post([self = self_, id, error = std::move(error)]() mutable {
    if (*self == nullptr) return;
    const auto found = (*self)->calls_.find(id);
    if (found == (*self)->calls_.end()) return;
    Guarded guarded = std::move(found->second);
    (*self)->calls_.erase(found);
    guarded.reply(on_the_way(std::move(error), guarded.call.method, (*self)->peer()));
  });
}

void GuardedCaller::attempt(CallId id) {
  Guarded& guarded = calls_.at(id);
  guarded.again.reset();
  Call call = guarded.call.idempotent ? guarded.call : std::move(guarded.call);
  if (!guarded.call.idempotent) guarded.call = {call.method, {}, call.deadline};
  guarded.inner = inner_.call(std::move(call), [self = self_, id](Expected<std::string> answer) {
    if (*self != nullptr) (*self)->answered(id, std::move(answer));
  });
}

// Only what says that the peer is away or does not keep up counts against it. An error with an id
// is the word of a handler that is well.
void GuardedCaller::judge(const Expected<std::string>& answer) {
  const bool on_the_way = !answer && answer.error().id().empty();
  const auto is = [&](Code code) { return on_the_way && answer.error().code() == code; };
  if (is(Code::unavailable) || is(Code::expired)) {
    breaker_.failed(local_.clock.steady());
  } else if (is(Code::exhausted)) {
    breaker_.ended();
  } else {
    breaker_.succeeded();
  }
}

bool GuardedCaller::retry(CallId id, Guarded& guarded, const Expected<std::string>& answer) {
  if (answer || answer.error().code() != Code::unavailable || !answer.error().id().empty() ||
      !guarded.call.idempotent || guarded.attempts >= options_.attempts) {
    return false;
  }
  const Micros now = local_.clock.steady();
  const Micros delay = back_off(guarded.call.method + std::to_string(id), guarded.attempts - 1,
                                options_.first_back_off, options_.last_back_off);
  if (now + delay >= guarded.call.deadline || !budget_.take()) return false;
  ++retries_;
  ++guarded.attempts;
  guarded.again = local_.scheduler.after(delay, [this, id] {
    if (breaker_.admit(local_.clock.steady())) return attempt(id);
    refuse(id, unavailable("the peer has failed too many calls in a row to be tried again"));
  });
  return true;
}

void GuardedCaller::answered(CallId id, Expected<std::string> answer) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second.inner = 0;
  judge(answer);
  if (retry(id, found->second, answer)) return;
  Guarded guarded = std::move(found->second);
  calls_.erase(found);
  guarded.reply(std::move(answer));  // may destroy us
}

void GuardedCaller::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (found->second.inner != 0) {
    inner_.cancel(found->second.inner);
    breaker_.ended();
  }
  calls_.erase(found);
}

}  // namespace quintet::link
