#include "app/diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "app/scope.h"
#include "expr/ast.h"

namespace quintet::app {
namespace {

const std::string& event_name(const Spec& spec, int event) {
  return spec.events[static_cast<std::size_t>(event)].name;
}

struct Found {
  const Column* column = nullptr;
  int event = -1;
};

std::vector<Found> columns_of(const Spec& spec) {
  std::vector<Found> out;
  for (std::size_t event = 0; event < spec.rows.size(); ++event) {
    for (const Column& column : spec.rows[event].columns) {
      out.push_back({&column, static_cast<int>(event)});
    }
  }
  return out;
}

std::string kind_of(const event::Field& field) {
  constexpr std::string_view kPrivacy[] = {"", ", drop", ", pseudonymize", ", mask"};
  return to_string(field.type) + std::string(kPrivacy[static_cast<int>(field.privacy)]);
}

std::vector<FieldChange> blank_fields(const Spec& before, const Spec& after) {
  std::vector<FieldChange> out;
  for (const event::EventType& now : after.events) {
    const int was = before.event_index(now.name);
    if (was < 0) continue;
    const event::EventType& old = before.events[static_cast<std::size_t>(was)];
    for (const event::Field& field : now.fields) {
      const int index = old.field_index(field.name);
      if (index < 0) continue;
      const std::string kind = kind_of(old.fields[static_cast<std::size_t>(index)]);
      if (kind != kind_of(field)) out.push_back({now.name, field.name, kind, kind_of(field)});
    }
  }
  return out;
}

// How far back a column looks, through the columns and models that it reads.
class Reach {
 public:
  Reach(const Spec& spec, int event, const std::vector<FieldChange>& changed)
      : spec_(spec), row_(spec.rows[static_cast<std::size_t>(event)]), changed_(changed) {}

  void add(const Column& column) {
    for (Slot slot : column.reads) add_slot(slot);
  }

  Micros reach = 0;
  bool whole_history = false;
  std::set<std::string> blank;

 private:
  void add_slot(Slot slot) {
    if (!seen_.insert(slot).second) return;
    for (const GroupUse& use : row_.groups) {
      for (const AggregateUse& each : use.aggregates) {
        if (each.slot == slot) add_aggregate(each);
      }
    }
    for (const Column& column : row_.columns) {
      if (column.slot == slot) add(column);
    }
    for (int index : row_.models) {
      const ModelSpec& model = spec_.models[static_cast<std::size_t>(index)];
      const bool gives = std::any_of(model.outputs.begin(), model.outputs.end(),
                                     [&](const ModelOutput& each) { return each.slot == slot; });
      for (std::size_t i = 0; gives && i < model.inputs.size(); ++i) add_slot(model.inputs[i]);
    }
  }

  void add_field(int event, int field) {
    const event::EventType& type = spec_.events[static_cast<std::size_t>(event)];
    if (field >= static_cast<int>(type.fields.size())) return;  // a label
    const std::string& name = type.fields[static_cast<std::size_t>(field)].name;
    for (const FieldChange& each : changed_) {
      if (each.event == type.name && each.field == name) blank.insert(type.name + "." + name);
    }
  }

  void add_fields(const Group& group, const Aggregate& aggregate) {
    for (int field : group.key_fields) add_field(group.source, field);
    const auto add_input = [&](const std::vector<GroupInput>& inputs, int index) {
      if (index < 0) return;
      for (int slot : inputs[static_cast<std::size_t>(index)].program.slots()) {
        add_field(group.source, slot);
      }
    };
    add_input(group.inputs, aggregate.input);
    add_input(group.filters, aggregate.filter);
  }

  void add_aggregate(const AggregateUse& use) {
    const Group& group = spec_.groups[static_cast<std::size_t>(use.group)];
    const Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
    add_fields(group, aggregate);
    const Window& window = aggregate.window;
    if (window.kind == WindowKind::count || window.kind == WindowKind::all)
      whole_history = true;
    else
      reach = std::max(reach, window.length + window.delay);
  }

  const Spec& spec_;
  const RowPlan& row_;
  const std::vector<FieldChange>& changed_;
  std::set<Slot> seen_;
};

class Comparer {
 public:
  Comparer(const Spec& before, const Spec& after, Micros kept)
      : before_(before), after_(after), kept_(kept) {}

  Difference run() {
    out_.same_meaning = before_.digest == after_.digest;
    out_.reach_before = before_.reach;
    out_.reach_after = after_.reach;
    out_.fields = blank_fields(before_, after_);
    compare_columns();
    compare_models();
    compare_groups();
    compare_parts();
    return std::move(out_);
  }

 private:
  static bool same_place(const Spec& a, const Found& x, const Spec& b, const Found& y) {
    return x.column->name == y.column->name && event_name(a, x.event) == event_name(b, y.event);
  }

  void compare_columns() {
    const std::vector<Found> old = columns_of(before_), now = columns_of(after_);
    auto twin = [&](const Spec& of, const Found& found, const Spec& in,
                    const std::vector<Found>& all) -> const Found* {
      for (const Found& each : all) {
        if (same_place(of, found, in, each)) return &each;
      }
      return nullptr;
    };
    std::set<const Column*> renamed;
    for (const Found& found : now) {
      ColumnChange change{
          event_name(after_, found.event), found.column->name, {}, {}, {}, 0, false, false, {}};
      const Found* was = twin(after_, found, before_, old);
      if (was == nullptr) {
        change.change = Change::added;
        for (const Found& each : old) {
          if (each.column->digest != found.column->digest || renamed.contains(each.column) ||
              event_name(before_, each.event) != change.event ||
              twin(before_, each, after_, now) != nullptr) {
            continue;
          }
          change.change = Change::renamed;
          change.was = each.column->name;
          change.unbound = unbound(*each.column, each.event);
          renamed.insert(each.column);
          break;
        }
      } else if (was->column->digest != found.column->digest) {
        change.change = Change::changed;
        change.unbound = unbound(*was->column, was->event);
      }
      finish(change, found);
    }
    for (const Found& each : old) {
      if (renamed.contains(each.column) || twin(before_, each, after_, now) != nullptr) continue;
      ColumnChange change{event_name(before_, each.event),
                          each.column->name,
                          {},
                          Change::removed,
                          unbound(*each.column, each.event),
                          0,
                          false,
                          false,
                          {}};
      out_.columns.push_back(std::move(change));
    }
  }

  void finish(ColumnChange& change, const Found& found) {
    Reach reach(after_, found.event, out_.fields);
    reach.add(*found.column);
    change.blank.assign(reach.blank.begin(), reach.blank.end());
    change.reach = reach.reach;
    change.whole_history = reach.whole_history;
    const bool fresh = change.change == Change::added || change.change == Change::changed;
    change.cold = fresh && kept_ > 0 && (reach.reach > kept_ || reach.whole_history);
    change.cold = change.cold || !change.blank.empty();
    out_.columns.push_back(std::move(change));
  }

  // Old models that read this column under this name.
  std::vector<std::string> unbound(const Column& column, int event) const {
    std::vector<std::string> out;
    for (const ModelSpec& model : before_.models) {
      const bool reads = std::find(model.input_names.begin(), model.input_names.end(),
                                   column.name) != model.input_names.end();
      if (model.of == event && reads) out.push_back(model.name);
    }
    return out;
  }

  static std::string why_unbound(const ModelSpec& old, const ModelSpec& now) {
    if (old.type != now.type || old.objective != now.objective) return "another type or objective";
    for (std::size_t i = 0; i < now.input_names.size(); ++i) {
      auto at = std::find(old.input_names.begin(), old.input_names.end(), now.input_names[i]);
      if (at == old.input_names.end()) return "a new input `" + now.input_names[i] + "`";
      const auto was = static_cast<std::size_t>(at - old.input_names.begin());
      if (old.input_digests[was] != now.input_digests[i]) {
        return "the input `" + now.input_names[i] + "` changed";
      }
    }
    for (const std::string& name : old.input_names) {
      auto at = std::find(now.input_names.begin(), now.input_names.end(), name);
      if (at == now.input_names.end()) return "the input `" + name + "` is gone";
    }
    return {};
  }

  // By name, with what is said under it.
  static std::map<std::string, std::string> rules_of(const TrainRules& rules) {
    std::map<std::string, std::string> out(rules.parameters.begin(), rules.parameters.end());
    out["holdout"] = std::to_string(rules.holdout);
    out["rounds"] = std::to_string(rules.rounds);
    out["segment_rounds"] = std::to_string(rules.segment_rounds);
    out["seed"] = std::to_string(rules.seed);
    out["where"] = rules.where.canonical();
    return out;
  }

  std::vector<std::string> training_changes(const ModelSpec& old, const ModelSpec& now) const {
    std::vector<std::string> out;
    if (old.file != now.file || old.sha256 != now.sha256) out.push_back("the file");
    if (!old.train || !now.train) {
      if (old.train.has_value() != now.train.has_value()) out.push_back("`train`");
      return out;
    }
    const Label& was = before_.labels[static_cast<std::size_t>(old.train->label)];
    const Label& is = after_.labels[static_cast<std::size_t>(now.train->label)];
    if (was.name != is.name || canonical_label(before_, was) != canonical_label(after_, is)) {
      out.push_back("the label `" + is.name + "`");
    }
    const auto before = rules_of(*old.train);
    auto after = rules_of(*now.train);
    for (const auto& [name, value] : before) {
      const auto found = after.find(name);
      if (found == after.end() || found->second != value) out.push_back(name);
      if (found != after.end()) after.erase(found);
    }
    for (const auto& [name, value] : after) out.push_back(name);
    return out;
  }

  void compare_models() {
    auto find = [](const Spec& spec, const std::string& name) -> const ModelSpec* {
      for (const ModelSpec& model : spec.models) {
        if (model.name == name) return &model;
      }
      return nullptr;
    };
    for (const ModelSpec& now : after_.models) {
      const ModelSpec* old = find(before_, now.name);
      ModelChange change{now.name, Change::added, {}, {}};
      if (old != nullptr) {
        change.why = why_unbound(*old, now);
        change.change = change.why.empty() ? Change::same : Change::changed;
        if (change.change == Change::same) change.training = training_changes(*old, now);
      }
      out_.models.push_back(std::move(change));
    }
    for (const ModelSpec& old : before_.models) {
      if (find(after_, old.name) == nullptr) {
        out_.models.push_back({old.name, Change::removed, {}, {}});
      }
    }
  }

  // What a group keeps per entry, and how long.
  static std::set<std::string> kept_by(const Group& group) {
    std::set<std::string> out;
    for (const GroupInput& each : group.inputs) out.insert("in " + each.program.canonical());
    for (const GroupInput& each : group.filters) out.insert("if " + each.program.canonical());
    for (const Aggregate& each : group.aggregates) out.insert(each.canonical);
    return out;
  }

  void compare_groups() {
    auto find = [](const Spec& spec, const std::string& name) -> const Group* {
      for (const Group& group : spec.groups) {
        if (group.name == name) return &group;
      }
      return nullptr;
    };
    for (const Group& now : after_.groups) {
      const Group* old = find(before_, now.name);
      Change change = Change::added;
      if (old != nullptr) {
        const bool same = kept_by(*old) == kept_by(now) && before_.reach == after_.reach &&
                          before_.late == after_.late;
        change = same ? Change::same : Change::changed;
      }
      const std::string source = event_name(after_, now.source);
      out_.groups.push_back(
          {now.name, change, change == Change::added && before_.event_index(source) < 0});
    }
    for (const Group& old : before_.groups) {
      if (find(after_, old.name) == nullptr)
        out_.groups.push_back({old.name, Change::removed, false});
    }
  }

  using Parts = std::vector<std::pair<std::string, std::string>>;  // name, meaning

  void compare_part(const std::string& kind, const Parts& old, const Parts& now) {
    auto find = [](const Parts& parts, const std::string& name) {
      return std::find_if(parts.begin(), parts.end(),
                          [&](const auto& part) { return part.first == name; });
    };
    for (const auto& [name, meaning] : now) {
      auto was = find(old, name);
      Change change = Change::same;
      if (was == old.end())
        change = Change::added;
      else if (was->second != meaning)
        change = Change::changed;
      out_.parts.push_back({kind, name, change});
    }
    for (const auto& [name, meaning] : old) {
      if (find(now, name) == now.end()) out_.parts.push_back({kind, name, Change::removed});
    }
  }

  static std::string meaning_of(const event::Field& field) {
    std::string out = canonical_field(field) + (field.optional ? "?" : "") + " from " + field.from +
                      " use " + std::to_string(static_cast<int>(field.use)) + " privacy " +
                      std::to_string(static_cast<int>(field.privacy)) + " default " +
                      to_text(field.type, field.fallback);
    if (field.minimum) out += " minimum " + to_text(field.type, *field.minimum);
    if (field.maximum) out += " maximum " + to_text(field.type, *field.maximum);
    for (const std::string& level : field.levels) out += " level " + expr::print_text(level);
    return out;
  }

  static Parts events(const Spec& spec, bool tables) {
    Parts out;
    for (const event::EventType& type : spec.events) {
      if (type.is_table != tables) continue;
      std::set<std::string> fields;
      for (const event::Field& field : type.fields) fields.insert(meaning_of(field));
      auto field = [&](int index) {
        return index < 0 ? std::string() : type.fields[static_cast<std::size_t>(index)].name;
      };
      std::string meaning = field(type.id_field) + " at " + field(type.time_field);
      for (int key : type.key_fields) meaning += " key " + field(key);
      for (const std::string& each : fields) meaning += "\n" + each;
      out.emplace_back(type.name, meaning);
    }
    return out;
  }

  static Parts labels(const Spec& spec) {
    Parts out;
    for (const Label& label : spec.labels)
      out.emplace_back(label.name, canonical_label(spec, label));
    return out;
  }

  static Parts decisions(const Spec& spec) {
    Parts out;
    for (const RowPlan& row : spec.rows) {
      for (const Decision& decision : row.decisions) {
        std::string meaning;
        for (const Case& each : decision.cases) {
          meaning += each.when.canonical() + " -> " + each.then + "\n";
        }
        out.emplace_back(decision.name, meaning);
      }
    }
    return out;
  }

  static Parts views(const Spec& spec) {
    Parts out;
    for (const View& view : spec.views) {
      const auto& names = spec.rows[static_cast<std::size_t>(view.of)].slot_names;
      std::string meaning = event_name(spec, view.of) + " where " + view.where.canonical() +
                            " every " + std::to_string(view.every);
      for (Slot slot : view.by) meaning += " by " + names[static_cast<std::size_t>(slot)];
      for (const ViewAggregate& each : view.aggregates) {
        meaning += "\n" + each.name + " " + std::to_string(static_cast<int>(each.function)) + "(" +
                   each.argument.canonical() + ") " + each.where.canonical() + " " +
                   std::to_string(each.q) + " " + std::to_string(each.limit);
      }
      out.emplace_back(view.name, meaning);
    }
    return out;
  }

  void compare_parts() {
    if (before_.app != after_.app) {
      out_.parts.push_back({"application", before_.app + " to " + after_.app, Change::renamed});
    }
    compare_part("event", events(before_, false), events(after_, false));
    compare_part("table", events(before_, true), events(after_, true));
    compare_part("label", labels(before_), labels(after_));
    compare_part("decision", decisions(before_), decisions(after_));
    compare_part("view", views(before_), views(after_));
  }

  const Spec& before_;
  const Spec& after_;
  Micros kept_;
  Difference out_;
};

}  // namespace

bool Difference::any() const {
  auto moved = [](const auto& list) {
    return std::any_of(list.begin(), list.end(),
                       [](const auto& each) { return each.change != Change::same; });
  };
  return moved(columns) || moved(models) || moved(groups) || moved(parts);
}

Difference compare(const Spec& before, const Spec& after, Micros kept) {
  return Comparer(before, after, kept).run();
}

}  // namespace quintet::app
