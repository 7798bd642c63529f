// The words of an expression, with their places. Hostile bytes give one Problem, never more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/problem.h"

namespace quintet::expr {

struct Token {
  enum class Kind : std::uint8_t { end, name, integer, number, duration, text, symbol };
  Kind kind = Kind::end;
  Span span;
  std::string text;        // as written; of a text what it means; of a symbol "<=", "(", ...
  std::int64_t value = 0;  // of a duration, in microseconds
};

// Ends with a token of kind `end`. Stops with a problem at the first thing that is no word.
std::vector<Token> lex(std::string_view text, std::vector<Problem>& problems);

}  // namespace quintet::expr
