// Whole numbers wider than 64 bits and the one rounding that turns them into a double. Everything
// that promises "the exact value rounded once" (decimals, sums, exp, log) ends here. Integer
// arithmetic alone, so the answer is the same on every CPU and in every rounding mode. Any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace quintet {

__extension__ typedef unsigned __int128 Uint128;
__extension__ typedef __int128 Int128;

// How many bits the number needs; 0 for zero.
inline int bit_length(std::uint64_t v) {
  return 64 - std::countl_zero(v);
}
inline int bit_length(Uint128 v) {
  const auto high = static_cast<std::uint64_t>(v >> 64);
  return high != 0 ? 64 + bit_length(high) : bit_length(static_cast<std::uint64_t>(v));
}
// Of a number given as limbs of 64 bits, lowest first.
int bit_length(std::span<const std::uint64_t> limbs);

// The double nearest to v * 2^exponent, ties to even; infinity from 2^1024 - 2^970 on. `more` says
// that the true value lies strictly between v and v + 1; v then has 54 bits or more (checked).
double round_to_double(Uint128 v, bool more, int exponent);

// The double nearest to numerator / denominator * 2^exponent, ties to even, by one exact division.
// Limbs of 64 bits, lowest first, of any count; zero limbs on top are allowed. The denominator has
// at most 8 limbs and is not zero (checked).
double round_quotient(std::span<const std::uint64_t> numerator,
                      std::span<const std::uint64_t> denominator, int exponent);
// The same where both fit into 128 bits.
double round_quotient(Uint128 numerator, Uint128 denominator, int exponent);

}  // namespace quintet
