// What a bench measures, as run.py reads it: one line of JSON a figure on standard output. A round
// is floor, ours, ours, floor, measured one after the other in this run; run.py makes the ratios
// and refuses those whose two floor ends differ too much. Any other line of output is for people.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "base/json_out.h"

namespace quintet::bench {

// `first` and `last` are the floor's two ends.
struct Round {
  double first = 0;
  std::vector<double> ours;
  double last = 0;
  std::vector<std::pair<std::string, double>> peers = {};
};

// What a figure is held against: `of` is "ours/floor", "floor/ours", "NAME/ours" of a peer, or
// "ours" alone.
struct Goal {
  std::string of;
  std::string bound;  // at_most, at_least
  double value = 0;
};

class Figure {
 public:
  Figure(std::string name, std::string unit, std::string floor, std::vector<Goal> goals = {})
      : name_(std::move(name)),
        unit_(std::move(unit)),
        floor_(std::move(floor)),
        goals_(std::move(goals)) {}

  void add(Round round) { rounds_.push_back(std::move(round)); }

  void print() const {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("figure", name_).field("unit", unit_).field("floor", floor_);
    json.key("goals").begin_array();
    for (const Goal& goal : goals_) {
      json.begin_object().field("of", goal.of).key(goal.bound).real(goal.value).end_object();
    }
    json.end_array().key("rounds").begin_array();
    for (const Round& round : rounds_) {
      json.begin_object().key("floor").begin_array();
      if (!floor_.empty()) json.real(round.first).real(round.last);
      json.end_array().key("ours").begin_array();
      for (const double value : round.ours) json.real(value);
      json.end_array().key("peers").begin_object();
      for (const auto& [peer, value] : round.peers) json.key(peer).real(value);
      json.end_object().end_object();
    }
    json.end_array().end_object();
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  }

 private:
  std::string name_, unit_, floor_;
  std::vector<Goal> goals_;
  std::vector<Round> rounds_;
};

[[noreturn]] inline void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

// The calling thread, and what it starts from now on, runs on this core alone.
inline void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
    std::fprintf(stderr, "not pinned: core %d cannot be had\n", core);
  }
}

inline double seconds_on(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// `part` in 0..1, as 0.99; sorts the values.
inline double quantile(std::vector<double>& values, double part) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

}  // namespace quintet::bench
