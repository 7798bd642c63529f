// Inputs as a careless sender would send them: some lines twice, some later than their place. All
// of it by a seed, so that the same disturbed files come out on every machine. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tool/input.h"

namespace quintet::tool {

struct Disturbance {
  std::uint64_t seed = 1;
  double duplicates = 0;  // percent of the lines
  double late = 0;
  bool any() const { return duplicates > 0 || late > 0; }
};

// How far a line is moved at most, in lines of its file.
inline constexpr std::uint64_t kFurthest = 200;

// The n-th number of a seed; the same everywhere (splitmix64).
std::uint64_t seeded(std::uint64_t seed, std::uint64_t n);

// Writes the files anew below `directory`, under their own names and uncompressed, with at most
// `most` lines each (0: all), and names those instead. A header stays in its place.
Expected<std::vector<InputFile>> disturbed(const std::vector<InputFile>& inputs,
                                           const Disturbance& how, std::uint64_t most,
                                           const std::string& directory);

}  // namespace quintet::tool
