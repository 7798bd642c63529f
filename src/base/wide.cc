#include "base/wide.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace quintet {
namespace {

constexpr int kMostLimbs = 8;  // of a denominator
using Limbs = std::array<std::uint64_t, kMostLimbs + 2>;

std::uint64_t low(Uint128 v) {
  return static_cast<std::uint64_t>(v);
}

double power_of_two(int exponent) {
  const auto e = static_cast<std::uint64_t>(exponent);
  return std::bit_cast<double>(exponent >= -1022 ? (e + 1023) << 52
                                                 : std::uint64_t{1} << (e + 1074));
}

// The 64 bits of the number that start at bit `at`, which may be negative (zeros come in).
std::uint64_t bits_at(std::span<const std::uint64_t> limbs, int at) {
  const int word = at >= 0 ? at / 64 : -((63 - at) / 64);
  const int bit = at - 64 * word;
  const auto limb = [&](int i) {
    return i >= 0 && i < static_cast<int>(limbs.size()) ? limbs[static_cast<std::size_t>(i)] : 0;
  };
  return bit == 0 ? limb(word) : limb(word) >> bit | limb(word + 1) << (64 - bit);
}

bool any_bit_below(std::span<const std::uint64_t> limbs, int at) {
  for (int i = 0; 64 * i < at; ++i) {
    const std::uint64_t limb = limbs[static_cast<std::size_t>(i)];
    if ((at - 64 * i >= 64 ? limb : limb << (64 - (at - 64 * i))) != 0) return true;
  }
  return false;
}

// n[0..size] -= d[0..size) * q, the last limb taking the borrow; true if the result is negative.
bool subtract_product(Limbs& n, const Limbs& d, int size, std::uint64_t q) {
  std::uint64_t carry = 0;
  std::uint64_t borrow = 0;
  for (int i = 0; i <= size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Uint128 product = Uint128{i < size ? d[at] : 0} * q + carry;
    carry = low(product >> 64);
    const Uint128 difference = Uint128{n[at]} - low(product) - borrow;
    n[at] = low(difference);
    borrow = low(difference >> 64) & 1;
  }
  return borrow != 0;
}

void add_back(Limbs& n, const Limbs& d, int size) {
  std::uint64_t carry = 0;
  for (int i = 0; i <= size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Uint128 sum = Uint128{n[at]} + (i < size ? d[at] : 0) + carry;
    n[at] = low(sum);
    carry = low(sum >> 64);
  }
}

// The quotient of n (size + 1 limbs, top bit set) by d (size limbs, top bit set): 64 or 65 bits.
// Schoolbook division (Knuth, TAOCP 2, 4.3.1, D) with two digits; n becomes the remainder.
Uint128 divide(Limbs& n, const Limbs& d, int size) {
  const auto top = static_cast<std::size_t>(size);
  // The first digit is 0 or 1: does the divisor fit into the upper limbs?
  bool fits = true;
  for (int i = size - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    if (n[at + 1] == d[at]) continue;
    fits = n[at + 1] > d[at];
    break;
  }
  if (fits) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < top; ++i) {
      const Uint128 difference = Uint128{n[i + 1]} - d[i] - borrow;
      n[i + 1] = low(difference);
      borrow = low(difference >> 64) & 1;
    }
  }
  std::uint64_t digit = ~std::uint64_t{0};
  if (n[top] < d[top - 1]) {
    digit = low((Uint128{n[top]} << 64 | n[top - 1]) / d[top - 1]);
  }
  // The estimate is never too small and at most two too large.
  if (subtract_product(n, d, size, digit)) {
    --digit;
    add_back(n, d, size);
    if (n[top] != 0) {
      --digit;
      add_back(n, d, size);
    }
  }
  return Uint128{fits ? 1u : 0u} << 64 | digit;
}

// The same for the usual case, with one division.
double round_short_quotient(Uint128 numerator, std::uint64_t denominator, int exponent) {
  const int n_shift = 128 - bit_length(numerator);
  const int d_shift = std::countl_zero(denominator);
  const Uint128 n = numerator << n_shift;
  const std::uint64_t d = denominator << d_shift;
  std::uint64_t top = low(n >> 64);
  const bool fits = top >= d;
  if (fits) top -= d;
  const Uint128 rest = Uint128{top} << 64 | low(n);
  const std::uint64_t digit = low(rest / d);
  const bool more = rest != Uint128{digit} * d;
  return round_to_double(Uint128{fits ? 1u : 0u} << 64 | digit, more, exponent - n_shift + d_shift);
}

}  // namespace

int bit_length(std::span<const std::uint64_t> limbs) {
  for (std::size_t i = limbs.size(); i > 0; --i) {
    if (limbs[i - 1] != 0) return static_cast<int>(64 * (i - 1)) + bit_length(limbs[i - 1]);
  }
  return 0;
}

double round_to_double(Uint128 v, bool more, int exponent) {
  if (v == 0 && !more) return 0.0;
  const int length = bit_length(v);
  if (length + exponent > 1024) return std::bit_cast<double>(0x7ff0000000000000u);
  // The last bit of a double of this size weighs 2^unit.
  const int unit = std::max(length + exponent - 53, -1074);
  const int drop = unit - exponent;
  if (drop <= 0) {
    check(!more, "too few bits to round");
    return static_cast<double>(low(v << -drop)) * power_of_two(unit);
  }
  std::uint64_t kept = drop >= 128 ? 0 : low(v >> drop);
  const Uint128 half = drop > 128 ? 0 : Uint128{1} << (drop - 1);
  const Uint128 rest = drop >= 128 ? v : v & ((half << 1) - 1);
  const bool up = half != 0 && (rest > half || (rest == half && (more || (kept & 1) != 0)));
  if (up) ++kept;
  return static_cast<double>(kept) * power_of_two(unit);
}

double round_quotient(std::span<const std::uint64_t> numerator,
                      std::span<const std::uint64_t> denominator, int exponent) {
  const int n_bits = bit_length(numerator);
  const int d_bits = bit_length(denominator);
  check(d_bits > 0 && d_bits <= 64 * kMostLimbs, "a denominator that is zero or too long");
  if (n_bits == 0) return 0.0;
  // Both are shifted so that their top bits fill a limb and the quotient has 64 or 65 bits.
  const int size = (d_bits + 63) / 64;
  const int d_shift = 64 * size - d_bits;
  const int n_shift = 64 * (size + 1) - n_bits;
  Limbs n;
  Limbs d;
  for (int i = 0; i <= size; ++i) {
    const auto at = static_cast<std::size_t>(i);
    n[at] = bits_at(numerator, 64 * i - n_shift);
    d[at] = i < size ? bits_at(denominator, 64 * i - d_shift) : 0;
  }
  const Uint128 quotient = divide(n, d, size);
  bool more = any_bit_below(numerator, -n_shift);
  for (int i = 0; i <= size; ++i) more = more || n[static_cast<std::size_t>(i)] != 0;
  return round_to_double(quotient, more, exponent - n_shift + d_shift);
}

double round_quotient(Uint128 numerator, Uint128 denominator, int exponent) {
  if (numerator != 0 && denominator != 0 && denominator >> 64 == 0) {
    return round_short_quotient(numerator, low(denominator), exponent);
  }
  const std::uint64_t n[2] = {low(numerator), low(numerator >> 64)};
  const std::uint64_t d[2] = {low(denominator), low(denominator >> 64)};
  return round_quotient(n, d, exponent);
}

}  // namespace quintet
