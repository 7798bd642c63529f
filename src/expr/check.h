// From a syntax tree to a Program: names are found, types checked (S6), and all independent
// problems come out of one run. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/ast.h"
#include "expr/program.h"

namespace quintet::expr {

// What a name stands for.
struct Symbol {
  int slot = -1;
  event::Type type;
  // The text that enters a program's normal form: a column's should say what it computes, so that a
  // renamed column keeps its digest. Empty: the text as written.
  std::string canonical;
  // Not empty: the name is known but may not be read here; one sentence why ("`is_fraud` is a
  // label; a column cannot read it").
  std::string refused;
  std::string hint;  // with `refused`; may be empty
  // Something is wrong with it that was reported already: what uses it is not reported again.
  bool failed = false;
};

// The names that an expression can see. Owned by the caller; used during check() only.
class Scope {
 public:
  virtual ~Scope() = default;
  virtual std::optional<Symbol> find(std::string_view name) const = 0;
  // object.field: a field of a table's row, an output of a model, a part of a decision.
  virtual std::optional<Symbol> member(std::string_view object, std::string_view field) const;
  // For "did you mean": every name that find() knows; with an object, its members, and with an
  // unknown object nothing.
  virtual std::vector<std::string> names() const = 0;
  virtual std::vector<std::string> members(std::string_view object) const;
  virtual std::vector<std::string> objects() const;
};

// Nodes that the caller has resolved beforehand: aggregate calls (visit_aggregates) and table
// look-ups with a key (visit_names), which have no other way, and any name or member. Looked at
// before the Scope. Keys are nodes of the very tree that is checked.
using Resolved = std::unordered_map<const Ast*, Symbol>;

struct CheckOptions {
  const Resolved* resolved = nullptr;
  // The type that the place wants. bool must be bool; a number is widened (int64 to decimal or
  // double, decimal to double) if that is what it takes; else another type is a problem.
  std::optional<event::Type> expected;
  int utc_offset_minutes = 0;  // of the application's `timezone`, for hour(), day(), ...
  // Names the place in "`where` needs bool, this is int64"; may be empty.
  std::string what;
  bool inside_aggregate = false;  // an argument, a filter or a key of one
};

struct Checked {
  Program program;                // empty if there are problems
  std::vector<Problem> problems;  // in order of their place
  // True if something had `failed` already: no program, and no problem of its own need be here.
  bool failed = false;
  bool ok() const { return problems.empty() && !failed; }
};

Checked check(const Ast& ast, const Scope& scope, const CheckOptions& options = {});

// A literal, or a list of literals, as a value of `expected` (or of its own type): for `otherwise:`
// and the like. Problems if it is anything else.
struct Constant {
  event::Type type;
  event::Value value;  // its text lives in `arena`
  std::vector<Problem> problems;
};
Constant constant(const Ast& ast, std::optional<event::Type> expected, event::Arena& arena);

}  // namespace quintet::expr
