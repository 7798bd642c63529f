#include "link/running.h"

#include <fmt/format.h>

namespace quintet::link {

Error Running::named(Error error, std::string_view method) const {
  return on_the_way(std::move(error), method, where_);
}

std::unique_ptr<Answer> Running::add(const std::string& method, Answer::Respond respond) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    respond(named(unavailable("the server is shutting down"), method));
    return nullptr;
  }
  if (calls_.size() >= most_) {
    lock.unlock();
    respond(named(exhausted(fmt::format("{} calls are under way", most_)), method));
    return nullptr;
  }
  auto state =
      std::make_shared<Answer::State>(shared_from_this(), next_, method, std::move(respond));
  calls_.emplace(next_++, state);
  return std::make_unique<Answer>(std::move(state));
}

void Running::close(Job emptied) {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (!calls_.empty()) {
      emptied_ = std::move(emptied);
      return;
    }
  }
  if (emptied) emptied();
}

void Running::answer_all(const Error& error) {
  std::unordered_map<std::uint64_t, std::shared_ptr<Answer::State>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls = calls_;
  }
  for (const auto& [number, state] : calls) state->answer(named(error, state->method));
}

std::size_t Running::size() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

void Running::remove(std::uint64_t number) {
  Job emptied;
  {
    const std::lock_guard lock(mutex_);
    calls_.erase(number);
    if (calls_.empty()) emptied = std::move(emptied_);
  }
  if (emptied) emptied();
}

void Answer::State::answer(Expected<std::string> answer) {
  if (used.exchange(true)) return;
  if (answer && answer->size() > running->answer_bytes_) {
    answer = running->named(exhausted(fmt::format("an answer of {} bytes, at most {}",
                                                  answer->size(), running->answer_bytes_)),
                            method);
  }
  respond(std::move(answer));
  running->remove(number);
}

}  // namespace quintet::link
