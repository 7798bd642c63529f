// From the text of an expression to its tree. Names and types are not looked at (expr/check.h). The
// text may be hostile: size, depth and number of nodes have limits.
#pragma once

#include <string_view>
#include <vector>

#include "expr/ast.h"

namespace quintet::expr {

inline constexpr std::size_t kMaxText = 4096;  // bytes
inline constexpr int kMaxDepth = 64;           // of brackets, calls and unary operators
inline constexpr int kMaxHeight = 256;         // of the tree: a chain of + counts too
inline constexpr int kMaxNodes = 2000;

struct Parsed {
  AstPtr ast;  // null if there are problems
  std::vector<Problem> problems;
  bool ok() const { return ast != nullptr; }
};

// Sets (`x_{days}`) are expanded before. A syntax error ends the parse, so there is one problem at
// most of that kind.
Parsed parse(std::string_view text);

// "7d", "1h30m", "250ms": whole numbers with units d, h, m, s, ms, us, each unit at most once, from
// large to small. Nothing if it is not that or does not fit.
std::optional<Micros> parse_duration(std::string_view text);

// Words that cannot be the name of a field, column, model, event type or table, since they mean
// something inside an expression: and or not is in null true false from where over by delayed
// including every.
bool reserved_word(std::string_view name);
// [A-Za-z_][A-Za-z0-9_]*
bool is_name(std::string_view text);

}  // namespace quintet::expr
