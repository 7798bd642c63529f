// When not to try: a breaker that stops calls to a peer that fails them, and a budget that keeps
// retries from multiplying the load of one that is busy. Values of one thread; time is an argument.
#pragma once

#include <string>

#include "base/clock.h"
#include "link/limits.h"

namespace quintet::link {

// Closed: calls go. Open, after `failures` in a row: none goes for a while. Half open: one goes as
// a probe; if it succeeds the breaker closes, if it fails it opens for twice as long, up to a
// limit.
class Breaker {
 public:
  struct Options {
    unsigned failures = kBreakerFailures;
    Micros first_open = kBreakerFirstOpen;
    Micros last_open = kBreakerLastOpen;
  };
  explicit Breaker(Options options) : options_(options) {}

  enum class State : std::uint8_t { closed, open, half_open };
  State state() const { return state_; }
  // Whether a call may go now. Each that went is reported by one of the three below.
  bool admit(Micros now);
  void succeeded();
  void failed(Micros now);
  // It ended in a way that says nothing about the peer.
  void ended();
  // While open: until when.
  Micros open_until() const { return open_until_; }

 private:
  void open(Micros now);

  const Options options_;
  State state_ = State::closed;
  unsigned failures_ = 0;
  bool probing_ = false;
  Micros open_for_ = 0;
  Micros open_until_ = 0;
};

// Each call puts a part of a token in, each retry takes one out: so retries are that part of all
// calls in the long run, and a burst of `most` at once.
class RetryBudget {
 public:
  struct Options {
    double part = kRetryPart;
    double most = kRetryBurst;
  };
  explicit RetryBudget(Options options) : options_(options), tokens_(options.most) {}

  void called() { tokens_ = std::min(options_.most, tokens_ + options_.part); }
  bool take() {
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const Options options_;
  double tokens_;
};

}  // namespace quintet::link
