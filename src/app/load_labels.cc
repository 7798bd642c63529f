#include "app/draft.h"
#include "app/scope.h"
#include "event/decode.h"
#include "expr/aggregates.h"

namespace quintet::app {
namespace {

using expr::Ast;

class LabelLoader {
 public:
  LabelLoader(Draft& draft, Label& label) : draft_(draft), label_(label) {}

  bool load(const Reading& block) {
    label_.of = draft_.event_of(block);
    const Node* value = block.find("value");
    if (label_.of < 0 || value == nullptr) return false;
    expression_ = draft_.parse(*value);
    if (!expression_.ast) return false;
    const Ast& ast = *expression_.ast;
    bool good = false;
    if (ast.kind == Ast::Kind::name) {
      good = same_event(ast);
    } else if (ast.kind == Ast::Kind::aggregate) {
      good = later_event(ast);
    } else {
      error("QNT-0210", ast.span, "a label is a field of the event, or comes from a later event",
            "`value: FIELD`, or `value: last(x) from REPORT over next 30d by KEY`");
    }
    if (!good) return false;
    label_.after = block.duration("after").value_or(label_.within);
    const Node* otherwise = block.find("otherwise");
    return otherwise == nullptr || read_otherwise(*otherwise);
  }

 private:
  bool error(std::string_view code, expr::Span span, std::string message, std::string hint = {}) {
    draft_.report.error(code, draft_.place(expression_, span), std::move(message), std::move(hint));
    return false;
  }

  const event::EventType& type(int event) const {
    return draft_.spec.events[static_cast<std::size_t>(event)];
  }

  bool same_event(const Ast& ast) {
    const event::EventType& of = type(label_.of);
    label_.field = of.field_index(ast.text);
    if (label_.field < 0) {
      if (draft_.events[static_cast<std::size_t>(label_.of)].failed.contains(ast.text)) {
        return false;
      }
      std::vector<std::string> known;
      for (const event::Field& field : of.fields) known.push_back(field.name);
      return error("QNT-0202", ast.span, "`" + of.name + "` has no field `" + ast.text + "`",
                   expr::did_you_mean(ast.text, known));
    }
    const event::Field& field = of.fields[static_cast<std::size_t>(label_.field)];
    if (field.use != event::Use::label) {
      error("QNT-0211", ast.span,
            "`" + field.name + "` is not declared `use: label`, so columns could read the answer",
            "write `" + field.name + ": {type: " + to_string(field.type) + ", use: label}`");
      return false;
    }
    label_.type = field.type;
    return true;
  }

  bool later_event(const Ast& ast) {
    std::vector<expr::Problem> problems;
    std::optional<expr::AggregateCall> call = expr::take_apart(ast, problems);
    for (const expr::Problem& problem : problems) draft_.report_problem(expression_, problem);
    if (!call) return false;
    using Id = expr::AggregateId;
    if ((call->function->id != Id::last && call->function->id != Id::any) ||
        call->input == nullptr) {
      return error("QNT-0212", ast.name_span,
                   "a label takes the report with the greatest position: only last() and any() "
                   "say so",
                   "write last(x)");
    }
    const expr::Clauses& clauses = *ast.clauses;
    if (!find_report(ast, clauses) || !find_key(ast, clauses) || !find_window(ast, clauses)) {
      return false;
    }
    FieldScope scope(draft_, label_.report, "a label");
    expr::Checked value = expr::check(*call->input, scope, options(std::nullopt, ""));
    if (!take(std::move(value), label_.report_value)) return false;
    label_.type = label_.report_value.type();
    if (call->function->id == Id::any && label_.type.kind != event::Kind::boolean) {
      draft_.report_problem(expression_, expr::wrong_input(*call, label_.type));
      return false;
    }
    if (!clauses.where) return true;
    const auto boolean = event::Type::of(event::Kind::boolean);
    return take(expr::check(*clauses.where, scope, options(boolean, "`where`")),
                label_.report_where);
  }

  expr::CheckOptions options(std::optional<event::Type> expected, std::string what) const {
    expr::CheckOptions options;
    options.expected = expected;
    options.what = std::move(what);
    options.utc_offset_minutes = draft_.spec.utc_offset_minutes;
    return options;
  }

  bool take(expr::Checked checked, expr::Program& into) {
    for (const expr::Problem& problem : checked.problems) {
      draft_.report_problem(expression_, problem);
    }
    if (!checked.ok()) return false;
    into = std::move(checked.program);
    return true;
  }

  bool find_report(const Ast& ast, const expr::Clauses& clauses) {
    if (clauses.from.empty()) {
      return error("QNT-0213", ast.span, "a label of this form needs `from REPORT`",
                   "say which event reports it");
    }
    label_.report = draft_.spec.event_index(clauses.from);
    if (label_.report < 0 || type(label_.report).is_table) {
      if (draft_.failed.contains(clauses.from)) return false;
      std::vector<std::string> known;
      for (const event::EventType& event : draft_.spec.events) known.push_back(event.name);
      return error("QNT-0201", clauses.from_span, "there is no event `" + clauses.from + "`",
                   expr::did_you_mean(clauses.from, known));
    }
    if (label_.report == label_.of) {
      return error("QNT-0213", clauses.from_span, "an event cannot report its own label this way",
                   "use `value: FIELD` for what stands in the event itself");
    }
    return true;
  }

  bool find_key(const Ast& ast, const expr::Clauses& clauses) {
    const event::EventType& of = type(label_.of);
    const event::EventType& report = type(label_.report);
    if (clauses.by.size() != 1 || clauses.by[0].value) {
      return error("QNT-0214", clauses.by.empty() ? ast.span : clauses.by_span,
                   "a label of this form needs `by KEY`: the field of `" + report.name +
                       "` that holds the id of `" + of.name + "`");
    }
    if (of.id_field < 0) {
      return error("QNT-0214", clauses.by_span,
                   "`" + of.name + "` has no `id`, so a report cannot name it",
                   "add `id: FIELD` to `" + of.name + "`");
    }
    const std::string& key = clauses.by[0].field;
    label_.report_key = report.field_index(key);
    if (label_.report_key < 0) {
      if (draft_.events[static_cast<std::size_t>(label_.report)].failed.contains(key)) return false;
      std::vector<std::string> known;
      for (const event::Field& field : report.fields) known.push_back(field.name);
      return error("QNT-0202", clauses.by[0].span,
                   "`" + report.name + "` has no field `" + key + "`",
                   expr::did_you_mean(key, known));
    }
    const event::Field& id = of.fields[static_cast<std::size_t>(of.id_field)];
    if (const int own = of.field_index(key); own >= 0 && own != of.id_field) {
      return error("QNT-0214", clauses.by[0].span,
                   "`" + key + "` is a field of `" + of.name +
                       "` too, but a report names its event " + "by the id, `" + id.name + "`",
                   "a report needs a field of its own that holds the id of `" + of.name +
                       "`; what happens to others of the same `" + key +
                       "` is counted by a column, as count() from " + report.name + " ... by " +
                       key);
    }
    const event::Field& field = report.fields[static_cast<std::size_t>(label_.report_key)];
    if (field.type != id.type || field.privacy != id.privacy) {
      return error("QNT-0214", clauses.by[0].span,
                   "`" + key + "` is " + to_string(field.type) + ", the id `" + id.name + "` of `" +
                       of.name + "` is " + to_string(id.type),
                   "type and privacy must be the same");
    }
    return true;
  }

  bool find_window(const Ast& ast, const expr::Clauses& clauses) {
    using Window = expr::WindowClause::Kind;
    if (clauses.every || clauses.delayed || clauses.including_this) {
      return error("QNT-0215", ast.span,
                   "`every`, `delayed` and `including this` have no meaning in a label");
    }
    if (clauses.over.kind == Window::none) return true;
    if (clauses.over.kind != Window::next) {
      return error("QNT-0215", clauses.over.span, "a label looks forward: write `over next ...`");
    }
    label_.within = clauses.over.length;
    for (int event : {label_.of, label_.report}) {
      if (type(event).time_field >= 0) continue;
      return error("QNT-0402", clauses.over.span,
                   "`" + type(event).name + "` has no `time`, so it cannot be in a window of time",
                   "add `time: FIELD` to `" + type(event).name + "`");
    }
    return true;
  }

  bool read_otherwise(const Node& node) {
    event::Arena& arena = draft_.spec.events[static_cast<std::size_t>(label_.of)].arena;
    Expected<event::Value> value =
        event::value_of_text(label_.type, node.text, {}, draft_.spec.utc_offset_minutes, arena);
    if (value) {
      label_.otherwise = *value;
      return true;
    }
    draft_.report.error(
        "QNT-0205", node,
        "`otherwise` must be " + to_string(label_.type) + ", `" + node.text + "` is not");
    return false;
  }

  Draft& draft_;
  Label& label_;
  Expression expression_;
};

}  // namespace

void load_labels(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("labels")) {
    if (!draft.declare(entry->key, "this label")) continue;
    const Place place = draft.report.source().place(entry->key);
    Reading block(draft.report, entry->value, kLabelBlock, place);
    Label label;
    label.name = entry->key.text;
    if (!LabelLoader(draft, label).load(block)) {
      draft.failed.insert(entry->key.text);
      continue;
    }
    if (!draft.declare_on_row(label.of, label.name, place)) continue;
    draft.spec.labels.push_back(std::move(label));
    draft.labels.push_back(place);
  }
}

}  // namespace quintet::app
