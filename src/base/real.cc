#include "base/real.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "base/wide.h"

namespace quintet::real {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Fractions below are 128 bits after the point, unless they say otherwise.
constexpr Uint128 both(std::uint64_t high, std::uint64_t low) {
  return Uint128{high} << 64 | low;
}

// ln 2 with 192 bits: these 128 and then 64 more.
constexpr Uint128 kLn2 = both(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);
constexpr std::uint64_t kLn2Rest = 0x40f343267298b62d;
constexpr Uint128 kPerLn2 =
    both(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88);  // 127 bits after the point
constexpr Uint128 kPerLn10 = both(0x6f2dec549b9438ca, 0x9aadd557d699ee19);

std::uint64_t low(Uint128 v) {
  return static_cast<std::uint64_t>(v);
}
std::uint64_t high(Uint128 v) {
  return static_cast<std::uint64_t>(v >> 64);
}

// The upper 128 bits of the product.
Uint128 multiply(Uint128 a, Uint128 b) {
  const Uint128 cross = Uint128{high(a)} * low(b);
  const Uint128 other = Uint128{low(a)} * high(b);
  const Uint128 middle = Uint128{low(cross)} + low(other) + high(Uint128{low(a)} * low(b));
  return Uint128{high(a)} * high(b) + high(cross) + high(other) + high(middle);
}

// The upper 128 bits of the product of 128 and 64 bits.
Uint128 multiply(Uint128 a, std::uint64_t b) {
  return Uint128{high(a)} * b + high(Uint128{low(a)} * b);
}

// floor(v * n / d) where v * n may be too long.
constexpr Uint128 scaled(Uint128 v, std::uint64_t n, std::uint64_t d) {
  return v / d * n + v % d * n / d;
}

// exp(i / d) with 127 bits after the point, by its series.
constexpr Uint128 exp_of_quotient(std::uint64_t i, std::uint64_t d) {
  Uint128 term = Uint128{1} << 127;
  Uint128 sum = 0;
  for (std::uint64_t n = 1; term != 0; ++n) {
    sum += term;
    term = scaled(term, i, n * d);
  }
  return sum;
}

template <std::size_t kSize>
constexpr std::array<Uint128, kSize> exp_table(std::uint64_t d) {
  std::array<Uint128, kSize> table{};
  for (std::size_t i = 0; i < kSize; ++i) table[i] = exp_of_quotient(i, d);
  return table;
}

constexpr auto kExp64 = exp_table<45>(64);      // exp(i / 64) up to beyond ln 2
constexpr auto kExp4096 = exp_table<64>(4096);  // exp(i / 4096)

// 1 / n!, rounded down.
constexpr auto kPerFactorial = [] {
  std::array<Uint128, 10> table{};
  Uint128 factorial = 1;
  for (std::uint64_t n = 2; n < 10; ++n) {
    factorial *= n;
    table[n] = ~Uint128{0} / factorial;
  }
  return table;
}();

// For the cell [1 + i/128, 1 + (i+1)/128) a number near 512 over its middle. At both ends it is a
// power of two, so that log is exact to the last bit around 1.
constexpr std::uint64_t reciprocal(std::uint64_t i) {
  if (i == 0) return 512;
  if (i == 127) return 256;
  return (2 * 512 * 256 + (257 + 2 * i)) / (2 * (257 + 2 * i));
}
// From here on the cell counts as above 1/2, not above 1: it is nearer to 2.
constexpr std::uint64_t kUpperCells = 53;

// |ln(base / reciprocal(i))|, base 512 or, in the upper cells, 256: 2 atanh((base - r) / (base +
// r)).
constexpr auto kLogOfCell = [] {
  std::array<Uint128, 128> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    const std::uint64_t r = reciprocal(i);
    const std::uint64_t base = i < kUpperCells ? 512 : 256;
    const std::uint64_t a = base > r ? base - r : r - base;
    const std::uint64_t b = base + r;
    Uint128 power = scaled(~Uint128{0}, 4 * a, b);  // all four times, for more bits
    for (std::uint64_t n = 1; power != 0; n += 2) {
      table[i] += power / n;
      power = scaled(power, a * a, b * b);
    }
    table[i] >>= 1;
  }
  return table;
}();

// 2^(-7 n) / (n + 1), the series of ln(1 + z) / z in z * 2^7.
constexpr auto kLogSeries = [] {
  std::array<Uint128, 19> table{};
  for (std::uint64_t n = 1; n < table.size(); ++n) {
    table[n] = (~Uint128{0} / (n + 1)) >> (7 * n);
  }
  return table;
}();

// A number m * 2^exponent with the top bit of m set, or zero.
struct Number {
  Uint128 m = 0;
  int exponent = 0;
  bool negative = false;
};

// A positive double as m * 2^exponent, m with 53 bits.
struct Parts {
  std::uint64_t m;
  int exponent;
};

Parts parts_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto field = static_cast<int>(bits >> 52 & 0x7ff);
  const std::uint64_t m = bits & ((std::uint64_t{1} << 52) - 1);
  if (field != 0) return {m | std::uint64_t{1} << 52, field - 1075};
  const int shift = 53 - bit_length(m);
  return {m << shift, -1074 - shift};
}

double rounded(const Number& v) {
  const double magnitude = round_to_double(v.m, v.m != 0, v.exponent);
  return v.negative && magnitude != 0.0 ? -magnitude : magnitude;
}

// exp(x) for 2^-60 < |x| < 2^10, where `near` is x as a double or nearly so.
double exp_of(const Number& x, double near) {
  // x = k ln 2 + r. k is right but for r around 0 or ln 2, and both ends have room.
  const double k_real = std::floor(near * 0x1.71547652b82fep+0);
  const auto k = static_cast<int>(k_real);
  // |x| modulo 1; the whole part cancels with that of k ln 2.
  const int shift = x.exponent + 128;
  const Uint128 fraction = shift >= 0 ? x.m << shift : x.m >> -shift;
  const auto count = static_cast<std::uint64_t>(std::abs(k));
  const Uint128 whole_ln2 = kLn2 * count + high(Uint128{kLn2Rest} * count);
  Uint128 r = x.negative ? whole_ln2 - fraction : fraction - whole_ln2;
  int exponent = k;
  if (high(r) >> 60 == 15) {  // a little below 0
    r += kLn2;
    --exponent;
  }
  const auto coarse = static_cast<std::size_t>(r >> 122);
  const auto fine = static_cast<std::size_t>(r >> 116 & 63);
  const Uint128 rest = r & ((Uint128{1} << 116) - 1);  // below 2^-12
  Uint128 p = kPerFactorial[9];
  for (std::size_t n = 8; n >= 2; --n) p = kPerFactorial[n] + multiply(rest, p);
  const Uint128 less_one = rest + multiply(rest, multiply(rest, p));
  const Uint128 start = multiply(kExp64[coarse], kExp4096[fine]);  // 126 bits after the point
  return rounded({start + multiply(start, less_one), exponent - 126, false});
}

// |z| (1 + or - t) for z = offset / 2^61, the natural logarithm of 1 + z.
Number log_near_one(std::int64_t offset) {
  if (offset == 0) return {};
  const bool negative = offset < 0;
  const auto magnitude = static_cast<std::uint64_t>(negative ? -offset : offset);
  const std::uint64_t w = magnitude << 10;  // |z| * 2^7, 64 bits after the point
  Uint128 p = kLogSeries[18];
  for (std::size_t n = 17; n >= 1; --n) {
    p = negative ? kLogSeries[n] + multiply(p, w) : kLogSeries[n] - multiply(p, w);
  }
  const Uint128 t = multiply(p, w);
  const int shift = 63 - bit_length(magnitude);
  const std::uint64_t top = magnitude << shift;  // 63 bits, to have room for 1 + t
  const Uint128 change = multiply(t, top);
  const Uint128 m = (Uint128{top} << 64) + (negative ? change : ~change + 1);
  return {m, -61 - shift - 64, negative};
}

// ln x for x > 0, with a relative error below 2^-110.
Number log_of(double x) {
  const Parts parts = parts_of(x);
  const std::uint64_t cell = parts.m >> 45 & 127;
  const bool upper = cell >= kUpperCells;
  const int k = parts.exponent + 52 + (upper ? 1 : 0);
  const auto offset =
      static_cast<std::int64_t>(parts.m * reciprocal(cell) - (std::uint64_t{1} << 61));
  const Number near = log_near_one(offset);
  const Uint128 of_cell = kLogOfCell[cell];
  if (k == 0 && of_cell == 0) return near;
  // k ln 2 + of_cell + near as a whole part and 128 bits, in two's complement.
  const auto count = static_cast<std::uint64_t>(std::abs(k));
  const Uint128 middle = Uint128{low(kLn2)} * count + high(Uint128{kLn2Rest} * count);
  const Uint128 upper_part = Uint128{high(kLn2)} * count + high(middle);
  Uint128 fraction = both(low(upper_part), low(middle));
  auto whole = static_cast<std::int64_t>(high(upper_part));
  const auto negate = [&] {
    fraction = ~fraction + 1;
    whole = ~whole + (fraction == 0 ? 1 : 0);
  };
  const auto add = [&](Uint128 v, bool negative) {
    const Uint128 sum = negative ? fraction - v : fraction + v;
    if (negative ? v > fraction : sum < v) whole += negative ? -1 : 1;
    fraction = sum;
  };
  if (k < 0) negate();
  add(of_cell, upper);
  if (near.m != 0) add(near.m >> -(near.exponent + 128), near.negative);
  Number sum;
  sum.negative = whole < 0;
  if (sum.negative) negate();
  const int shift =
      whole != 0 ? -bit_length(static_cast<std::uint64_t>(whole)) : 128 - bit_length(fraction);
  sum.m = shift >= 0
              ? fraction << shift
              : Uint128{static_cast<std::uint64_t>(whole)} << (128 + shift) | fraction >> -shift;
  sum.exponent = -128 - shift;
  return sum;
}

// v * factor, where factor has `bits` bits after the point.
Number times(const Number& v, Uint128 factor, int bits) {
  return {multiply(v.m, factor), v.exponent + 128 - bits, v.negative};
}

bool is_whole(double y) {
  return std::floor(y) == y;
}

bool is_odd(double y) {
  return is_whole(y) && std::floor(y / 2) != y / 2;
}

// The root if m is a square.
bool take_root(std::uint64_t& m) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(m)));
  if (root * root != m) return false;
  m = root;
  return true;
}

// x^y where that is a number of at most 64 bits times a power of two, which is the only case where
// it can lie exactly between two doubles. x > 0.
bool exact_power(double x, double y, double& power) {
  Parts base = parts_of(x);
  const int zeros = std::countr_zero(base.m);
  base.m >>= zeros;
  base.exponent += zeros;
  Parts times = parts_of(std::abs(y));
  times.exponent += std::countr_zero(times.m);
  times.m >>= std::countr_zero(times.m);
  // A fraction of n / 2^f asks for f square roots.
  for (; times.exponent < 0; ++times.exponent) {
    if (base.exponent % 2 != 0 || !take_root(base.m)) return false;
    base.exponent /= 2;
    if (base.m == 1 && base.exponent == 0) return false;
  }
  if (times.exponent > 12 || times.m >> 12 != 0) return false;
  const auto n = static_cast<int>(times.m << times.exponent);
  if (base.m != 1 && (y < 0 || n > 40)) return false;
  Uint128 m = 1;
  for (int i = 0; base.m != 1 && i < n; ++i) {
    m *= base.m;
    if (high(m) != 0) return false;
  }
  const std::int64_t exponent = std::int64_t{base.exponent} * (y < 0 ? -n : n);
  if (std::abs(exponent) > 5000) return false;
  power = round_to_double(m, false, static_cast<int>(exponent));
  return true;
}

// x^y for x > 0, x not 1, y not 0.
double power_of(double x, double y) {
  double exact = 0.0;
  if (exact_power(x, y, exact)) return exact;
  const Parts parts = parts_of(std::abs(y));
  Number t = times(log_of(x), Uint128{parts.m} << 75, 75);
  t.exponent += parts.exponent;
  t.negative = t.negative != (y < 0);
  const int length = bit_length(t.m) + t.exponent;
  if (length > 10) return t.negative ? 0.0 : kInfinity;
  if (length < -55) return 1.0;
  const double near = rounded(t);
  if (near > 710.0) return kInfinity;
  if (near < -746.0) return 0.0;
  return exp_of(t, near);
}

}  // namespace

double exp(double x) {
  if (std::isnan(x)) return kNaN;
  if (x > 710.0) return kInfinity;
  if (x < -746.0) return 0.0;
  const double magnitude = std::abs(x);
  if (magnitude < 0x1p-54) return 1.0;
  const Parts parts = parts_of(magnitude);
  return exp_of({parts.m, parts.exponent, x < 0}, x);
}

double log(double x) {
  if (!(x >= 0) || x == kInfinity) return x == kInfinity ? x : kNaN;
  return x == 0 ? -kInfinity : rounded(log_of(x));
}

double log2(double x) {
  if (!(x > 0) || x == kInfinity) return log(x);
  return rounded(times(log_of(x), kPerLn2, 127));
}

double log10(double x) {
  if (!(x > 0) || x == kInfinity) return log(x);
  return rounded(times(log_of(x), kPerLn10, 128));
}

double pow(double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y)) return kNaN;
  if (y == 0 || x == 1) return 1.0;
  if (x == 0) return y > 0 ? 0.0 : kInfinity;
  if (x > 0) return power_of(x, y);
  if (!is_whole(y)) return kNaN;
  const double magnitude = x == -1 ? 1.0 : power_of(-x, y);
  return is_odd(y) && magnitude != 0.0 ? -magnitude : magnitude;
}

}  // namespace quintet::real
