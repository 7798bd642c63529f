// The one table of aggregate functions (S4), and what a call of one says once its arguments and
// clauses are found to fit. Names and groups are resolved by the app room.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/value.h"
#include "expr/ast.h"

namespace quintet::expr {

// The same order and names as app::Function.
enum class AggregateId : std::uint8_t {
  count,
  sum,
  mean,
  min,
  max,
  var,
  std,
  any,
  all,
  first,
  last,
  list,
  distinct,
  quantile,
  top_k,
};

struct AggregateFunction {
  AggregateId id;
  std::string_view name;
  std::string_view signature;  // "quantile(x: number, q: literal)"
  // What the argument may be, for messages: "a number", "a bool", "a value".
  std::string_view accepts;
  std::string_view result;  // for the reference page: "int64", "as x", ...
  std::string_view empty;   // in an empty window: "0", "null", "[]"
  std::string_view doc;     // one or two sentences
};

std::span<const AggregateFunction> aggregate_functions();
// Null if there is none of that name.
const AggregateFunction* find_aggregate(std::string_view name);

// A call taken apart.
struct AggregateCall {
  const AggregateFunction* function = nullptr;
  const Ast* input = nullptr;  // null for count()
  double q = 0;                // quantile
  std::int64_t limit = 0;      // list (100 if left out), top_k
};

// Checks name, number and names of arguments, the literal second argument and that the clauses go
// together (S3.3, S3.5: `every` and `delayed` with a time window only, w and d multiples of g).
// Whether a window or a key is needed, or `next` allowed, depends on the place and is the caller's.
// Nothing if problems were added.
std::optional<AggregateCall> take_apart(const Ast& aggregate, std::vector<Problem>& problems);

// The type of the answer for an input of that type; nothing if the function does not take it.
std::optional<event::Type> result_type(const AggregateFunction& function, event::Type input);
// The problem for that case: "`mean` needs a number, `name` is string".
Problem wrong_input(const AggregateCall& call, event::Type input);

}  // namespace quintet::expr
