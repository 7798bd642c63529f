// Numbers as text and exact arithmetic between them. A decimal(n) is an int64 mantissa that stands
// for mantissa / 10^n; it never passes through a double on its way in. Doubles are finite here:
// text for NaN or infinity is refused, and -0 is 0. Scales are 0 ... kMaxScale (checked). Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "base/limits.h"

namespace quintet {

// 10^n for n in 0 ... 18.
std::int64_t power_of_ten(int n);

// [-]digits[.digits][(e|E)[+|-]digits], nothing before or after. "12.3" at scale 2 is 1230, and so
// is "1.23e1". Digits beyond the scale are refused unless they are zeros, as is a mantissa beyond
// int64; both are Code::invalid.
Expected<std::int64_t> parse_decimal(std::string_view text, int scale);
// With all digits of the scale: 1230 at scale 2 is "12.30"; -5 at scale 2 is "-0.05".
std::string format_decimal(std::int64_t mantissa, int scale);
void append_decimal(std::string& out, std::int64_t mantissa, int scale);
// The double nearest to mantissa / 10^scale, ties to even.
double decimal_to_double(std::int64_t mantissa, int scale);

// [-]digits, nothing else.
Expected<std::int64_t> parse_int64(std::string_view text);
// The grammar of parse_decimal; the nearest double. Beyond the largest double is refused; what is
// below the least one is 0.
Expected<double> parse_double(std::string_view text);
// The shortest text that reads back as the same double ("0.1", "1e+300"); "0" for -0. The double is
// finite (checked).
std::string format_double(double value);
void append_double(std::string& out, double value);

// A whole number over a power of ten: an int64 has scale 0.
struct Decimal {
  std::int64_t mantissa = 0;
  int scale = 0;
};

// a / b rounded once, ties to even. b is not zero (checked).
double divide(Decimal a, Decimal b);
// a * b rounded once, ties to even.
double multiply(Decimal a, Decimal b);
// By exact value: negative, 0 or positive as a is less than, equal to or greater than b.
int compare(Decimal a, Decimal b);
int compare(Decimal a, double b);  // b is finite (checked)

}  // namespace quintet
