#include <algorithm>

#include "app/reading.h"
#include "app/vocabulary.h"
#include "base/decimal.h"

namespace quintet::app {

namespace {

std::string print(double number) {
  return number == static_cast<double>(static_cast<std::int64_t>(number))
             ? std::to_string(static_cast<std::int64_t>(number))
             : std::to_string(number);
}

bool is_wide(double bound) {
  return bound <= -1e30 || bound >= 1e30;
}

}  // namespace

std::string wrong_parameter(const Parameter& parameter, std::string_view value) {
  if (parameter.form == Parameter::Form::text) return {};
  if (parameter.form == Parameter::Form::word) {
    if (std::ranges::find(parameter.words, value) != parameter.words.end()) return {};
    return "one of " + list_names({parameter.words.begin(), parameter.words.end()});
  }
  const bool whole = parameter.form == Parameter::Form::whole;
  std::optional<double> number;
  if (const auto read = parse_double(value)) number = *read;
  if (whole && !parse_int64(value)) number.reset();
  if (number && *number >= parameter.low && *number <= parameter.high &&
      !(parameter.above && *number == parameter.low)) {
    return {};
  }
  std::string wanted = whole ? "a whole number" : "a number";
  if (!is_wide(parameter.low)) {
    wanted += (parameter.above ? " above " : " of at least ") + print(parameter.low);
  }
  if (!is_wide(parameter.high)) wanted += ", at most " + print(parameter.high);
  return wanted;
}

}  // namespace quintet::app
