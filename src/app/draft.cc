#include "app/draft.h"

namespace quintet::app {
namespace {

// Puts constants in place of their names; places stay those of the names.
void put_constants(expr::Ast& ast, const std::map<std::string, expr::AstPtr>& constants) {
  if (ast.kind == expr::Ast::Kind::name) {
    auto found = constants.find(ast.text);
    if (found == constants.end()) return;
    const expr::Ast& value = *found->second;
    ast.kind = value.kind;
    ast.text = value.text;
    ast.integer = value.integer;
    return;
  }
  for (expr::AstPtr& child : ast.children) put_constants(*child, constants);
  for (expr::Argument& argument : ast.arguments) put_constants(*argument.value, constants);
  if (!ast.clauses) return;
  if (ast.clauses->where) put_constants(*ast.clauses->where, constants);
  for (expr::KeyPart& part : ast.clauses->by) {
    if (part.value) put_constants(*part.value, constants);
  }
}

}  // namespace

bool Draft::declare(const Node& name, std::string_view what) {
  const Place place = report.source().place(name);
  auto [found, fresh] = names.emplace(name.text, place);
  if (fresh) return true;
  report
      .error("QNT-0113", place,
             "the name `" + name.text + "` is taken; " + std::string(what) + " needs another one",
             "events, tables, labels, models and constants share one set of names")
      .relate(found->second, "first used here");
  return false;
}

bool Draft::declare_on_row(int event, const std::string& name, Place place) {
  const std::string& type = spec.events[static_cast<std::size_t>(event)].name;
  auto refuse = [&](Place other) {
    report
        .error("QNT-0113", place, "the name `" + name + "` is taken",
               "fields, columns, models and decisions of `" + type + "` need names of their own")
        .relate(other, "first used here");
    return false;
  };
  auto global = names.find(name);
  if (global != names.end() && !(global->second == place)) return refuse(global->second);
  auto [found, fresh] = row_names[event].emplace(name, place);
  return fresh || refuse(found->second);
}

int Draft::event_of(const Reading& block) {
  const Node* of = block.find("of");
  if (of == nullptr) return -1;
  const int event = spec.event_index(of->text);
  if (event >= 0 && !spec.events[static_cast<std::size_t>(event)].is_table) return event;
  if (failed.contains(of->text)) return -1;
  if (event >= 0) {
    report.error("QNT-0201", *of, "`" + of->text + "` is a table, not an event");
    return -1;
  }
  std::vector<std::string> known;
  for (const event::EventType& type : spec.events) {
    if (!type.is_table) known.push_back(type.name);
  }
  std::string hint = expr::did_you_mean(of->text, known);
  if (hint.empty() && !known.empty()) hint = "the events are " + list_names(known);
  report.error("QNT-0201", *of, "there is no event `" + of->text + "`", hint);
  return -1;
}

void Draft::parse(Expression& expression) {
  expr::Parsed parsed = expr::parse(expression.text);
  for (const expr::Problem& problem : parsed.problems) report_problem(expression, problem);
  expression.ast = std::move(parsed.ast);
  if (expression.ast) put_constants(*expression.ast, constants);
}

Expression Draft::parse(const Node& node) {
  Expression expression;
  expression.node = &node;
  expression.text = node.text;
  parse(expression);
  return expression;
}

Place Draft::place(const Expression& expression, expr::Span span) const {
  std::size_t begin = span.begin, end = span.end;
  if (!expression.origin.empty()) {
    const auto& origin = expression.origin;
    const std::size_t size = origin.size();
    const std::size_t last = end > 0 ? end - 1 : 0;
    end = last < size ? origin[last].end : origin.back().end;
    begin = begin < size ? origin[begin].begin : origin.back().end;
    if (span.begin == span.end) end = begin;
  }
  return report.source().place_in(*expression.node, begin, std::max(begin, end));
}

void Draft::report_problem(const Expression& expression, const expr::Problem& problem) {
  report.error(problem.code, place(expression, problem.span), problem.message, problem.hint);
}

expr::Program Draft::check(const Expression& expression, const expr::Scope& scope,
                           const expr::CheckOptions& options) {
  if (!expression.ast) return {};
  expr::CheckOptions with = options;
  with.utc_offset_minutes = spec.utc_offset_minutes;
  expr::Checked checked = expr::check(*expression.ast, scope, with);
  for (const expr::Problem& problem : checked.problems) report_problem(expression, problem);
  return checked.ok() ? std::move(checked.program) : expr::Program();
}

}  // namespace quintet::app
