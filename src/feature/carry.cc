#include "feature/carry.h"

#include <algorithm>
#include <set>

#include "feature/shard_bytes.h"

namespace quintet::feature {

using event::Value;

namespace {

const event::EventType& source_of(const app::Spec& spec, const app::Group& group) {
  return spec.events[static_cast<std::size_t>(group.source)];
}

// S1.7: else what was recorded reads as null.
bool same_values(const event::Field& a, const event::Field& b) {
  return a.type == b.type && a.privacy == b.privacy;
}

bool same_fields(const event::EventType& a, const std::vector<int>& of_a, const event::EventType& b,
                 const std::vector<int>& of_b) {
  if (of_a.size() != of_b.size()) return false;
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    const event::Field& mine = a.fields[static_cast<std::size_t>(of_a[i])];
    const event::Field& theirs = b.fields[static_cast<std::size_t>(of_b[i])];
    if (mine.name != theirs.name || !same_values(mine, theirs)) return false;
  }
  return true;
}

// The group of `from` that is the same as this one of `to`; -1 if none.
int group_in(const app::Spec& from, const app::Spec& to, const app::Group& group) {
  for (const app::Group& old : from.groups) {
    if (old.name == group.name &&
        same_fields(source_of(from, old), old.key_fields, source_of(to, group), group.key_fields)) {
      return old.index;
    }
  }
  return -1;
}

int table_in(const app::Spec& from, const event::EventType& table) {
  const int index = from.event_index(table.name);
  if (index < 0) return -1;
  const event::EventType& old = from.events[static_cast<std::size_t>(index)];
  const bool same = old.is_table && same_fields(old, old.key_fields, table, table.key_fields);
  return same ? index : -1;
}

// What a column of a group's entries holds, in words that two versions can compare.
std::string meaning(const GroupPlan& plan, std::size_t column) {
  const app::Group& group = *plan.group;
  const auto& fields = source_of(*plan.spec, group).fields;
  std::string words;
  const auto note = [&](std::size_t slot) {
    if (slot >= fields.size()) return;
    words += " " + fields[slot].name + " " + std::to_string(int(fields[slot].privacy));
  };
  const auto program = [&](const char* what, const app::GroupInput& input) {
    words = what + input.program.canonical();
    for (const int slot : input.program.slots()) note(static_cast<std::size_t>(slot));
    return words;
  };
  if (column < plan.first_filter) return program("in ", group.inputs[column]);
  if (column < plan.first_kept) {
    return program("if ", group.filters[column - plan.first_filter]);
  }
  const auto slot = static_cast<std::size_t>(plan.kept[column - plan.first_kept]);
  note(slot);
  if (slot < fields.size()) return "field" + words;
  const auto label = static_cast<std::size_t>(plan.labels[slot - fields.size()]);
  return "label " + plan.spec->labels[label].name;
}

// By column of `to`: that of `from` with the same meaning; -1 if none.
std::vector<int> columns_in(const GroupPlan& from, const GroupPlan& to) {
  std::vector<int> found(to.types.size(), -1);
  for (std::size_t c = 0; c < found.size(); ++c) {
    for (std::size_t old = 0; old < from.types.size(); ++old) {
      if (from.types[old] == to.types[c] && meaning(from, old) == meaning(to, c)) {
        found[c] = static_cast<int>(old);
      }
    }
  }
  return found;
}

std::vector<KeyBytes> carry_group(const GroupPlan& from, const GroupPlan& to,
                                  std::vector<KeyBytes> keys) {
  const std::vector<int> columns = columns_in(from, to);
  for (KeyBytes& key : keys) {
    for (EntryBytes& entry : key.entries) {
      std::vector<std::string> cells;
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const int old = columns[c];
        cells.push_back(old < 0 ? no_value(to, c) : entry.cells[static_cast<std::size_t>(old)]);
      }
      entry.cells = std::move(cells);
    }
  }
  return keys;
}

Expected<std::vector<RowBytes>> carry_table(const event::EventType& from,
                                            const event::EventType& to,
                                            std::vector<RowBytes> rows) {
  for (auto& [key, row] : rows) {
    event::Arena arena;
    TRY(const std::vector<Value> old, read_row(from, row, arena));
    std::vector<Value> values;
    for (const event::Field& field : to.fields) {
      const int at = from.field_index(field.name);
      const bool same = at >= 0 && same_values(from.fields[static_cast<std::size_t>(at)], field);
      values.push_back(same ? old[static_cast<std::size_t>(at)]
                            : (at < 0 ? field.fallback : Value()));
    }
    row = write_row(to, values);
  }
  return rows;
}

}  // namespace

Expected<std::string> carry_over(const Plans& from, const Plans& to, std::string_view bytes) {
  TRY(ShardBytes old, read_shard(from, bytes));
  ShardBytes shard;
  shard.head = old.head;
  shard.id = old.id;
  for (const app::Group& group : to.spec()->groups) {
    const int index = group_in(*from.spec(), *to.spec(), group);
    shard.groups.emplace_back();
    if (index < 0) continue;
    const auto at = static_cast<std::size_t>(index);
    shard.groups.back() =
        carry_group(*from.group(at), *to.group(static_cast<std::size_t>(group.index)),
                    std::move(old.groups[at]));
  }
  for (const event::EventType& table : to.spec()->events) {
    const int index = table.is_table ? table_in(*from.spec(), table) : -1;
    shard.tables.emplace_back();
    if (index < 0) continue;
    const auto at = static_cast<std::size_t>(index);
    TRY(shard.tables.back(),
        carry_table(from.spec()->events[at], table, std::move(old.tables[at])));
  }
  return write_shard(to, shard);
}

namespace {

// Whether the aggregate of `to` finds all it asks for in what `from` kept.
bool is_kept(const GroupPlan& from, const GroupPlan& to, const app::Aggregate& aggregate) {
  const std::vector<int> columns = columns_in(from, to);
  const auto has = [&](int column) {
    return column < 0 || columns[static_cast<std::size_t>(column)] >= 0;
  };
  const int filter =
      aggregate.filter < 0 ? -1 : static_cast<int>(to.first_filter) + aggregate.filter;
  if (!has(aggregate.input) || !has(filter)) return false;
  const app::Window& window = aggregate.window;
  switch (window.kind) {
    case app::WindowKind::all: return from.keeps_all;
    case app::WindowKind::count: return from.keeps_all || from.count_reach >= window.n;
    case app::WindowKind::time:
    case app::WindowKind::session: break;
  }
  return (from.keeps_all || from.keeps_time) && window.length + window.delay <= from.spec->reach &&
         to.spec->late <= from.spec->late;
}

// Whether all that the aggregate may ask for lies behind the cut.
bool is_behind(const app::Spec& spec, const app::Aggregate& aggregate, Micros edge,
               Micros low_time) {
  const app::Window& window = aggregate.window;
  if (window.kind == app::WindowKind::all || window.kind == app::WindowKind::count) return false;
  const Micros reach = window.length + window.delay + window.every + spec.late;
  Micros first;
  return low_time != kNoTime && !__builtin_sub_overflow(low_time, reach, &first) && edge <= first;
}

}  // namespace

std::vector<std::string> cold_columns(const app::Spec& from, const app::Spec& to, Micros edge,
                                      Micros low_time) {
  const auto spec_from = std::shared_ptr<const app::Spec>(std::shared_ptr<void>(), &from);
  const auto spec_to = std::shared_ptr<const app::Spec>(std::shared_ptr<void>(), &to);
  const auto warm = [&](const app::AggregateUse& use) {
    const app::Group& group = to.groups[static_cast<std::size_t>(use.group)];
    const app::Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
    if (is_behind(to, aggregate, edge, low_time)) return true;
    const int old = group_in(from, to, group);
    return old >= 0 &&
           is_kept(plan_group(spec_from, old), plan_group(spec_to, group.index), aggregate);
  };
  const auto kept_field = [&](const app::TableUse& use, int field) {
    const event::EventType& table = to.events[static_cast<std::size_t>(use.table)];
    const int old = table_in(from, table);
    if (old < 0) return false;
    const event::Field& wanted = table.fields[static_cast<std::size_t>(field)];
    const event::EventType& before = from.events[static_cast<std::size_t>(old)];
    const int at = before.field_index(wanted.name);
    return at >= 0 && same_values(before.fields[static_cast<std::size_t>(at)], wanted);
  };
  std::vector<std::string> cold;
  for (std::size_t type = 0; type < to.rows.size(); ++type) {
    const app::RowPlan& plan = to.rows[type];
    std::set<app::Slot> slots;
    for (const app::GroupUse& group : plan.groups) {
      for (const app::AggregateUse& use : group.aggregates) {
        if (!warm(use)) slots.insert(use.slot);
      }
    }
    for (const app::TableUse& use : plan.tables) {
      for (const app::TableUse::Read& read : use.reads) {
        if (!kept_field(use, read.field)) slots.insert(read.slot);
      }
    }
    // A column that reads a cold one is cold: until none is added.
    for (std::size_t before = slots.size() + 1; before != slots.size();) {
      before = slots.size();
      for (const app::Column& column : plan.columns) {
        const bool reads = std::any_of(column.reads.begin(), column.reads.end(),
                                       [&](app::Slot slot) { return slots.contains(slot); });
        if (reads) slots.insert(column.slot);
      }
    }
    for (const app::Column& column : plan.columns) {
      if (slots.contains(column.slot)) cold.push_back(to.events[type].name + "." + column.name);
    }
  }
  return cold;
}

}  // namespace quintet::feature
