#include "link/pending.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "link/limits.h"

namespace quintet::link {

Pending::Pending(Local local, std::string peer, Limits limits, Abandon abandon)
    : local_(local),
      peer_(std::move(peer)),
      limits_(limits),
      abandon_(std::move(abandon)),
      self_(std::make_shared<Pending*>(this)) {}

Pending::~Pending() {
  *self_ = nullptr;
}

Expected<void> Pending::admit(const Call& call) const {
  if (!call.method.starts_with('/') || call.method.size() > kMaxMethodBytes) {
    return invalid("that is not the name of a method");
  }
  TRY_DO(check_metadata(call.metadata));
  if (call.request.size() > limits_.request_bytes) {
    return exhausted(fmt::format("a request of {} bytes, at most {}", call.request.size(),
                                 limits_.request_bytes));
  }
  if (calls_.size() >= limits_.calls) {
    return exhausted(fmt::format("{} calls are under way", limits_.calls));
  }
  if (call.deadline <= local_.clock.steady()) return expired("the deadline has passed");
  return {};
}

Pending::Added Pending::add(const Call& call, Reply reply) {
  const Expected<void> admitted = admit(call);
  const CallId id = next_++;
  Waiting waiting{call.method, std::move(reply), call.deadline, local_.clock.steady()};
  waiting.sent = admitted.has_value();
  if (!admitted) waiting.deadline = kNoDeadline;
  if (waiting.deadline != kNoDeadline) deadlines_.emplace(waiting.deadline, id);
  calls_.emplace(id, std::move(waiting));
  if (!admitted) {
    fail_later(id, admitted.error());
    return {id, false};
  }
  wait();
  return {id, true};
}

void Pending::attach(CallId id, std::shared_ptr<void> load) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second.load = std::move(load);
}

void Pending::answer(CallId id, Expected<std::string> answer) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Waiting call = std::move(found->second);
  calls_.erase(found);
  deadlines_.erase({call.deadline, id});
  call.reply(std::move(answer));  // may destroy us
}

void Pending::fail(CallId id, Error error) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  answer(id, on_the_way(std::move(error), shown(found->second.method), peer_));
}

void Pending::fail_later(CallId id, Error error) {
  local_.scheduler.post([self = self_, id, error = std::move(error)] {
    if (*self != nullptr) (*self)->fail(id, error);
  });
}

void Pending::fail_all(const Error& error) {
  std::vector<CallId> ids;
  for (const auto& [id, call] : calls_) {
    if (call.sent) ids.push_back(id);
  }
  // In the order they were made, and each alone: a reply may cancel others or destroy us.
  std::sort(ids.begin(), ids.end());
  const auto self = self_;
  for (const CallId id : ids) {
    if (*self != nullptr) fail(id, error);
  }
}

void Pending::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Waiting call = std::move(found->second);
  calls_.erase(found);
  deadlines_.erase({call.deadline, id});
  if (call.sent) abandon_(id, call.load);
}

void Pending::clear() {
  while (!calls_.empty()) cancel(calls_.begin()->first);
}

// A deadline that is answered in time leaves the timer as it is: one wait in vain costs less than
// setting it anew for each call.
void Pending::wait() {
  if (deadlines_.empty() || deadlines_.begin()->first >= armed_) return;
  armed_ = deadlines_.begin()->first;
  const Micros delay = std::max<Micros>(0, armed_ - local_.clock.steady());
  timer_ = local_.scheduler.after(delay, [this] { expire(); });
}

void Pending::expire() {
  armed_ = kNoDeadline;
  const auto self = self_;
  const Micros now = local_.clock.steady();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const CallId id = deadlines_.begin()->second;
    const Waiting& call = calls_.at(id);
    abandon_(id, call.load);
    fail(id, expired(fmt::format("no answer within {} ms", (now - call.since) / 1000)));
    if (*self == nullptr) return;
  }
  wait();
}

}  // namespace quintet::link
