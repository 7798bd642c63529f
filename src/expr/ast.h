// The syntax tree of an expression: what was written, with the place of every part, before any name
// is looked up. A tree owns its children; plain data, made by expr/parse.h. Any thread may read it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "expr/problem.h"

namespace quintet::expr {

struct Ast;
using AstPtr = std::unique_ptr<Ast>;

enum class Op : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  logical_not,
  negate,
  is_null,
  is_not_null,  // unary
  in,
  not_in,
};

// `x` or `name = x` inside a call.
struct Argument {
  std::string name;  // empty if it is given by place
  Span name_span;
  AstPtr value;
};

// `KEY` (value is null) or `KEY = EXPR`.
struct KeyPart {
  std::string field;
  Span span;
  AstPtr value;
};

// What stands after `over`.
struct WindowClause {
  enum class Kind : std::uint8_t {
    none,     // no `over` at all: views, labels
    time,     // over 7d
    count,    // over 20 events
    session,  // over session 30m
    all,      // over all
    next,     // over next 120d: labels only, whoever resolves the call refuses it elsewhere
  };
  Kind kind = Kind::none;
  Micros length = 0;   // time, session, next
  std::int64_t n = 0;  // count
  Span span;           // what follows `over`
};

// The clauses of an aggregate call, in whatever order they were written.
struct Clauses {
  std::string from;  // event type; empty if left out
  Span from_span;
  AstPtr where;  // null if left out
  WindowClause over;
  std::optional<Micros> every;
  Span every_span;
  std::optional<Micros> delayed;
  Span delayed_span;
  std::vector<KeyPart> by;  // empty if left out
  Span by_span;
  bool including_this = false;
  Span including_span;
  bool any = false;  // some clause was written
};

struct Ast {
  enum class Kind : std::uint8_t {
    integer,  // `integer`; `text` has the digits
    number,   // with a point or exponent: `text` as written, a leading - folded in
    text,     // `text` without quotes and escapes
    boolean,  // `integer` is 0 or 1
    null,
    duration,   // `integer` is microseconds
    name,       // `text`
    member,     // text.member
    lookup,     // text[children[0]].member
    unary,      // op, children[0]
    binary,     // op, children[0], children[1]; also `in` and `not in`
    call,       // text(arguments)
    list,       // [children]
    aggregate,  // text(arguments) clauses
  };

  Kind kind = Kind::null;
  Op op = Op::add;
  Span span;         // of the whole
  Span name_span;    // of the name, function name or operator
  Span member_span;  // of the part after the point
  std::string text;
  std::string member;
  std::int64_t integer = 0;
  std::vector<AstPtr> children;
  std::vector<Argument> arguments;
  std::unique_ptr<Clauses> clauses;  // of an aggregate; never null there
  int height = 1;                    // levels of the tree from here down
};

// Calls `visit` for every node of one kind, children before parents, left to right. Neither goes
// into an aggregate call: its arguments, `where` and keys belong to other rows, so whoever resolves
// the call looks into them.
void visit_aggregates(const Ast& ast, const std::function<void(const Ast&)>& visit);
// Names, member accesses and look-ups outside of aggregate calls. A look-up's key is visited too.
void visit_names(const Ast& ast, const std::function<void(const Ast&)>& visit);

// The children of a node that read the same row: operands, list items, arguments of a plain call,
// the key of a look-up. Nothing for an aggregate.
std::vector<const Ast*> operands(const Ast& ast);

// The tree as text in one form: every operation in parentheses, texts in double quotes, durations
// and numbers in one spelling, clauses in one order. Parsing it again gives the same tree, but for
// spans. `resolved` may give the text for a node instead (names to what they stand for).
using Spell = std::function<std::optional<std::string>(const Ast&)>;
std::string print(const Ast& ast, const Spell& resolved = {});

std::string_view name_of(Op op);                // "+", "and", "is null"
std::string print_duration(Micros value);       // "1d12h"; "0s"; "-30m"
std::string print_text(std::string_view text);  // quoted, escaped
// The number of a `number` literal without superfluous zeros: "0.50" is "0.5", "1e3" is "1e3".
std::string print_number(std::string_view digits);

}  // namespace quintet::expr
