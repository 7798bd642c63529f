#include "expr/number.h"

#include <bit>

#include "base/wide.h"

namespace quintet::expr {
namespace {

struct Parts {
  std::uint64_t fraction;  // below 2^53
  int exponent;
};
// |x| = fraction * 2^exponent for a finite x.
Parts parts(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const int e = static_cast<int>(bits >> 52 & 0x7ff);
  const std::uint64_t f = bits & ((std::uint64_t{1} << 52) - 1);
  return e == 0 ? Parts{f, -1074} : Parts{f | std::uint64_t{1} << 52, e - 1075};
}

}  // namespace

std::optional<std::int64_t> rescale(std::int64_t mantissa, int from, int to) {
  std::int64_t out = 0;
  if (to < from || __builtin_mul_overflow(mantissa, power_of_ten(to - from), &out)) {
    return std::nullopt;
  }
  return out;
}

std::optional<Decimal> fewest_places(std::string_view digits) {
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  Decimal out;
  const bool negative = begin != end && *begin == '-';
  if (negative) ++begin;
  bool point = false;
  std::int64_t exponent = 0, zeros = 0;  // zeros: at the end, not yet taken
  for (; begin != end && *begin != 'e' && *begin != 'E'; ++begin) {
    if (*begin == '.') {
      point = true;
      continue;
    }
    if (point) --exponent;
    if (*begin == '0') {
      ++zeros;
      continue;
    }
    for (; zeros >= 0; --zeros) {
      if (__builtin_mul_overflow(out.mantissa, 10, &out.mantissa)) return std::nullopt;
    }
    zeros = 0;
    const int digit = *begin - '0';
    if (__builtin_add_overflow(out.mantissa, negative ? -digit : digit, &out.mantissa)) {
      return std::nullopt;
    }
  }
  exponent += zeros;
  if (begin != end) {
    const bool down = *++begin == '-';
    if (*begin == '+' || *begin == '-') ++begin;
    std::int64_t written = 0;
    for (; begin != end; ++begin)
      written = std::min<std::int64_t>(written * 10 + (*begin - '0'), 9999);
    exponent += down ? -written : written;
  }
  if (out.mantissa == 0) return Decimal{};
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(out.mantissa, 10, &out.mantissa)) return std::nullopt;
  }
  if (-exponent > kMaxScale) return std::nullopt;
  out.scale = static_cast<int>(-exponent);
  return out;
}

double floor_real(double x) {
  if (!(x > -0x1p52 && x < 0x1p52)) return x;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole > x ? whole - 1 : whole;
}

double ceil_real(double x) {
  return -floor_real(-x);
}

double round_real(double x, int digits) {
  if (!(x > -0x1p52 && x < 0x1p52)) return x;
  const Parts p = parts(x);  // p.exponent < 0
  const Uint128 scaled = Uint128{p.fraction} * static_cast<Uint128>(power_of_ten(digits));
  if (p.exponent < -126) return 0;  // scaled is below 2^103
  const Uint128 half = Uint128{1} << (-p.exponent - 1);
  const Uint128 whole = (scaled + half) >> -p.exponent;
  const double r = round_quotient(whole, static_cast<Uint128>(power_of_ten(digits)), 0);
  return x < 0 ? -r : r;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

}  // namespace quintet::expr
