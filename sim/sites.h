// Rare paths by name: where a run may go wrong on purpose, and how often it did. A name that no run
// of many seeds ever took is a hole in the tests, so the runner reports it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/random.h"

namespace quintet::sim {

class Sites {
 public:
  explicit Sites(Random& random) : random_(random) {}

  // True with probability p while the run is in its wild phase. Counts both ways.
  bool maybe(const char* name, double p) {
    Count& count = counts_[name];
    ++count.asked;
    const bool taken = wild && random_.chance(p);
    if (taken) ++count.taken;
    return taken;
  }
  void expect(const char* name) { counts_[name]; }
  // For what happens by itself and shall be seen to happen.
  void saw(const char* name) {
    ++counts_[name].asked;
    ++counts_[name].taken;
  }

  bool wild = true;

  struct Count {
    std::uint64_t asked = 0, taken = 0;
  };
  const std::map<std::string, Count>& counts() const { return counts_; }

 private:
  Random& random_;
  std::map<std::string, Count> counts_;
};

}  // namespace quintet::sim
