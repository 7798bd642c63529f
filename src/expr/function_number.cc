// abs, sign, rounding, roots, powers and logarithms. exp, log and pow are Quintet's own (S6.6).
#include <cmath>

#include "base/real.h"
#include "expr/number.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

constexpr Parameter kMagnitude[] = {{"x", Accepts::magnitude}};
constexpr Parameter kNumber[] = {{"x", Accepts::number}};
constexpr Parameter kReal[] = {{"x", Accepts::real}};
constexpr Parameter kRound[] = {{"x", Accepts::number}, {"digits", Accepts::int64, true}};
constexpr Parameter kPow[] = {{"x", Accepts::real}, {"y", Accepts::real}};

constexpr Example kAbs[] = {{"abs(-3)", "3"},
                            {"abs(amount - 20)", "7.50"},
                            {"abs(-2h)", "2h"},
                            {"abs(-9223372036854775808)", "null"}};
constexpr Example kSign[] = {{"sign(-2.5)", "-1"}, {"sign(0)", "0"}, {"sign(amount)", "1"}};
constexpr Example kFloor[] = {
    {"floor(2.7)", "2"}, {"floor(-2.1)", "-3"}, {"floor(amount)", "12.00"}, {"floor(n)", "7"}};
constexpr Example kCeil[] = {{"ceil(2.1)", "3"}, {"ceil(-2.7)", "-2"}, {"ceil(amount)", "13.00"}};
constexpr Example kRoundExamples[] = {{"round(2.5)", "3"},
                                      {"round(-2.5)", "-3"},
                                      {"round(2.345, 2)", "2.35"},
                                      {"round(amount)", "13.00"},
                                      {"round(12.34, digits = 1)", "12.3"}};
constexpr Example kSqrt[] = {{"sqrt(2.25)", "1.5"}, {"sqrt(-1)", "null"}};
constexpr Example kExp[] = {
    {"exp(0)", "1"}, {"exp(1)", "2.718281828459045"}, {"exp(1000)", "null"}};
constexpr Example kLog[] = {{"log(1)", "0"}, {"log(10)", "2.302585092994046"}, {"log(0)", "null"}};
constexpr Example kLog2[] = {{"log2(8)", "3"}, {"log2(0.25)", "-2"}, {"log2(-1)", "null"}};
constexpr Example kLog10[] = {{"log10(1000)", "3"}, {"log10(0.01)", "-2"}, {"log10(0)", "null"}};
constexpr Example kPowExamples[] = {{"pow(2, 10)", "1024"},
                                    {"pow(4, 0.5)", "2"},
                                    {"pow(-8, 0.5)", "null"},
                                    {"pow(10, 400)", "null"}};

constexpr std::string_view kGroup = "Numbers";
constexpr Function kTable[] = {
    {FunctionId::abs, "abs", kMagnitude, "as x", kGroup, "x without its sign.", kAbs},
    {FunctionId::sign, "sign", kMagnitude, "int64", kGroup, "-1, 0 or 1.", kSign},
    {FunctionId::floor, "floor", kNumber, "as x", kGroup, "The largest whole number not above x.",
     kFloor},
    {FunctionId::ceil, "ceil", kNumber, "as x", kGroup, "The smallest whole number not below x.",
     kCeil},
    {FunctionId::round, "round", kRound, "as x", kGroup,
     "x to the nearest number with `digits` (a literal, 0 to 15, 0 if left out) places; halves go "
     "away from zero.",
     kRoundExamples},
    {FunctionId::sqrt, "sqrt", kReal, "double", kGroup,
     "The square root; null and a domain error below zero.", kSqrt},
    {FunctionId::exp, "exp", kReal, "double", kGroup, "e to the power of x.", kExp},
    {FunctionId::log, "log", kReal, "double", kGroup,
     "The natural logarithm; null and a domain error at zero and below.", kLog},
    {FunctionId::log2, "log2", kReal, "double", kGroup,
     "The logarithm to base 2, exact for powers of 2.", kLog2},
    {FunctionId::log10, "log10", kReal, "double", kGroup,
     "The logarithm to base 10, exact for powers of 10.", kLog10},
    {FunctionId::pow, "pow", kPow, "double", kGroup, "x to the power of y.", kPowExamples},
};

// Infinity came from finite input: too large. NaN: not defined there.
Value real_or_fault(Frame& frame, double d) {
  if (std::isfinite(d)) return Value::real(d);
  return frame.fail(std::isnan(d) ? Fault::domain : Fault::overflow);
}

Operand abs_function(Call& call) {
  const Type type = call.type(0);
  if (type.kind == Kind::real) {
    return call.made1(type, [](Frame&, Value v) {
      return Value::real(v.as_real() < 0 ? -v.as_real() : v.as_real());
    });
  }
  return call.made1(type, [](Frame& frame, Value v) {
    if (v.as_int64() >= 0) return v;
    if (v.as_int64() == INT64_MIN) return frame.fail(Fault::overflow);
    const std::int64_t x = -v.as_int64();
    return v.kind() == Kind::int64     ? Value::int64(x)
           : v.kind() == Kind::decimal ? Value::decimal(x)
                                       : Value::duration(x);
  });
}

Operand sign_function(Call& call) {
  const bool real = call.type(0).kind == Kind::real;
  return call.made1(type_of(Kind::int64), [real](Frame&, Value v) {
    const int above = real ? v.as_real() > 0 : v.as_int64() > 0;
    const int below = real ? v.as_real() < 0 : v.as_int64() < 0;
    return Value::int64(above - below);
  });
}

// The multiple of `step` that is next in the direction, halves away from zero for round.
std::optional<std::int64_t> to_multiple(FunctionId id, std::int64_t m, std::int64_t step) {
  const std::int64_t low = floor_divide(m, step) * step;  // may wrap only below INT64_MIN + step
  const std::int64_t rest = m - low;
  bool up = id == FunctionId::ceil && rest != 0;
  if (id == FunctionId::round) {
    const std::int64_t other = step - rest;
    up = rest > other || (rest == other && m > 0);
  }
  std::int64_t out = low;
  if (up && __builtin_add_overflow(low, step, &out)) return std::nullopt;
  return out;
}

Operand whole_function(Call& call, int digits) {
  const FunctionId id = call.function.id;
  const Type type = call.type(0);
  if (type.kind == Kind::real) {
    return call.made1(type, [id, digits](Frame&, Value v) {
      return Value::real(id == FunctionId::floor  ? floor_real(v.as_real())
                         : id == FunctionId::ceil ? ceil_real(v.as_real())
                                                  : round_real(v.as_real(), digits));
    });
  }
  if (type.kind == Kind::int64 || digits >= type.scale) return made(call.ast, type, call.node(0));
  const std::int64_t step = power_of_ten(type.scale - digits);
  return call.made1(type, [id, step](Frame& frame, Value v) {
    // Below this the multiple underneath does not fit.
    if (v.as_int64() < INT64_MIN + step) return frame.fail(Fault::overflow);
    const std::optional<std::int64_t> m = to_multiple(id, v.as_int64(), step);
    return m ? Value::decimal(*m) : frame.fail(Fault::overflow);
  });
}

Operand round_function(Call& call) {
  if (!call.has(1)) return whole_function(call, 0);
  const Ast& digits = *call.arguments[1].ast;
  if (digits.kind != Ast::Kind::integer || digits.integer < 0 || digits.integer > 15) {
    return call.fail(code::kArguments, digits.span,
                     "`digits` of `round` is a whole number from 0 to 15, written out");
  }
  return whole_function(call, static_cast<int>(digits.integer));
}

Operand log_function(Call& call, double (*of)(double)) {
  return call.made1(type_of(Kind::real), [of](Frame& frame, Value v) {
    if (v.as_real() <= 0) return frame.fail(Fault::domain);
    return real_or_fault(frame, of(v.as_real()));
  });
}

Operand power_function(Call& call) {
  return call.made2(type_of(Kind::real), [](Frame& frame, Value x, Value y) {
    if (x.as_real() == 0 && y.as_real() < 0) return frame.fail(Fault::domain);
    return real_or_fault(frame, real::pow(x.as_real(), y.as_real()));
  });
}

}  // namespace

std::span<const Function> number_functions() {
  return kTable;
}

Operand number_function(Call& call) {
  const Type real = type_of(Kind::real);
  switch (call.function.id) {
    case FunctionId::abs: return abs_function(call);
    case FunctionId::sign: return sign_function(call);
    case FunctionId::round: return round_function(call);
    case FunctionId::sqrt:
      return call.made1(
          real, [](Frame& frame, Value v) { return real_or_fault(frame, std::sqrt(v.as_real())); });
    case FunctionId::exp:
      return call.made1(
          real, [](Frame& frame, Value v) { return real_or_fault(frame, real::exp(v.as_real())); });
    case FunctionId::log: return log_function(call, real::log);
    case FunctionId::log2: return log_function(call, real::log2);
    case FunctionId::log10: return log_function(call, real::log10);
    case FunctionId::pow: return power_function(call);
    default: return whole_function(call, 0);
  }
}

}  // namespace quintet::expr
