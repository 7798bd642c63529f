// What load() works on between the YAML tree and the finished Spec: the Spec as far as it is made,
// and beside it the places of what was declared, the expressions as written, and the names that
// have failed already, so that one fault is reported once. Lives during load() only; one thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/reading.h"
#include "app/report.h"
#include "app/spec.h"
#include "expr/check.h"
#include "expr/parse.h"

namespace quintet::app {

// An expression of the file: for a member of a set, with `{set}` replaced.
struct Expression {
  const Node* node = nullptr;
  std::string text;
  // Of each byte of `text`, the stretch of the node's text it came from; empty: byte by byte.
  std::vector<expr::Span> origin;
  expr::AstPtr ast;  // null: there is none, or it failed, which was reported
};

struct DeclaredEvent {
  Place place;
  std::vector<Place> fields;     // by EventType::fields
  std::set<std::string> failed;  // fields that were refused
};

struct DeclaredColumn {
  std::string name;
  int of = -1;
  Place place;
  Expression expression;
};

struct DeclaredModel {
  Place place;
  std::vector<const Node*> inputs;
  Expression where, train_where;
  const Node* label = nullptr;
  bool failed = false;
};

struct DeclaredDecision {
  std::string name;
  int of = -1;
  Place place;
  struct Case {
    Expression when;
    const Node* when_node = nullptr;  // null: always
    std::string then, reason;
  };
  std::vector<Case> cases;
};

struct Draft {
  Draft(Report& to, std::string_view text) : report(to) { spec.text = text; }

  Report& report;
  Spec spec;
  std::map<std::string, expr::AstPtr> constants;
  std::map<std::string, std::vector<std::string>> sets;
  std::map<std::string, Place> names;  // events, tables, labels, models, constants: one namespace
  std::set<std::string> failed;        // of those, the ones that were refused
  std::vector<DeclaredEvent> events;   // by Spec::events
  std::vector<Place> labels;           // by Spec::labels
  std::vector<DeclaredColumn> columns;
  std::vector<DeclaredModel> models;  // by Spec::models
  std::vector<DeclaredDecision> decisions;
  std::set<std::string> failed_decisions;
  // Names used on the rows of an event type, with their places: fields, columns, models, decisions.
  std::map<int, std::map<std::string, Place>> row_names;

  // Enters a name of the application; false (reported) if it is taken.
  bool declare(const Node& name, std::string_view what);
  // Enters a name on the rows of an event type.
  bool declare_on_row(int event, const std::string& name, Place place);
  // The event type that `of:` names, or -1 (reported).
  int event_of(const Reading& block);

  // Parses the text of a node; constants are put in. The AST is null if that failed.
  Expression parse(const Node& node);
  void parse(Expression& expression);
  void report_problem(const Expression& expression, const expr::Problem& problem);
  Place place(const Expression& expression, expr::Span span) const;
  // An empty program if the expression has no tree or a problem, which is then reported.
  expr::Program check(const Expression& expression, const expr::Scope& scope,
                      const expr::CheckOptions& options);
};

// The sections of the file, in this order; each reads what stands before it.
void load_constants(Draft& draft, const Reading& top);
void load_events(Draft& draft, const Reading& top);
void load_labels(Draft& draft, const Reading& top);
void load_features(Draft& draft, const Reading& top);
void load_models(Draft& draft, const Reading& top);
void load_decisions(Draft& draft, const Reading& top);
// Columns, models and decisions of all rows: names to slots, aggregates to groups, an order.
void resolve_rows(Draft& draft);
void load_views(Draft& draft, const Reading& top);
void load_sinks(Draft& draft, const Reading& top);
void check_retention(Draft& draft, const Reading& top);

// Finds expressions that YAML cut at a comma inside { } or [ ], reports them, and puts them
// together again so that the rest of the file can be checked.
void mend_cuts(Report& report, Node& root);

// SHA-256 over what the file says: comments, spelling and the order of keys do not count, nor does
// the pattern.
std::string digest_of_meaning(const Node& root);

}  // namespace quintet::app
