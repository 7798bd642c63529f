#include "base/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "base/wide.h"

namespace quintet {
namespace {

constexpr std::array<std::int64_t, kMaxScale + 1> kPowers = [] {
  std::array<std::int64_t, kMaxScale + 1> powers{};
  std::int64_t power = 1;
  for (std::size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}();

std::uint64_t magnitude(std::int64_t v) {
  return v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
}

double with_sign(bool negative, double v) {
  return negative && v != 0.0 ? -v : v;
}

// A number's text in parts: 0.DIGITS * 10^point with the digits in two pieces around the dot.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;

  char digit(std::size_t i) const {
    return i < whole.size() ? whole[i] : fraction[i - whole.size()];
  }
  std::size_t size() const { return whole.size() + fraction.size(); }
};

std::string_view take_digits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

Error no_number(std::string_view text) {
  return invalid(text.empty() ? "a number is empty" : "this is not a number");
}

Error too_large(int scale) {
  return invalid("too large for decimal(" + std::to_string(scale) + ")");
}

Expected<Parts> parts_of(std::string_view text) {
  const std::string_view all = text;
  Parts parts;
  if (text.starts_with('-')) {
    parts.negative = true;
    text.remove_prefix(1);
  }
  parts.whole = take_digits(text);
  if (parts.whole.empty()) return no_number(all);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
    if (parts.fraction.empty()) return no_number(all);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool down = text.starts_with('-');
    if (down || text.starts_with('+')) text.remove_prefix(1);
    const std::string_view digits = take_digits(text);
    if (digits.empty()) return no_number(all);
    for (const char c : digits) {
      // Beyond any length a text can have, more changes nothing.
      if (parts.exponent < 1'000'000'000'000) parts.exponent = 10 * parts.exponent + (c - '0');
    }
    if (down) parts.exponent = -parts.exponent;
  }
  if (!text.empty()) return no_number(all);
  return parts;
}

// left / scale against b, where b is at least 0.
int compare_positive(Int128 left, std::int64_t scale, double b) {
  if (left < 0) return -1;
  if (b > 9223372036854775808.0) return -1;
  // b = whole + rest with 0 <= rest < 1, both exact.
  const double whole = std::floor(b);
  const double rest = b - whole;
  left -= static_cast<Int128>(whole) * scale;
  if (left < 0) return -1;
  if (left >= scale) return 1;
  if (rest == 0.0) return left == 0 ? 0 : 1;
  if (left == 0) return -1;
  // rest = m / 2^k: left * 2^k against m * scale, which has at most 113 bits.
  int exponent = 0;
  const Uint128 m = static_cast<std::uint64_t>(std::ldexp(std::frexp(rest, &exponent), 53));
  const int k = 53 - exponent;
  const Uint128 product = m * static_cast<std::uint64_t>(scale);
  if (bit_length(static_cast<Uint128>(left)) + k > 127) return 1;
  const Uint128 shifted = static_cast<Uint128>(left) << k;
  return shifted < product ? -1 : shifted > product ? 1 : 0;
}

// What nearly every number looks like: digits, at most `scale` of them behind a point, and no
// danger of overflow. Nothing for all else, which may be a number all the same.
std::optional<std::int64_t> plain_decimal(std::string_view text, int scale) {
  constexpr std::size_t kSafeDigits = 18;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.size() > kSafeDigits) return std::nullopt;
  std::int64_t value = 0;
  std::size_t digits = 0, whole = 0;
  bool point = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      value = 10 * value + (c - '0');
      ++digits;
    } else if (c == '.' && !point && digits > 0) {
      point = true;
      whole = digits;
    } else {
      return std::nullopt;
    }
  }
  const auto places = static_cast<std::size_t>(scale);
  const std::size_t fraction = point ? digits - whole : 0;
  if (digits == 0 || (point && fraction == 0) || fraction > places) return std::nullopt;
  const std::size_t zeros = places - fraction;
  if (digits + zeros > kSafeDigits) return std::nullopt;
  value *= kPowers[zeros];
  return negative ? -value : value;
}

}  // namespace

std::int64_t power_of_ten(int n) {
  check(n >= 0 && n <= kMaxScale, "a scale outside 0 ... 18");
  return kPowers[static_cast<std::size_t>(n)];
}

Expected<std::int64_t> parse_decimal(std::string_view text, int scale) {
  check(scale >= 0 && scale <= kMaxScale, "a scale outside 0 ... 18");
  if (const auto plain = plain_decimal(text, scale)) return *plain;
  TRY(const Parts parts, parts_of(text));
  std::size_t first = 0;
  std::size_t last = parts.size();
  while (first < last && parts.digit(first) == '0') ++first;
  while (last > first && parts.digit(last - 1) == '0') --last;
  if (first == last) return 0;
  // The mantissa is the digits first ... last-1 and then `zeros` zeros.
  const std::int64_t zeros = static_cast<std::int64_t>(parts.whole.size()) + parts.exponent +
                             scale - static_cast<std::int64_t>(last);
  if (zeros < 0) {
    return invalid("more digits after the point than decimal(" + std::to_string(scale) + ") has");
  }
  if (static_cast<std::int64_t>(last - first) + zeros > 19) return too_large(scale);
  Uint128 value = 0;
  for (std::size_t i = first; i < last; ++i) {
    value = 10 * value + static_cast<unsigned>(parts.digit(i) - '0');
  }
  for (std::int64_t i = 0; i < zeros; ++i) value *= 10;
  const Uint128 most = (Uint128{1} << 63) - (parts.negative ? 0 : 1);
  if (value > most) return too_large(scale);
  const auto bits = static_cast<std::uint64_t>(value);
  return static_cast<std::int64_t>(parts.negative ? ~bits + 1 : bits);
}

void append_decimal(std::string& out, std::int64_t mantissa, int scale) {
  check(scale >= 0 && scale <= kMaxScale, "a scale outside 0 ... 18");
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, magnitude(mantissa));
  check(error == std::errc(), "a whole number longer than 24 characters");
  const auto size = static_cast<std::size_t>(end - digits);
  const auto places = static_cast<std::size_t>(scale);
  if (mantissa < 0) out.push_back('-');
  const std::size_t whole = size > places ? size - places : 0;
  if (whole == 0) out.push_back('0');
  out.append(digits, whole);
  if (places == 0) return;
  out.push_back('.');
  if (size < places) out.append(places - size, '0');
  out.append(digits + whole, size - whole);
}

std::string format_decimal(std::int64_t mantissa, int scale) {
  std::string out;
  append_decimal(out, mantissa, scale);
  return out;
}

double decimal_to_double(std::int64_t mantissa, int scale) {
  return divide({mantissa, scale}, {1, 0});
}

Expected<std::int64_t> parse_int64(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return invalid("too large for int64");
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid(text.empty() ? "a whole number is empty" : "this is not a whole number");
  }
  return value;
}

Expected<double> parse_double(std::string_view text) {
  TRY(const Parts parts, parts_of(text));
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small? Where the first digit that is not zero stands tells.
    std::size_t first = 0;
    while (first < parts.size() && parts.digit(first) == '0') ++first;
    const std::int64_t place = static_cast<std::int64_t>(parts.whole.size()) -
                               static_cast<std::int64_t>(first) + parts.exponent;
    if (place > 0) return invalid("too large for a double");
    return 0.0;
  }
  check(error == std::errc() && end == text.data() + text.size(), "two grammars of a number");
  return value == 0.0 ? 0.0 : value;
}

void append_double(std::string& out, double value) {
  check(std::isfinite(value), "the text of a number that is not finite");
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value == 0.0 ? 0.0 : value);
  check(error == std::errc(), "a double longer than 32 characters");
  out.append(text, end);
}

std::string format_double(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

double divide(Decimal a, Decimal b) {
  check(b.mantissa != 0, "division by zero");
  const bool negative = (a.mantissa < 0) != (b.mantissa < 0);
  const std::uint64_t up = magnitude(a.mantissa);
  const std::uint64_t down = magnitude(b.mantissa);
  // IEEE division rounds once, so it does where both numbers are doubles as they stand.
  constexpr std::uint64_t kWhole = std::uint64_t{1} << 53;
  const auto scale = static_cast<std::uint64_t>(power_of_ten(std::abs(a.scale - b.scale)));
  const Uint128 n = Uint128{up} * (a.scale >= b.scale ? 1 : scale);
  const Uint128 d = Uint128{down} * (a.scale >= b.scale ? scale : 1);
  if (n <= kWhole && d <= kWhole) {
    return with_sign(negative, static_cast<double>(static_cast<std::uint64_t>(n)) /
                                   static_cast<double>(static_cast<std::uint64_t>(d)));
  }
  return with_sign(negative, round_quotient(n, d, 0));
}

double multiply(Decimal a, Decimal b) {
  const bool negative = (a.mantissa < 0) != (b.mantissa < 0);
  const Uint128 product = Uint128{magnitude(a.mantissa)} * magnitude(b.mantissa);
  const Uint128 scale = Uint128(power_of_ten(a.scale)) * Uint128(power_of_ten(b.scale));
  return with_sign(negative, round_quotient(product, scale, 0));
}

int compare(Decimal a, Decimal b) {
  const Int128 left = Int128{a.mantissa} * power_of_ten(b.scale);
  const Int128 right = Int128{b.mantissa} * power_of_ten(a.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

int compare(Decimal a, double b) {
  check(std::isfinite(b), "comparison with a number that is not finite");
  const bool negative = b < 0.0;
  const Int128 left = negative ? -Int128{a.mantissa} : Int128{a.mantissa};
  const int answer = compare_positive(left, power_of_ten(a.scale), negative ? -b : b);
  return negative ? -answer : answer;
}

}  // namespace quintet
