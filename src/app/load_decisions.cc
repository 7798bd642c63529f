// decisions, views and sinks.
#include <algorithm>

#include "app/draft.h"
#include "app/scope.h"
#include "expr/aggregates.h"

namespace quintet::app {
namespace {

using expr::Ast;

// The finished row of an event type: every slot with a name.
RowScope row_scope(const Draft& draft, int of) {
  RowScope scope(draft, of);
  const RowPlan& plan = draft.spec.rows[static_cast<std::size_t>(of)];
  const std::size_t fields = draft.spec.events[static_cast<std::size_t>(of)].fields.size();
  for (std::size_t slot = fields; slot < plan.slot_names.size(); ++slot) {
    const std::string& name = plan.slot_names[slot];
    if (name.empty()) continue;
    expr::Symbol symbol;
    symbol.slot = static_cast<int>(slot);
    symbol.type = plan.slot_types[slot];
    symbol.canonical = name;
    symbol.failed = symbol.type.kind == event::Kind::null;
    const std::size_t point = name.find('.');
    if (point == std::string::npos)
      scope.add(name, symbol);
    else
      scope.add_member(name.substr(0, point), name.substr(point + 1), symbol);
  }
  for (int index : plan.models) {
    const ModelSpec& model = draft.spec.models[static_cast<std::size_t>(index)];
    if (model.outputs.size() != 1) continue;
    expr::Symbol symbol;
    symbol.slot = model.outputs[0].slot;
    symbol.type = event::Type::of(event::Kind::real);
    symbol.canonical = model.name;
    scope.add(model.name, symbol);
  }
  return scope;
}

expr::CheckOptions boolean(std::string what) {
  expr::CheckOptions options;
  options.expected = event::Type::of(event::Kind::boolean);
  options.what = std::move(what);
  return options;
}

// The slots of a list of names on a row; unknown ones are reported.
std::vector<Slot> slots_of(Draft& draft, int of, const std::vector<const Node*>& names) {
  RowScope scope = row_scope(draft, of);
  std::vector<Slot> out;
  for (const Node* name : names) {
    const std::size_t point = name->text.find('.');
    std::optional<expr::Symbol> symbol =
        point == std::string::npos
            ? scope.find(name->text)
            : scope.member(name->text.substr(0, point), name->text.substr(point + 1));
    if (!symbol) {
      draft.report.error("QNT-0202", *name, "there is no `" + name->text + "` on these rows",
                         expr::did_you_mean(name->text, scope.names()));
    } else if (!symbol->refused.empty()) {
      draft.report.error("QNT-0220", *name, symbol->refused, symbol->hint);
    } else if (!symbol->failed) {
      out.push_back(symbol->slot);
    }
  }
  return out;
}

class ViewLoader {
 public:
  ViewLoader(Draft& draft, View& view) : draft_(draft), view_(view) {}

  bool load(const Reading& block) {
    view_.of = draft_.event_of(block);
    if (view_.of < 0) return false;
    RowScope scope = row_scope(draft_, view_.of);
    if (const Node* where = block.find("where")) {
      view_.where = draft_.check(draft_.parse(*where), scope, boolean("`where`"));
    }
    view_.by = slots_of(draft_, view_.of, block.items("by"));
    refuse_lists(block);
    view_.every = block.length("every").value_or(0);
    view_.retain = block.length("retain").value_or(0);
    if (view_.retain > 0 && view_.every == 0) {
      draft_.report.error("QNT-0602", *block.find("retain"),
                          "`retain` drops old buckets, this view has only one", "add `every: 1h`");
    }
    for (const Node::Entry* entry : block.named("aggregate")) load_aggregate(*entry, scope);
    return true;
  }

 private:
  void refuse_lists(const Reading& block) {
    const auto& types = draft_.spec.rows[static_cast<std::size_t>(view_.of)].slot_types;
    for (Slot slot : view_.by) {
      if (types[static_cast<std::size_t>(slot)].kind != event::Kind::list) continue;
      draft_.report.error("QNT-0408", *block.find("by"), "a list cannot be a key");
    }
  }

  void load_aggregate(const Node::Entry& entry, const expr::Scope& scope) {
    if (!entry.value.is_scalar() || entry.value.is_null()) {
      draft_.report.error("QNT-0103", entry.value, "an aggregate of a view is an expression");
      return;
    }
    Expression expression = draft_.parse(entry.value);
    if (!expression.ast) return;
    const Ast& ast = *expression.ast;
    if (ast.kind != Ast::Kind::aggregate) {
      draft_.report.error("QNT-0601", entry.value,
                          "a view counts with one aggregate function, as count() or sum(x)",
                          "compute the rest in a column, or when you read the view");
      return;
    }
    const expr::Clauses& clauses = *ast.clauses;
    if (!clauses.from.empty() || clauses.over.kind != expr::WindowClause::Kind::none ||
        !clauses.by.empty() || clauses.delayed || clauses.every || clauses.including_this) {
      draft_.report.error("QNT-0601", entry.value,
                          "in a view, rows are chosen by `by` and `every`, and only `where` may "
                          "stand in an aggregate");
      return;
    }
    std::vector<expr::Problem> problems;
    std::optional<expr::AggregateCall> call = expr::take_apart(ast, problems);
    for (const expr::Problem& problem : problems) draft_.report_problem(expression, problem);
    if (call) add(entry.key.text, expression, *call, scope);
  }

  void add(const std::string& name, const Expression& expression, const expr::AggregateCall& call,
           const expr::Scope& scope) {
    ViewAggregate out;
    out.name = name;
    out.function = static_cast<Function>(call.function->id);
    out.q = call.q;
    out.limit = call.limit;
    out.type = event::Type::of(event::Kind::int64);
    auto check = [&](const Ast& ast, const expr::CheckOptions& options, expr::Program& into) {
      expr::CheckOptions with = options;
      with.utc_offset_minutes = draft_.spec.utc_offset_minutes;
      expr::Checked checked = expr::check(ast, scope, with);
      for (const expr::Problem& problem : checked.problems) {
        draft_.report_problem(expression, problem);
      }
      if (!checked.ok()) return false;
      into = std::move(checked.program);
      return true;
    };
    const Ast* where = expression.ast->clauses->where.get();
    if (where != nullptr && !check(*where, boolean("`where`"), out.where)) return;
    if (call.input != nullptr) {
      if (!check(*call.input, {}, out.argument)) return;
      std::optional<event::Type> type = expr::result_type(*call.function, out.argument.type());
      if (!type) {
        draft_.report_problem(expression, expr::wrong_input(call, out.argument.type()));
        return;
      }
      out.type = *type;
    }
    view_.aggregates.push_back(std::move(out));
  }

  Draft& draft_;
  View& view_;
};

void load_case(Draft& draft, const Node& node, DeclaredDecision& decision) {
  const Place place = draft.report.source().place(node);
  Reading block(draft.report, node, kCaseBlock, place);
  if (!decision.cases.empty() && decision.cases.back().when_node == nullptr) {
    draft.report.error("QNT-0603", node, "this case is never reached",
                       "the one before it has no `when`, so it always holds");
  }
  DeclaredDecision::Case made;
  made.when_node = block.find("when");
  if (made.when_node != nullptr) made.when = draft.parse(*made.when_node);
  made.then = block.text("then");
  made.reason = block.text("reason");
  decision.cases.push_back(std::move(made));
}

}  // namespace

void load_decisions(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("decisions")) {
    const Place place = draft.report.source().place(entry->key);
    Reading block(draft.report, entry->value, kDecisionBlock, place);
    DeclaredDecision decision;
    decision.name = entry->key.text;
    decision.place = place;
    decision.of = draft.event_of(block);
    if (const Node* cases = block.find("cases")) {
      for (const Node& node : cases->items) load_case(draft, node, decision);
    }
    if (decision.of < 0 || !draft.declare_on_row(decision.of, decision.name, place)) {
      draft.failed_decisions.insert(decision.name);
      continue;
    }
    draft.decisions.push_back(std::move(decision));
  }
}

void load_views(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("views")) {
    Reading block(draft.report, entry->value, kViewBlock, draft.report.source().place(entry->key));
    View view;
    view.name = entry->key.text;
    if (ViewLoader(draft, view).load(block)) draft.spec.views.push_back(std::move(view));
  }
}

void load_sinks(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("sinks")) {
    Reading block(draft.report, entry->value, kSinkBlock, draft.report.source().place(entry->key));
    Sink sink;
    sink.name = entry->key.text;
    sink.of = draft.event_of(block);
    sink.to = block.text("to");
    if (const Node* to = block.find("to")) {
      const bool known = sink.to.starts_with("topic:") || sink.to.starts_with("https:");
      draft.report.error(
          "QNT-0604", *to,
          known ? "this version delivers to no topic and no address yet: a sink would stay silent"
                : "a sink goes to `topic:NAME` or `https://...`",
          known ? "read results by id, as a stream or as a view until then" : "");
    }
    if (sink.of < 0) continue;
    if (const Node* where = block.find("where")) {
      RowScope scope = row_scope(draft, sink.of);
      sink.where = draft.check(draft.parse(*where), scope, boolean("`where`"));
    }
    sink.fields = slots_of(draft, sink.of, block.items("fields"));
    draft.spec.sinks.push_back(std::move(sink));
  }
}

}  // namespace quintet::app
