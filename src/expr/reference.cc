// docs/reference/functions.md, from the tables.
#include "base/civil.h"
#include "expr/aggregates.h"
#include "expr/functions.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

std::span<const ExampleField> example_fields() {
  static const Value kTags[] = {Value::text("a"), Value::text("b"), Value::text("a")};
  static const Micros at = time_from_civil({{2024, 2, 29}, 13, 45, 30, 0});
  static const ExampleField kFields[] = {
      {"amount", Type::decimal(2), Value::decimal(1250), "12.50"},
      {"n", Type::of(Kind::int64), Value::int64(7), "7"},
      {"x", Type::of(Kind::real), Value::real(2.5), "2.5"},
      {"flag", Type::of(Kind::boolean), Value::boolean(true), "true"},
      {"name", Type::of(Kind::text), Value::text("Anna"), "\"Anna\""},
      {"at", Type::of(Kind::timestamp), Value::timestamp(at), "2024-02-29T13:45:30Z, a Thursday"},
      {"gap", Type::of(Kind::duration), Value::duration(90 * kMinute), "1h30m"},
      {"tags", Type::list(Type::of(Kind::text)), Value::list(kTags), "[\"a\", \"b\", \"a\"]"},
      {"nothing", Type::of(Kind::text), Value(), "null"},
      {"missing", Type::of(Kind::int64), Value(), "null"},
  };
  return kFields;
}

namespace {

constexpr std::string_view kHead =
    "# Functions, operators and aggregates\n\n"
    "This page is made from the tables that the checker itself reads; a test compares both.\n\n"
    "## Operators\n\n"
    "| binds | operator | takes | gives |\n|---|---|---|---|\n";

struct Row {
  int level;
  std::string_view operators, takes, gives;
};
constexpr Row kOperators[] = {
    {1, "`-x`", "a number, a duration", "the same type"},
    {2, "`*`", "numbers; a duration and an int64",
     "int64 of int64; decimal of decimal and int64; of two decimals, and with a double, double; "
     "duration"},
    {2, "`/`", "numbers; two durations",
     "double: of int64 and decimals the exact quotient rounded once; null by zero"},
    {2, "`%`", "int64", "int64 with the sign of the divisor"},
    {3, "`+` `-`", "numbers; timestamp and duration; two durations; `-` also two timestamps",
     "int64 of int64; the larger scale of decimals; with a double, double; timestamp, duration"},
    {4, "`==` `!=` `<` `<=` `>` `>=`", "two values of one kind; numbers by exact value", "bool"},
    {4, "`in [...]` `not in [...]` `in list`", "a value and a list", "bool"},
    {4, "`is null` `is not null`", "any value", "bool, never null"},
    {5, "`not`", "bool", "bool"},
    {6, "`and`", "bool", "bool"},
    {7, "`or`", "bool", "bool"},
};

constexpr std::string_view kRules = R"(
Null in arithmetic or in a comparison gives null. `and`, `or` and `not` are three-valued:
`false and null` is false, `true or null` is true, else null stays null. A condition that is null
is not met. What does not fit (overflow) or is not defined (a domain error, division by zero) is
null, and the outcome says so.

Literals: `12`, `12.50`, `1e6`, `"text"` or `'text'`, `true`, `false`, `null`, durations `7d` `12h`
`30m` `45s` `10ms` `1h30m`, lists `[1, 2]`. A number with a point is a double, but next to a decimal
it is that decimal if it can be written so. `field` is a field or column of the event,
`table.field` a field of the table's row, `table[key].field` the same by another key,
`model.output` an output of a model.

## Functions

A null argument makes the result null, unless the function says otherwise. Arguments in `[ ]` may
be left out, and each may be named: `round(x, digits = 2)`. In the examples there are
)";

constexpr std::string_view kAggregates = R"(
## Aggregates

`agg(x) [from EVENT] [where EXPR] over WINDOW [every g] [delayed d] by KEY [including this]`, the
clauses in any order. WINDOW is a duration (`7d`: times in (t - 7d, t]), `N events`, `session GAP`
or `all`. KEY is a field, `(a, b)` or `(KEY = EXPR)`; data that is one series gets a field that is
always the same, as `series: {type: string, optional: true, default: all}`. Nulls are skipped.
Without `including this` the event itself does not count.

| aggregate | x | gives | in an empty window | |
|---|---|---|---|---|
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

void append_function(std::string& out, const Function& f) {
  out += "| `" + signature(f) + "` | " + std::string(f.result) + " | " + escaped(f.doc) + " | ";
  for (const Example& e : f.examples) {
    if (&e != f.examples.data()) out += "<br>";
    out += "`" + escaped(e.expression) + "` is ";
    out += e.answer.empty() ? "the empty string" : "`" + std::string(e.answer) + "`";
  }
  out += " |\n";
}

}  // namespace

std::string functions_markdown() {
  std::string out(kHead);
  for (const Row& r : kOperators) {
    out += "| " + std::to_string(r.level) + " | " + std::string(r.operators) + " | " +
           std::string(r.takes) + " | " + std::string(r.gives) + " |\n";
  }
  out += kRules;
  for (const ExampleField& f : example_fields()) {
    out += &f == example_fields().data() ? "" : ", ";
    out += "`" + std::string(f.name) + "` " + event::to_string(f.type) + " (" +
           std::string(f.shown) + ")";
  }
  out += ".\n";
  std::string_view group;
  for (const Function& f : functions()) {
    if (f.group != group) {
      group = f.group;
      out += "\n### " + std::string(group) +
             "\n\n| function | gives | | examples |\n|---|---|---|---|\n";
    }
    append_function(out, f);
  }
  out += kAggregates;
  for (const AggregateFunction& f : aggregate_functions()) {
    out += "| `" + std::string(f.signature) + "` | " + std::string(f.accepts) + " | " +
           std::string(f.result) + " | " + std::string(f.empty) + " | " + escaped(f.doc) + " |\n";
  }
  return out;
}

}  // namespace quintet::expr
