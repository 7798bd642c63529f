#include "link/breaker.h"

#include <algorithm>

namespace quintet::link {

bool Breaker::admit(Micros now) {
  if (state_ == State::closed) return true;
  if (state_ == State::open && now >= open_until_) state_ = State::half_open;
  if (state_ == State::open || probing_) return false;
  probing_ = true;
  return true;
}

void Breaker::succeeded() {
  probing_ = false;
  failures_ = 0;
  // An answer to a call from before it opened says as much as a probe's.
  state_ = State::closed;
  open_for_ = 0;
}

void Breaker::failed(Micros now) {
  if (state_ == State::half_open && probing_) return open(now);
  // Those that went before it opened say nothing new.
  if (state_ == State::closed && ++failures_ >= options_.failures) open(now);
}

void Breaker::ended() {
  probing_ = false;
}

void Breaker::open(Micros now) {
  probing_ = false;
  failures_ = 0;
  state_ = State::open;
  open_for_ = open_for_ == 0 ? options_.first_open : std::min(options_.last_open, 2 * open_for_);
  open_until_ = now + open_for_;
}

}  // namespace quintet::link
