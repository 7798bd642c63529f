// The one table of functions. Parser, checker, "did you mean", the JSON Schema, the reference page
// docs/reference/functions.md and the tests read it; a function is added here and in one of the
// function_*.cc files, nowhere else.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "event/value.h"

namespace quintet::expr {

enum class FunctionId : std::uint8_t {
  if_,
  case_,
  coalesce,
  nullif,
  least,
  greatest,
  clamp,
  abs,
  sign,
  floor,
  ceil,
  round,
  sqrt,
  exp,
  log,
  log2,
  log10,
  pow,
  hour,
  minute,
  weekday,
  day,
  month,
  year,
  day_of_year,
  days,
  hours,
  minutes,
  seconds,
  milliseconds,
  truncate,
  lower,
  upper,
  length,
  concat,
  substring,
  starts_with,
  ends_with,
  contains,
  trim,
  replace,
  hash,
  bucket,
  to_int64,
  to_double,
  to_string,
  size,
  element,
  is_in,
};

// What an argument may be.
enum class Accepts : std::uint8_t {
  anything,  // of one common type with the other `anything` arguments where the result is common
  scalar,    // not a list
  boolean,
  number,
  int64,
  real,
  text,
  timestamp,
  duration,
  list,
  magnitude,  // a number or a duration
  ordered,    // a number, text, timestamp or duration
  container,  // text or list
};

struct Parameter {
  std::string_view name;
  Accepts accepts;
  bool optional = false;
  bool repeated = false;  // the last one: once or more often
};

struct Example {
  std::string_view expression;  // over example_fields()
  std::string_view answer;      // as event::to_text gives it; "null"; durations as 1h30m
};

struct Function {
  FunctionId id;
  std::string_view name;
  std::span<const Parameter> parameters;
  std::string_view result;  // "int64", "as x", ...: for readers; the rule itself is code
  std::string_view group;   // heading on the reference page
  std::string_view doc;
  std::span<const Example> examples;  // run by a test; never empty
};

std::span<const Function> functions();
const Function* find_function(std::string_view name);
// "round(x: number, digits: int64 = ...)": as the reference page shows it.
std::string signature(const Function& function);
std::string_view name_of(Accepts accepts);  // "a number"

// What the examples see, in this order: amount decimal(2) 12.50, n int64 7, x double 2.5, flag bool
// true, name string "Anna", at timestamp 2024-02-29T13:45:30Z (a Thursday), gap duration 1h30m,
// tags list(string) [a, b, a], and the nulls nothing (string) and missing (int64).
struct ExampleField {
  std::string_view name;
  event::Type type;
  event::Value value;
  std::string_view shown;
};
std::span<const ExampleField> example_fields();

// docs/reference/functions.md, made of this table, the operators and the aggregates.
std::string functions_markdown();

}  // namespace quintet::expr
