// The rows: columns, models and decisions of each event type in order of their dependencies.
#include <algorithm>

#include "app/draft.h"
#include "app/groups.h"
#include "app/scope.h"
#include "base/digest.h"
#include "event/types.h"

namespace quintet::app {
namespace {

using event::Kind;
using event::Type;

class RowResolver {
 public:
  RowResolver(Draft& draft, int event)
      : draft_(draft),
        event_(event),
        plan_(draft.spec.rows[static_cast<std::size_t>(event)]),
        scope_(draft, event),
        asker_(draft, event, plan_) {
    scope_.set_lookup([this](int table, int field) { return asker_.look_up(table, field); });
  }

  void resolve() {
    add_fields();
    for (const std::string& name : draft_.failed_decisions) scope_.add(name, failed());
    add_items();
    for (std::size_t i = 0; i < items_.size(); ++i) visit(i);
  }

 private:
  // A column, model or decision, with what must be computed before it.
  struct Item {
    Step::What what;
    std::size_t declared;  // in the draft's list
    int index;             // as in Step::index
    std::string name;
    Place place;
    std::vector<std::pair<std::size_t, Place>> needs;
    enum class State : unsigned char { unseen, open, done } state = State::unseen;
    bool failed = false;
  };

  const event::EventType& type() const {
    return draft_.spec.events[static_cast<std::size_t>(event_)];
  }

  Slot add_slot(std::string name, Type type) {
    plan_.slot_names.push_back(std::move(name));
    plan_.slot_types.push_back(type);
    return plan_.slots++;
  }

  void add_fields() {
    for (const event::Field& field : type().fields) add_slot(field.name, field.type);
  }

  void add_items() {
    for (std::size_t i = 0; i < draft_.columns.size(); ++i) {
      const DeclaredColumn& column = draft_.columns[i];
      if (column.of != event_) continue;
      add_item(Step::What::column, i, static_cast<int>(plan_.columns.size()), column.name,
               column.place);
      Column made;
      made.name = column.name;
      made.line = column.place.line;
      made.slot = add_slot(column.name, {});
      plan_.columns.push_back(std::move(made));
    }
    for (std::size_t i = 0; i < draft_.models.size(); ++i) {
      ModelSpec& model = draft_.spec.models[i];
      if (model.of != event_ || draft_.models[i].failed) continue;
      add_item(Step::What::model, i, static_cast<int>(i), model.name, draft_.models[i].place);
      plan_.models.push_back(static_cast<int>(i));
      for (ModelOutput& output : model.outputs) {
        output.slot = add_slot(model.name + "." + output.name, Type::of(Kind::real));
      }
    }
    for (std::size_t i = 0; i < draft_.decisions.size(); ++i) {
      const DeclaredDecision& decision = draft_.decisions[i];
      if (decision.of != event_) continue;
      add_item(Step::What::decision, i, static_cast<int>(plan_.decisions.size()), decision.name,
               decision.place);
      Decision made;
      made.name = decision.name;
      made.slot = add_slot(decision.name, Type::of(Kind::text));
      plan_.decisions.push_back(std::move(made));
    }
    for (Item& item : items_) find_needs(item);
  }

  void add_item(Step::What what, std::size_t declared, int index, const std::string& name,
                Place place) {
    by_name_[name] = items_.size();
    items_.push_back({what, declared, index, name, place, {}, Item::State::unseen, false});
  }

  void need(Item& item, const std::string& name, Place place) {
    auto found = by_name_.find(name);
    if (found != by_name_.end()) item.needs.emplace_back(found->second, place);
  }

  void need(Item& item, const Expression& expression) {
    if (!expression.ast) return;
    expr::visit_names(*expression.ast, [&](const expr::Ast& ast) {
      need(item, ast.text, draft_.place(expression, ast.span));
    });
  }

  void find_needs(Item& item) {
    if (item.what == Step::What::column) {
      need(item, draft_.columns[item.declared].expression);
    } else if (item.what == Step::What::decision) {
      for (const auto& each : draft_.decisions[item.declared].cases) need(item, each.when);
    } else {
      const DeclaredModel& model = draft_.models[item.declared];
      need(item, model.where);
      need(item, model.train_where);
      for (const Node* input : model.inputs) {
        for (const std::string& name : names_for(*input)) {
          need(item, name.substr(0, name.find('.')), draft_.report.source().place(*input));
        }
      }
    }
  }

  // What an input stands for: itself, or all columns with its prefix.
  std::vector<std::string> names_for(const Node& input) const {
    if (!input.text.ends_with('*')) return {input.text};
    const std::string_view prefix = std::string_view(input.text).substr(0, input.text.size() - 1);
    std::vector<std::string> out;
    for (const Column& column : plan_.columns) {
      if (column.name.starts_with(prefix)) out.push_back(column.name);
    }
    return out;
  }

  void visit(std::size_t at) {
    Item& item = items_[at];
    if (item.state == Item::State::done) return;
    item.state = Item::State::open;
    path_.push_back(at);
    for (const auto& [other, place] : item.needs) {
      if (items_[other].state == Item::State::open) {
        report_cycle(other, place);
      } else {
        visit(other);
      }
      item.failed = item.failed || items_[other].failed;
    }
    item.state = Item::State::done;
    path_.pop_back();
    const bool made = finish(item);
    item.failed = item.failed || !made;
    if (!item.failed) plan_.steps.push_back({item.what, item.index});
  }

  void report_cycle(std::size_t back, Place place) {
    const auto first = std::find(path_.begin(), path_.end(), back);
    std::string message = "`" + items_[back].name + "` needs itself: ";
    for (auto at = first; at != path_.end(); ++at) message += items_[*at].name + " -> ";
    Diagnostic& diagnostic = draft_.report.error("QNT-0404", place, message + items_[back].name);
    for (auto at = first; at != path_.end(); ++at) {
      items_[*at].failed = true;
      scope_.add(items_[*at].name, failed());
      diagnostic.relate(items_[*at].place, "`" + items_[*at].name + "` is declared here");
    }
  }

  expr::Symbol failed() const {
    expr::Symbol symbol;
    symbol.failed = true;
    return symbol;
  }

  std::string digest(const std::string& text) const {
    return sha256_hex("quintet semantics " + std::to_string(kSemanticsVersion) + "\nutc offset " +
                      std::to_string(draft_.spec.utc_offset_minutes) + "\n" + text);
  }

  // Aggregates are resolved in columns alone: elsewhere they are refused by the check.
  expr::Program check(const Expression& expression, expr::CheckOptions options,
                      std::vector<Slot>* reads = nullptr) {
    expr::Resolved resolved;
    if (!options.expected) asker_.resolve_aggregates(expression, resolved);
    asker_.resolve_look_ups(expression, resolved);
    options.resolved = &resolved;
    if (reads != nullptr) *reads = slots_read(expression, resolved);
    return draft_.check(expression, scope_, options);
  }

  std::vector<Slot> slots_read(const Expression& expression, const expr::Resolved& resolved) const {
    std::set<Slot> slots;
    if (!expression.ast) return {};
    auto add = [&](const expr::Ast& ast) {
      auto found = resolved.find(&ast);
      std::optional<expr::Symbol> symbol;
      if (found != resolved.end())
        symbol = found->second;
      else if (ast.kind == expr::Ast::Kind::name)
        symbol = scope_.find(ast.text);
      else if (ast.kind == expr::Ast::Kind::member)
        symbol = scope_.member(ast.text, ast.member);
      if (symbol && symbol->slot >= 0) slots.insert(symbol->slot);
    };
    expr::visit_names(*expression.ast, add);
    expr::visit_aggregates(*expression.ast, add);
    return {slots.begin(), slots.end()};
  }

  expr::CheckOptions boolean(std::string what) const {
    expr::CheckOptions options;
    options.expected = Type::of(Kind::boolean);
    options.what = std::move(what);
    return options;
  }

  // Checks an item whose needs are done; false if it failed (reported).
  bool finish(Item& item) {
    if (draft_.report.full()) {
      scope_.add(item.name, failed());
      return false;
    }
    switch (item.what) {
      case Step::What::column: return finish_column(item);
      case Step::What::model: return finish_model(item);
      default: return finish_decision(item);
    }
  }

  bool finish_column(Item& item) {
    Column& column = plan_.columns[static_cast<std::size_t>(item.index)];
    if (item.failed) {
      // Names that failed are not reported again; what else is wrong still is.
      scope_.add(item.name, failed());
    }
    expr::Program program = check(draft_.columns[item.declared].expression, {}, &column.reads);
    if (!program || item.failed) {
      scope_.add(item.name, failed());
      return false;
    }
    column.digest = digest(program.canonical());
    plan_.slot_types[static_cast<std::size_t>(column.slot)] = program.type();
    expr::Symbol symbol;
    symbol.slot = column.slot;
    symbol.type = program.type();
    symbol.canonical = "#" + column.digest;
    scope_.add(item.name, symbol);
    column.program = std::move(program);
    return true;
  }

  bool finish_model(Item& item) {
    ModelSpec& model = draft_.spec.models[item.declared];
    const DeclaredModel& declared = draft_.models[item.declared];
    bool good = !item.failed;
    for (const Node* input : declared.inputs) good = add_input(model, *input) && good;
    auto condition = [&](const Expression& where, expr::Program& into, std::string what) {
      if (where.node == nullptr) return;
      into = check(where, boolean(std::move(what)));
      good = good && static_cast<bool>(into);
    };
    condition(declared.where, model.where, "`where`");
    if (model.train) condition(declared.train_where, model.train->where, "`where`");
    std::string text = "model " + model.name + " " + model.objective;
    for (const std::string& each : model.input_digests) text += "\n" + each;
    const std::string canonical = digest(text + "\n" + model.where.canonical());
    expr::Symbol symbol = failed();
    for (const ModelOutput& output : model.outputs) {
      if (good) {
        symbol = {};
        symbol.slot = output.slot;
        symbol.type = Type::of(Kind::real);
        symbol.canonical = "#" + canonical + "." + output.name;
      }
      scope_.add_member(model.name, output.name, symbol);
    }
    if (model.outputs.size() > 1 && good) {
      symbol = {};
      symbol.refused = "`" + model.name + "` has several outputs: say which";
      symbol.hint = "as `" + model.name + "." + model.outputs[0].name + "`";
    }
    scope_.add(model.name, symbol);
    return good;
  }

  bool add_input(ModelSpec& model, const Node& input) {
    const bool glob = input.text.ends_with('*');
    const std::vector<std::string> names = names_for(input);
    if (names.empty()) {
      draft_.report.error(
          "QNT-0509", input,
          "no column begins with `" + input.text.substr(0, input.text.size() - 1) + "`");
      return false;
    }
    bool good = true;
    for (const std::string& name : names) {
      const auto& known = model.input_names;
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        if (glob) continue;
        draft_.report.error("QNT-0510", input, "`" + name + "` is an input already");
        good = false;
        continue;
      }
      good = add_named_input(model, input, name) && good;
    }
    return good;
  }

  bool add_named_input(ModelSpec& model, const Node& input, const std::string& name) {
    const std::size_t point = name.find('.');
    std::optional<expr::Symbol> symbol =
        point == std::string::npos ? scope_.find(name)
                                   : scope_.member(name.substr(0, point), name.substr(point + 1));
    if (!symbol) {
      std::string hint = expr::did_you_mean(name, scope_.names());
      draft_.report.error("QNT-0509", input,
                          "there is no column or field `" + name + "` of `" + type().name + "`",
                          hint);
      return false;
    }
    if (symbol->failed) return false;
    if (!symbol->refused.empty()) {
      draft_.report.error("QNT-0220", input, symbol->refused, symbol->hint);
      return false;
    }
    if (!symbol->type.numeric() && symbol->type.kind != Kind::boolean) {
      draft_.report.error(
          "QNT-0511", input,
          "a model reads numbers and bools, `" + name + "` is " + to_string(symbol->type),
          symbol->type.kind == Kind::text ? "make a number of it: `bucket(" + name + ", 64)`" : "");
      return false;
    }
    model.inputs.push_back(symbol->slot);
    model.input_names.push_back(name);
    model.input_digests.push_back(symbol->canonical.starts_with('#') ? symbol->canonical.substr(1)
                                                                     : symbol->canonical);
    return true;
  }

  bool finish_decision(Item& item) {
    Decision& decision = plan_.decisions[static_cast<std::size_t>(item.index)];
    bool good = !item.failed;
    std::string text = "decision";
    for (const auto& declared : draft_.decisions[item.declared].cases) {
      Case made;
      if (declared.when_node != nullptr) {
        made.when = check(declared.when, boolean("`when`"));
        good = good && static_cast<bool>(made.when);
      }
      made.then = declared.then;
      made.reason = declared.reason;
      text += "\n" + made.when.canonical() + " -> " + expr::print_text(made.then);
      decision.cases.push_back(std::move(made));
    }
    expr::Symbol symbol = failed();
    if (good) {
      symbol.failed = false;
      symbol.slot = decision.slot;
      symbol.type = Type::of(Kind::text);
      symbol.canonical = "#" + digest(text);
    }
    scope_.add(item.name, symbol);
    return good;
  }

  Draft& draft_;
  int event_;
  RowPlan& plan_;
  RowScope scope_;
  RowAsker asker_;
  std::vector<Item> items_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<std::size_t> path_;  // open items, from the first that was asked for
};

}  // namespace

void resolve_rows(Draft& draft) {
  draft.spec.rows.resize(draft.spec.events.size());
  for (std::size_t i = 0; i < draft.spec.events.size(); ++i) {
    if (!draft.spec.events[i].is_table) RowResolver(draft, static_cast<int>(i)).resolve();
  }
  for (const Group& group : draft.spec.groups) {
    draft.spec.reach = std::max(draft.spec.reach, group.reach);
  }
}

}  // namespace quintet::app
