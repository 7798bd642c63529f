// The named hash: XXH3, whose values are fixed for ever by its specification. It decides shards,
// canaries and sketches, so it is part of the semantics version; it is no protection against
// someone who chooses the input (use base/digest.h for that). Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace quintet {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// XXH3 with 128 bits; high and low as XXH128_hash_t names them.
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);
// XXH3 with 64 bits.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace quintet
