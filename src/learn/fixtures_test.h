// For tests: the model files of test/fixtures/models, and numbers that are the same in every run.
#pragma once

#include <bit>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace quintet::learn {

inline std::string fixture(const std::string& name) {
  std::ifstream in(std::string(QUINTET_FIXTURES) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A sequence of numbers that look random (splitmix64).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  // Mostly small, sometimes missing, infinite or any float at all.
  float value() {
    switch (below(12)) {
      case 0: return std::numeric_limits<float>::quiet_NaN();
      case 1: return std::bit_cast<float>(static_cast<std::uint32_t>(next()));
      case 2: return std::numeric_limits<float>::infinity();
      case 3: return -0.0f;
      default: return static_cast<float>(below(4'000)) / 1'000 - 2;
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace quintet::learn
