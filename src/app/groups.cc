#include "app/groups.h"

#include <algorithm>

namespace quintet::app {
namespace {

using expr::Ast;
using Over = expr::WindowClause::Kind;

expr::Symbol failed_symbol() {
  expr::Symbol symbol;
  symbol.failed = true;
  return symbol;
}

Window window_of(const expr::Clauses& clauses) {
  Window window;
  switch (clauses.over.kind) {
    case Over::time: window.kind = WindowKind::time; break;
    case Over::count: window.kind = WindowKind::count; break;
    case Over::session: window.kind = WindowKind::session; break;
    default: window.kind = WindowKind::all;
  }
  window.length = clauses.over.length;
  window.n = clauses.over.n;
  window.delay = clauses.delayed.value_or(0);
  window.every = clauses.every.value_or(0);
  return window;
}

std::string canonical_window(const Window& window) {
  switch (window.kind) {
    case WindowKind::time:
      return "time " + std::to_string(window.length) + " delayed " + std::to_string(window.delay) +
             " every " + std::to_string(window.every);
    case WindowKind::count: return "count " + std::to_string(window.n);
    case WindowKind::session: return "session " + std::to_string(window.length);
    default: return "all";
  }
}

}  // namespace

bool RowAsker::error(const Call& call, std::string_view code, expr::Span span, std::string message,
                     std::string hint) {
  draft_.report.error(code, draft_.place(call.expression, span), std::move(message),
                      std::move(hint));
  return false;
}

void RowAsker::resolve_aggregates(const Expression& expression, expr::Resolved& resolved) {
  if (!expression.ast) return;
  expr::visit_aggregates(*expression.ast, [&](const Ast& ast) {
    std::optional<expr::Symbol> symbol = aggregate(expression, ast);
    resolved[&ast] = symbol ? *std::move(symbol) : failed_symbol();
  });
}

void RowAsker::resolve_look_ups(const Expression& expression, expr::Resolved& resolved) {
  if (!expression.ast) return;
  expr::visit_names(*expression.ast, [&](const Ast& ast) {
    if (ast.kind == Ast::Kind::lookup) resolved[&ast] = keyed_look_up(expression, ast);
  });
}

std::optional<expr::Symbol> RowAsker::aggregate(const Expression& expression, const Ast& ast) {
  std::vector<expr::Problem> problems;
  std::optional<expr::AggregateCall> parts = expr::take_apart(ast, problems);
  for (const expr::Problem& problem : problems) draft_.report_problem(expression, problem);
  if (!parts) return std::nullopt;
  Call call{expression, ast, *parts, event_};
  if (!find_source(call)) return std::nullopt;
  const bool window = check_window(call);
  std::optional<Key> key = find_key(call);
  if (!window || !key) {
    // What the call reads is checked all the same, on a group that nobody will see.
    Group unused;
    unused.source = call.source;
    add_input(call, unused, false);
    if (ast.clauses->where) add_input(call, unused, true);
    return std::nullopt;
  }
  if (ast.clauses->including_this && !key->own) {
    error(call, "QNT-0407", ast.clauses->including_span,
          "`including this` needs the event's own group",
          "without `from`, by fields of `" + type(event_).name + "` itself");
    return std::nullopt;
  }
  Group& group = group_for(call.source, *key);
  Aggregate aggregate;
  aggregate.function = static_cast<Function>(call.parts.function->id);
  aggregate.window = window_of(*ast.clauses);
  aggregate.including_this = ast.clauses->including_this;
  aggregate.q = call.parts.q;
  aggregate.limit = call.parts.limit;
  aggregate.type = event::Type::of(event::Kind::int64);
  std::optional<int> input = add_input(call, group, false);
  std::optional<int> filter = ast.clauses->where ? add_input(call, group, true) : -1;
  if (!input || !filter) return std::nullopt;
  aggregate.input = *input;
  aggregate.filter = *filter;
  if (aggregate.input >= 0) {
    const event::Type of = group.inputs[static_cast<std::size_t>(*input)].program.type();
    std::optional<event::Type> result = expr::result_type(*call.parts.function, of);
    if (!result) {
      draft_.report_problem(expression, expr::wrong_input(call.parts, of));
      return std::nullopt;
    }
    aggregate.type = *result;
  }
  const int index = add_aggregate(group, std::move(aggregate));
  return use(call, group, *std::move(key), index);
}

bool RowAsker::find_source(Call& call) {
  const expr::Clauses& clauses = *call.ast.clauses;
  if (clauses.from.empty()) return true;
  call.source = draft_.spec.event_index(clauses.from);
  if (call.source >= 0 && !type(call.source).is_table) return true;
  if (draft_.failed.contains(clauses.from)) return false;
  if (call.source >= 0) {
    return error(call, "QNT-0201", clauses.from_span,
                 "`" + clauses.from + "` is a table: it has newest rows, no history",
                 "look a value up with `" + clauses.from + ".FIELD`");
  }
  std::vector<std::string> known;
  for (const event::EventType& event : draft_.spec.events) {
    if (!event.is_table) known.push_back(event.name);
  }
  return error(call, "QNT-0201", clauses.from_span, "there is no event `" + clauses.from + "`",
               expr::did_you_mean(clauses.from, known));
}

bool RowAsker::check_window(const Call& call) {
  const expr::Clauses& clauses = *call.ast.clauses;
  if (clauses.over.kind == Over::none) {
    return error(call, "QNT-0405", call.ast.span, "this aggregate has no window",
                 "add `over 7d`, `over 20 events`, `over session 30m` or `over all`");
  }
  if (clauses.over.kind == Over::next) {
    return error(call, "QNT-0406", clauses.over.span,
                 "a column cannot look forward: `over next` is for labels",
                 "make it a label, and learn it");
  }
  if (clauses.over.kind != Over::time && clauses.over.kind != Over::session) return true;
  for (int event : {call.source, event_}) {
    if (type(event).time_field >= 0) continue;
    return error(call, "QNT-0402", clauses.over.span,
                 "`" + type(event).name + "` has no `time`, so it cannot be in a window of time",
                 "add `time: FIELD` to `" + type(event).name +
                     "`, or count events: `over 20 "
                     "events`");
  }
  return true;
}

std::optional<expr::Program> RowAsker::key_part(const Call& call, const expr::KeyPart& part,
                                                const event::Field& field) {
  FieldScope scope(draft_, event_, "a key");
  expr::CheckOptions options;
  options.inside_aggregate = true;
  options.expected = field.type;
  options.what = "the key `" + part.field + "`";
  options.utc_offset_minutes = draft_.spec.utc_offset_minutes;
  Ast name;
  name.kind = Ast::Kind::name;
  name.span = name.name_span = part.span;
  name.text = part.field;
  if (!part.value) {
    const int own = type(event_).field_index(part.field);
    if (own < 0 && !draft_.events[static_cast<std::size_t>(event_)].failed.contains(part.field)) {
      error(call, "QNT-0408", part.span,
            "`" + type(event_).name + "` has no field `" + part.field + "` to ask by",
            "write `by (" + part.field + " = EXPRESSION)`");
      return std::nullopt;
    }
    const auto* mine = own < 0 ? nullptr : &type(event_).fields[static_cast<std::size_t>(own)];
    if (mine != nullptr && mine->privacy != field.privacy) {
      error(call, "QNT-0408", part.span,
            "`" + part.field + "` has another `privacy` in `" + type(event_).name + "` than in `" +
                type(call.source).name + "`",
            "the keys would never be equal");
      return std::nullopt;
    }
  }
  expr::Checked checked = expr::check(part.value ? *part.value : name, scope, options);
  for (const expr::Problem& problem : checked.problems) {
    draft_.report_problem(call.expression, problem);
  }
  if (!checked.ok()) return std::nullopt;
  return std::move(checked.program);
}

std::optional<RowAsker::Key> RowAsker::find_key(const Call& call) {
  const expr::Clauses& clauses = *call.ast.clauses;
  const event::EventType& source = type(call.source);
  if (clauses.by.empty()) {
    error(call, "QNT-0405", call.ast.span, "this aggregate has no key",
          "add `by FIELD` or `by (FIELD, FIELD)`; for one series of all events declare a field "
          "that is always the same, as `series: {type: string, optional: true, default: all}`");
    return std::nullopt;
  }
  std::map<std::string, std::pair<int, expr::Program>> parts;
  bool good = true, own = call.source == event_;
  for (const expr::KeyPart& part : clauses.by) {
    FieldScope scope(draft_, call.source, "a key");
    const int index = source.field_index(part.field);
    std::optional<expr::Symbol> symbol = scope.find(part.field);
    if (!symbol) {
      good = error(call, "QNT-0202", part.span,
                   "`" + source.name + "` has no field `" + part.field + "`",
                   expr::did_you_mean(part.field, scope.names()));
    } else if (symbol->failed) {
      good = false;
    } else if (!symbol->refused.empty() || symbol->type.kind == event::Kind::list) {
      good =
          error(call, "QNT-0408", part.span,
                symbol->refused.empty() ? "a list cannot be a key" : symbol->refused, symbol->hint);
    } else if (parts.contains(part.field)) {
      good = error(call, "QNT-0408", part.span, "`" + part.field + "` stands twice in the key");
    } else {
      const auto& field = source.fields[static_cast<std::size_t>(index)];
      std::optional<expr::Program> program = key_part(call, part, field);
      good = good && program.has_value();
      own = own && !part.value;
      if (program) parts.emplace(part.field, std::pair(index, *std::move(program)));
    }
  }
  if (!good) return std::nullopt;
  Key key;
  key.own = own;
  for (auto& [name, part] : parts) {
    key.fields.push_back(part.first);
    key.canonical += (key.canonical.empty() ? "" : ", ") + name + "=" + part.second.canonical();
    key.programs.push_back(std::move(part.second));
  }
  return key;
}

bool RowAsker::check_label_delay(const Call& call, const std::set<int>& labels) {
  const expr::Clauses& clauses = *call.ast.clauses;
  const bool time = clauses.over.kind == Over::time;
  bool good = true;
  for (int index : labels) {
    const Label& label = draft_.spec.labels[static_cast<std::size_t>(index)];
    const auto refuse = [&](expr::Span span, const std::string& why, std::string hint) {
      good = false;
      draft_.report
          .error("QNT-0403", draft_.place(call.expression, span),
                 "the label `" + label.name + "` is known " + expr::print_duration(label.after) +
                     " after its event, " + why,
                 std::move(hint))
          .relate(draft_.labels[static_cast<std::size_t>(index)], "the label is declared here");
    };
    if (clauses.including_this) {
      refuse(clauses.including_span, "this event cannot know its own", "leave it out");
      continue;
    }
    // Rounded down, an event may be younger than its window says, by almost a whole step.
    Micros wait = label.after;
    if (clauses.every) {
      const Micros step = *clauses.every;
      wait = (label.after + 2 * (step - 1)) / step * step;
    }
    if (time && clauses.delayed.value_or(0) >= wait) continue;
    const std::string delayed = expr::print_duration(wait);
    refuse(clauses.delayed ? clauses.delayed_span : clauses.over.span,
           !time ? "only a window of time can wait for it"
           : wait == label.after
               ? "this window reads it earlier"
               : "this window reads it earlier, as it rounds times down",
           time ? "write `delayed " + delayed + "` or more"
                : "write `over 30d delayed " + expr::print_duration(label.after) + "`");
  }
  return good;
}

std::optional<int> RowAsker::add_input(const Call& call, Group& group, bool filter) {
  const Ast* ast = filter ? call.ast.clauses->where.get() : call.parts.input;
  if (ast == nullptr) return -1;
  FieldScope scope(draft_, call.source, "an aggregate", FieldScope::Labels::readable);
  expr::CheckOptions options;
  options.inside_aggregate = true;
  options.utc_offset_minutes = draft_.spec.utc_offset_minutes;
  if (filter) {
    options.expected = event::Type::of(event::Kind::boolean);
    options.what = "`where`";
  }
  expr::Checked checked = expr::check(*ast, scope, options);
  for (const expr::Problem& problem : checked.problems) {
    draft_.report_problem(call.expression, problem);
  }
  if (!check_label_delay(call, scope.labels_read()) || !checked.ok()) return std::nullopt;
  std::vector<GroupInput>& all = filter ? group.filters : group.inputs;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].program.canonical() == checked.program.canonical()) return static_cast<int>(i);
  }
  all.push_back({std::move(checked.program), !scope.labels_read().empty()});
  return static_cast<int>(all.size()) - 1;
}

Group& RowAsker::group_for(int source, const Key& key) {
  for (Group& group : draft_.spec.groups) {
    if (group.source == source && group.key_fields == key.fields) return group;
  }
  Group group;
  group.index = static_cast<int>(draft_.spec.groups.size());
  group.source = source;
  group.key_fields = key.fields;
  group.name = type(source).name + " by ";
  for (std::size_t i = 0; i < key.fields.size(); ++i) {
    if (i > 0) group.name += ", ";
    group.name += type(source).fields[static_cast<std::size_t>(key.fields[i])].name;
  }
  draft_.spec.groups.push_back(std::move(group));
  return draft_.spec.groups.back();
}

int RowAsker::add_aggregate(Group& group, Aggregate aggregate) {
  auto program = [](const std::vector<GroupInput>& all, int index) {
    return index < 0 ? std::string() : all[static_cast<std::size_t>(index)].program.canonical();
  };
  aggregate.canonical =
      std::string(expr::aggregate_functions()[static_cast<std::size_t>(aggregate.function)].name) +
      "(" + program(group.inputs, aggregate.input) + ") where (" +
      program(group.filters, aggregate.filter) + ") over " + canonical_window(aggregate.window) +
      (aggregate.including_this ? " including this" : "") + " q=" + std::to_string(aggregate.q) +
      " n=" + std::to_string(aggregate.limit);
  for (std::size_t i = 0; i < group.aggregates.size(); ++i) {
    if (group.aggregates[i].canonical == aggregate.canonical) return static_cast<int>(i);
  }
  const Window& window = aggregate.window;
  if (window.kind == WindowKind::time || window.kind == WindowKind::session) {
    group.reach = std::max(group.reach, window.length + window.delay);
  }
  if (window.kind == WindowKind::count) group.count_reach = std::max(group.count_reach, window.n);
  group.aggregates.push_back(std::move(aggregate));
  return static_cast<int>(group.aggregates.size()) - 1;
}

Slot RowAsker::new_slot(event::Type type) {
  plan_.slot_names.emplace_back();
  plan_.slot_types.push_back(type);
  return plan_.slots++;
}

expr::Symbol RowAsker::use(const Call&, Group& group, Key key, int aggregate) {
  const Aggregate& asked = group.aggregates[static_cast<std::size_t>(aggregate)];
  auto same_key = [&](const GroupUse& use) {
    if (use.group != group.index) return false;
    for (std::size_t i = 0; i < key.programs.size(); ++i) {
      if (use.key[i].canonical() != key.programs[i].canonical()) return false;
    }
    return true;
  };
  auto asking = std::find_if(plan_.groups.begin(), plan_.groups.end(), same_key);
  if (asking == plan_.groups.end()) {
    plan_.groups.push_back({group.index, std::move(key.programs), {}});
    asking = plan_.groups.end() - 1;
  }
  expr::Symbol symbol;
  symbol.type = asked.type;
  symbol.canonical = "agg{" + group.name + " [" + key.canonical + "] " + asked.canonical + "}";
  for (const AggregateUse& use : asking->aggregates) {
    if (use.aggregate == aggregate) symbol.slot = use.slot;
  }
  if (symbol.slot < 0) {
    symbol.slot = new_slot(asked.type);
    asking->aggregates.push_back({symbol.slot, group.index, aggregate});
  }
  return symbol;
}

expr::Symbol RowAsker::read_table(int table, int field, std::vector<expr::Program> key) {
  const event::EventType& rows = type(table);
  std::string canonical;
  for (const expr::Program& part : key) canonical += part.canonical() + ";";
  auto same = [&](const TableUse& use) {
    std::string other;
    for (const expr::Program& part : use.key) other += part.canonical() + ";";
    return use.table == table && other == canonical;
  };
  auto asking = std::find_if(plan_.tables.begin(), plan_.tables.end(), same);
  if (asking == plan_.tables.end()) {
    plan_.tables.push_back({table, std::move(key), {}});
    asking = plan_.tables.end() - 1;
  }
  const event::Field& wanted = rows.fields[static_cast<std::size_t>(field)];
  expr::Symbol symbol;
  symbol.type = wanted.type;
  symbol.canonical = "table{" + rows.name + " [" + canonical + "] " + canonical_field(wanted) + "}";
  for (const TableUse::Read& read : asking->reads) {
    if (read.field == field) symbol.slot = read.slot;
  }
  if (symbol.slot < 0) {
    symbol.slot = new_slot(wanted.type);
    asking->reads.push_back({symbol.slot, field});
  }
  return symbol;
}

expr::Symbol RowAsker::look_up(int table, int field) {
  const event::EventType& rows = type(table);
  expr::Symbol symbol;
  const event::Field& wanted = rows.fields[static_cast<std::size_t>(field)];
  if (wanted.privacy == event::Privacy::drop || wanted.use != event::Use::feature) {
    symbol.refused = "`" + rows.name + "." + wanted.name + "` cannot be read: it is " +
                     (wanted.privacy == event::Privacy::drop ? "dropped" : "not a feature");
    return symbol;
  }
  if (rows.key_fields.empty()) return failed_symbol();
  std::vector<expr::Program> key;
  FieldScope scope(draft_, event_, "a key");
  for (int part : rows.key_fields) {
    const event::Field& theirs = rows.fields[static_cast<std::size_t>(part)];
    const int own = type(event_).field_index(theirs.name);
    if (own < 0) {
      if (draft_.events[static_cast<std::size_t>(event_)].failed.contains(theirs.name)) {
        return failed_symbol();
      }
      symbol.refused = "`" + rows.name + "` is looked up by `" + theirs.name + "`, which `" +
                       type(event_).name + "` does not have";
      symbol.hint = "write `" + rows.name + "[EXPRESSION]." + wanted.name + "`";
      return symbol;
    }
    const event::Field& mine = type(event_).fields[static_cast<std::size_t>(own)];
    Ast name;
    name.kind = Ast::Kind::name;
    name.text = mine.name;
    expr::CheckOptions options;
    options.expected = theirs.type;
    expr::Checked checked = expr::check(name, scope, options);
    if (!checked.ok() || mine.privacy != theirs.privacy) {
      symbol.refused = "`" + rows.name + "` is looked up by `" + theirs.name +
                       "`, which does not fit that of `" + type(event_).name + "`";
      symbol.hint = "type and privacy must be the same";
      return symbol;
    }
    key.push_back(std::move(checked.program));
  }
  return read_table(table, field, std::move(key));
}

expr::Symbol RowAsker::keyed_look_up(const Expression& expression, const Ast& ast) {
  auto refuse = [&](std::string_view code, expr::Span span, std::string message, std::string hint) {
    draft_.report.error(code, draft_.place(expression, span), std::move(message), std::move(hint));
    return failed_symbol();
  };
  const int table = draft_.spec.event_index(ast.text);
  if (table < 0 || !type(table).is_table) {
    if (draft_.failed.contains(ast.text)) return failed_symbol();
    return refuse("QNT-0201", ast.name_span, "there is no table `" + ast.text + "`", {});
  }
  const event::EventType& rows = type(table);
  const int field = rows.field_index(ast.member);
  if (field < 0) {
    std::vector<std::string> known;
    for (const event::Field& each : rows.fields) known.push_back(each.name);
    return refuse("QNT-0202", ast.member_span,
                  "`" + rows.name + "` has no field `" + ast.member + "`",
                  expr::did_you_mean(ast.member, known));
  }
  if (rows.key_fields.size() != 1) {
    return refuse("QNT-0409", ast.span,
                  "`" + rows.name + "` has a key of " + std::to_string(rows.key_fields.size()) +
                      " fields: [ ] takes one",
                  "use `" + rows.name + "." + ast.member + "` with fields of the same names");
  }
  FieldScope scope(draft_, event_, "a key");
  expr::CheckOptions options;
  options.expected = rows.fields[static_cast<std::size_t>(rows.key_fields[0])].type;
  options.what = "the key of `" + rows.name + "`";
  options.utc_offset_minutes = draft_.spec.utc_offset_minutes;
  expr::Checked checked = expr::check(*ast.children[0], scope, options);
  for (const expr::Problem& problem : checked.problems) {
    draft_.report_problem(expression, problem);
  }
  if (!checked.ok()) return failed_symbol();
  std::vector<expr::Program> key;
  key.push_back(std::move(checked.program));
  return read_table(table, field, std::move(key));
}

}  // namespace quintet::app
