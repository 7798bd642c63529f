// What the numbers of an expression need beyond base/decimal.h. Pure functions, whole-number
// arithmetic alone, so the answer is the same on every CPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/decimal.h"

namespace quintet::expr {

// Whole numbers up to here are doubles as they stand: IEEE division of two rounds once.
inline bool small(std::int64_t i) {
  return i >= -(std::int64_t{1} << 53) && i <= std::int64_t{1} << 53;
}

// The mantissa at a larger or equal scale; nothing if it does not fit.
std::optional<std::int64_t> rescale(std::int64_t mantissa, int from, int to);

// A literal's digits ("-12.50", "1e-3") as a decimal with the fewest places; nothing if it has more
// than 18 places or does not fit. The text must be a number (the lexer's).
std::optional<Decimal> fewest_places(std::string_view digits);

// To a whole number: down, up, to nearest with halves away from zero. Exact.
double floor_real(double x);
double ceil_real(double x);
// To nearest at 0 ... 15 places, halves of the exact value away from zero, rounded once to double.
double round_real(double x, int digits);
std::int64_t floor_divide(std::int64_t a, std::int64_t b);  // b > 0

}  // namespace quintet::expr
