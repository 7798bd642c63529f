#include "expr/aggregates.h"

#include <charconv>

namespace quintet::expr {
namespace {

using event::Kind;
using event::Type;

// Names that others use.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"lag", "write last(x) over 1h delayed 23h by KEY"},
    {"avg", "write mean(x)"},
    {"stddev", "write std(x)"},
    {"variance", "write var(x)"},
    {"median", "write quantile(x, 0.5)"},
    {"percentile", "write quantile(x, 0.5)"},
    {"distinct_approx", "`distinct` is a sketch already"},
    {"nunique", "write distinct(x)"},
    {"quantile_approx", "`quantile` is a sketch already"},
    {"top_k_approx", "`top_k` is exact"}};

constexpr AggregateFunction kTable[] = {
    {AggregateId::count, "count", "count([x])", "a value", "int64", "0",
     "How many events there are, or of how many x is not null."},
    {AggregateId::sum, "sum", "sum(x)", "a number or a duration",
     "int64 of int64 and duration (microseconds), decimal(n) of decimal(n), double of double", "0",
     "The exact sum; null when it does not fit. Of doubles it is rounded once."},
    {AggregateId::mean, "mean", "mean(x)", "a number, a bool or a duration", "double", "null",
     "The exact mean rounded once. true counts as 1, a duration in microseconds."},
    {AggregateId::min, "min", "min(x)", "a number, a time, a duration or a text", "as x", "null",
     "The smallest x; texts by bytes."},
    {AggregateId::max, "max", "max(x)", "a number, a time, a duration or a text", "as x", "null",
     "The largest x; texts by bytes."},
    {AggregateId::var, "var", "var(x)", "a number, a bool or a duration", "double", "null",
     "The population variance, exact and rounded once."},
    {AggregateId::std, "std", "std(x)", "a number, a bool or a duration", "double", "null",
     "The square root of var(x)."},
    {AggregateId::any, "any", "any(b)", "a bool", "bool", "null", "Whether some b is true."},
    {AggregateId::all, "all", "all(b)", "a bool", "bool", "null", "Whether every b is true."},
    {AggregateId::first, "first", "first(x)", "a value", "as x", "null",
     "The first x that is not null, by event time and position."},
    {AggregateId::last, "last", "last(x)", "a value", "as x", "null",
     "The last x that is not null, by event time and position."},
    {AggregateId::list, "list", "list(x[, n])", "a value", "list of x", "[]",
     "The last n (100 if left out) x that are not null, oldest first."},
    {AggregateId::distinct, "distinct", "distinct(x)", "a value", "int64", "0",
     "About how many different x there are (HyperLogLog, error near 1.6 %)."},
    {AggregateId::quantile, "quantile", "quantile(x, q)", "a number", "double", "null",
     "The x below which a share q of the values lies, rounded down by less than 0.8 %."},
    {AggregateId::top_k, "top_k", "top_k(x, k)", "a value", "list of x", "[]",
     "The k most frequent x, the most frequent first; ties by value, smaller first."},
};

constexpr std::int64_t kMaxList = 10'000;
constexpr std::int64_t kMaxTop = 1'000;

void add(std::vector<Problem>& problems, std::string_view code, Span span, std::string message,
         std::string hint = {}) {
  problems.push_back({std::string(code), span, std::move(message), std::move(hint)});
}

// The name of the second parameter; empty if there is none.
std::string_view second_of(AggregateId id) {
  switch (id) {
    case AggregateId::quantile: return "q";
    case AggregateId::list: return "n";
    case AggregateId::top_k: return "k";
    default: return "";
  }
}

std::string_view first_of(AggregateId id) {
  return id == AggregateId::any || id == AggregateId::all ? "b" : "x";
}

bool read_share(const Ast& literal, double& q) {
  if (literal.kind != Ast::Kind::integer && literal.kind != Ast::Kind::number) return false;
  const char* end = literal.text.data() + literal.text.size();
  return std::from_chars(literal.text.data(), end, q).ec == std::errc() && q >= 0 && q <= 1;
}

bool read_second(AggregateCall& call, const Ast& literal, std::vector<Problem>& problems) {
  if (call.function->id == AggregateId::quantile) {
    if (read_share(literal, call.q)) return true;
    add(problems, code::kArguments, literal.span, "q is a number from 0 to 1", "quantile(x, 0.95)");
    return false;
  }
  const std::int64_t most = call.function->id == AggregateId::list ? kMaxList : kMaxTop;
  if (literal.kind == Ast::Kind::integer && literal.integer >= 1 && literal.integer <= most) {
    call.limit = literal.integer;
    return true;
  }
  add(problems, code::kArguments, literal.span,
      std::string(second_of(call.function->id)) + " is a whole number from 1 to " +
          std::to_string(most));
  return false;
}

std::string hint_for_greatest(const Ast& ast) {
  if (ast.arguments.size() < 2) return {};
  if (ast.text == "max") return "the larger of several values is greatest(a, b)";
  return ast.text == "min" ? "the smaller of several values is least(a, b)" : "";
}

bool arguments(AggregateCall& call, const Ast& ast, std::vector<Problem>& problems) {
  const std::string_view names[] = {first_of(call.function->id), second_of(call.function->id)};
  const Ast* given[2] = {nullptr, nullptr};
  const std::size_t most = names[1].empty() ? 1 : 2;
  std::size_t place = 0;
  for (const Argument& a : ast.arguments) {
    std::size_t at = place++;
    if (!a.name.empty()) {
      at = a.name == names[0] ? 0 : a.name == names[1] ? 1 : 2;
      if (at >= most) {
        add(problems, code::kArguments, a.name_span,
            "`" + ast.text + "` has no argument `" + a.name + "`",
            std::string(call.function->signature));
        return false;
      }
    }
    if (at >= most || given[at] != nullptr) {
      std::string hint = hint_for_greatest(ast);
      add(problems, code::kArguments, a.value->span, "too many arguments for `" + ast.text + "`",
          hint.empty() ? std::string(call.function->signature) : hint);
      return false;
    }
    given[at] = a.value.get();
  }
  const bool input_needed = call.function->id != AggregateId::count;
  const bool second_needed = most == 2 && call.function->id != AggregateId::list;
  if ((input_needed && !given[0]) || (second_needed && !given[1])) {
    add(problems, code::kArguments, ast.span, "`" + ast.text + "` needs more arguments",
        std::string(call.function->signature));
    return false;
  }
  call.input = given[0];
  if (call.function->id == AggregateId::list) call.limit = 100;
  return given[1] == nullptr || read_second(call, *given[1], problems);
}

void multiples(const Clauses& c, std::vector<Problem>& problems) {
  const Micros g = *c.every;
  const std::string of = " is not a multiple of `every " + print_duration(g) + "`";
  if (c.over.length % g != 0) {
    add(problems, code::kAggregate, c.over.span,
        "the window " + print_duration(c.over.length) + of);
  }
  if (c.delayed && *c.delayed % g != 0) {
    add(problems, code::kAggregate, c.delayed_span, "the delay " + print_duration(*c.delayed) + of);
  }
}

void clauses(const Clauses& c, std::vector<Problem>& problems) {
  using WindowKind = WindowClause::Kind;
  const bool timed = c.over.kind == WindowKind::time;
  if (c.every && !timed) {
    add(problems, code::kAggregate, c.every_span, "`every` goes with a window of time only",
        "as in over 30d every 1d");
  }
  if (c.delayed && !timed) {
    add(problems, code::kAggregate, c.delayed_span, "`delayed` goes with a window of time only",
        "as in over 30d delayed 7d");
  }
  if (c.every && timed) multiples(c, problems);
  if (c.delayed && timed) {
    Micros reach = 0;
    if (__builtin_add_overflow(c.over.length, *c.delayed, &reach)) {
      add(problems, code::kAggregate, c.delayed_span, "window and delay are too long together");
    }
  }
  if (c.including_this && c.over.kind == WindowKind::next) {
    add(problems, code::kAggregate, c.including_span,
        "`including this` does not go with `over next`");
  }
}

}  // namespace

std::span<const AggregateFunction> aggregate_functions() {
  return kTable;
}

const AggregateFunction* find_aggregate(std::string_view name) {
  for (const AggregateFunction& f : kTable) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

std::optional<AggregateCall> take_apart(const Ast& ast, std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  AggregateCall call;
  call.function = find_aggregate(ast.text);
  if (call.function == nullptr) {
    std::vector<std::string> names;
    for (const AggregateFunction& f : kTable) names.emplace_back(f.name);
    std::string hint = did_you_mean(ast.text, names);
    for (const auto& [name, instead] : kElsewhere) {
      if (name == ast.text) hint = instead;
    }
    add(problems, code::kAggregate, ast.name_span, "`" + ast.text + "` is not an aggregate", hint);
  } else {
    arguments(call, ast, problems);
  }
  clauses(*ast.clauses, problems);
  if (problems.size() != before) return std::nullopt;
  return call;
}

std::optional<Type> result_type(const AggregateFunction& function, Type input) {
  const bool scalar = input.kind != Kind::list && input.kind != Kind::null;
  const bool measure = input.numeric() || input.kind == Kind::duration;
  switch (function.id) {
    case AggregateId::count:
      return input.kind == Kind::list ? std::nullopt : std::optional(Type::of(Kind::int64));
    case AggregateId::sum:
      if (!measure) return std::nullopt;
      return input.kind == Kind::duration ? Type::of(Kind::int64) : input;
    case AggregateId::mean:
    case AggregateId::var:
    case AggregateId::std:
      if (!measure && input.kind != Kind::boolean) return std::nullopt;
      return Type::of(Kind::real);
    case AggregateId::min:
    case AggregateId::max:
      if (!measure && input.kind != Kind::text && input.kind != Kind::timestamp)
        return std::nullopt;
      return input;
    case AggregateId::any:
    case AggregateId::all: return input.kind == Kind::boolean ? std::optional(input) : std::nullopt;
    case AggregateId::first:
    case AggregateId::last: return scalar ? std::optional(input) : std::nullopt;
    case AggregateId::list:
    case AggregateId::top_k: return scalar ? std::optional(Type::list(input)) : std::nullopt;
    case AggregateId::distinct: return scalar ? std::optional(Type::of(Kind::int64)) : std::nullopt;
    case AggregateId::quantile:
      return input.numeric() ? std::optional(Type::of(Kind::real)) : std::nullopt;
  }
  return std::nullopt;
}

Problem wrong_input(const AggregateCall& call, Type input) {
  std::string hint;
  if (call.function->id == AggregateId::sum && input.kind == Kind::boolean) {
    hint = "how many are true is count() where ...; the share of true is mean(x)";
  }
  return {std::string(code::kType), call.input->span,
          "`" + std::string(call.function->name) + "` needs " +
              std::string(call.function->accepts) + ", this is " + event::to_string(input),
          std::move(hint)};
}

}  // namespace quintet::expr
