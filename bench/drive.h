// Single events over many connections, as fast as they are answered or at a fixed rate whether or
// not earlier ones were.
#pragma once

#include <deque>

#include "bench/load.h"

namespace quintet::bench {

inline constexpr double kClientPatience = 2;  // seconds; who got no connection by then gives up

struct Driven {
  std::uint64_t good = 0;     // 200 and 202
  std::uint64_t refused = 0;  // 429 and 503
  std::uint64_t given_up = 0;
  std::vector<double> micros;  // of the good ones, since the event arrived
  double seconds = 0;
  double rate() const { return static_cast<double>(good) / seconds; }
};

class Driver {
 public:
  Driver(const Running& server, Events& events, std::size_t connections) : events_(events) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(server.port()));
      waits_.push_back({connections_[i]->socket_number(), POLLIN, 0});
      idle_.push_back(i);
    }
  }

  // `rate` arrivals a second; 0: the next as soon as a connection is free. Ends once all that was
  // sent is answered.
  Driven drive(double rate, double seconds) {
    Driven driven;
    const double begin = now(), end = begin + seconds;
    std::uint64_t arrived = 0;
    std::deque<double> waiting;  // when they arrived
    for (double at = begin; at < end || idle_.size() < connections_.size(); at = now()) {
      if (at < end) arrive(rate, at - begin, begin, arrived, waiting);
      while (!waiting.empty() && at - waiting.front() > kClientPatience) {
        waiting.pop_front();
        ++driven.given_up;
      }
      while (!idle_.empty() && at < end && (rate == 0 || !waiting.empty())) {
        // In turn, so that none is idle for long.
        connections_[idle_.front()]->send(events_.next(), rate == 0 ? at : waiting.front());
        idle_.pop_front();
        if (rate > 0) waiting.pop_front();
      }
      take(rate > 0 ? 1 : 50, driven);
    }
    driven.given_up += waiting.size();
    driven.seconds = now() - begin;
    return driven;
  }

 private:
  static void arrive(double rate, double passed, double begin, std::uint64_t& arrived,
                     std::deque<double>& waiting) {
    for (; rate > 0 && static_cast<double>(arrived) < passed * rate; ++arrived) {
      waiting.push_back(begin + static_cast<double>(arrived) / rate);
    }
  }

  void take(int milliseconds, Driven& driven) {
    if (poll(waits_.data(), waits_.size(), milliseconds) <= 0) return;
    for (std::size_t i = 0; i < waits_.size(); ++i) {
      double took = 0;
      const int status = (waits_[i].revents & POLLIN) != 0 ? connections_[i]->take(took) : 0;
      if (status == 0) continue;
      idle_.push_back(i);
      if (status == 200 || status == 202) {
        ++driven.good;
        driven.micros.push_back(took);
      } else if (status == 429 || status == 503) {
        ++driven.refused;
      } else {
        fail("an event was answered " + std::to_string(status));
      }
    }
  }

  Events& events_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<pollfd> waits_;
  std::deque<std::size_t> idle_;
};

}  // namespace quintet::bench
