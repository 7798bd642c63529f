// What an erase takes from a shard's state where the log that made it is gone (S10.5).
#include <algorithm>

#include "app/erasable.h"
#include "base/bytes.h"
#include "feature/carry.h"
#include "feature/shard_bytes.h"

namespace quintet::feature {

using event::Kind;
using event::Value;

namespace {

// By column of the group's entries: whether it holds what an erase takes from others' keys.
std::vector<bool> private_columns(const GroupPlan& plan) {
  const app::Spec& spec = *plan.spec;
  const app::Group& group = *plan.group;
  const bool own = !app::keyed_by_subject(spec, group);
  std::vector<bool> out;
  for (const app::GroupInput& input : group.inputs) {
    out.push_back(app::is_private(spec, group.source, input.program, own));
  }
  for (const app::GroupInput& filter : group.filters) {
    out.push_back(app::is_private(spec, group.source, filter.program, own));
  }
  for (const int slot : plan.kept) out.push_back(app::is_private(spec, group.source, slot, own));
  return out;
}

// Whether the part of a key that stands for the field is this text.
Expected<bool> names(std::string_view key, const std::vector<int>& key_fields, int field,
                     std::string_view text) {
  ByteReader in(key);
  for (const int part : key_fields) {
    const auto kind = static_cast<Kind>(in.u8());
    std::string_view found;
    switch (kind) {
      case Kind::boolean: (void)in.u8(); break;
      case Kind::real: (void)in.u64(); break;
      case Kind::text:
      case Kind::bytes: found = in.text(); break;
      default: (void)in.zigzag();
    }
    if (!in.ok()) return broken("a key in a snapshot does not parse");
    if (part == field) return kind == Kind::text && found == text;
  }
  return false;
}

Expected<void> drop_keys(const GroupPlan& plan, std::string_view subject,
                         std::vector<KeyBytes>& keys) {
  const app::Group& group = *plan.group;
  const int field = plan.spec->events[static_cast<std::size_t>(group.source)].subject_field;
  std::vector<KeyBytes> kept;
  for (KeyBytes& key : keys) {
    TRY(const bool theirs, names(key.key, group.key_fields, field, subject));
    if (!theirs) kept.push_back(std::move(key));
  }
  keys = std::move(kept);
  return {};
}

Expected<void> drop_rows(const event::EventType& table, std::string_view subject,
                         std::vector<RowBytes>& rows) {
  const bool private_key = std::find(table.key_fields.begin(), table.key_fields.end(),
                                     table.subject_field) != table.key_fields.end();
  std::vector<RowBytes> kept;
  for (auto& [key, row] : rows) {
    event::Arena arena;
    TRY(std::vector<Value> values, read_row(table, row, arena));
    const Value whose = values[static_cast<std::size_t>(table.subject_field)];
    if (!whose.is_null() && whose.as_text() == subject) {
      if (private_key) continue;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (table.fields[i].sealed()) values[i] = Value();
      }
      row = write_row(table, values);
    }
    kept.emplace_back(key, row);
  }
  rows = std::move(kept);
  return {};
}

}  // namespace

Expected<std::string> without_subject(const Plans& plans, std::string_view subject,
                                      std::string_view bytes) {
  const app::Spec& spec = *plans.spec();
  TRY(ShardBytes shard, read_shard(plans, bytes));
  for (std::size_t g = 0; g < plans.size(); ++g) {
    const GroupPlan& plan = *plans.group(g);
    if (app::keyed_by_subject(spec, *plan.group)) {
      TRY_DO(drop_keys(plan, subject, shard.groups[g]));
    } else if (app::has_private_key(spec, *plan.group)) {
      shard.groups[g].clear();
    }
    const std::vector<bool> hidden = private_columns(plan);
    for (KeyBytes& key : shard.groups[g]) {
      for (EntryBytes& entry : key.entries) {
        for (std::size_t c = 0; c < hidden.size(); ++c) {
          if (hidden[c]) entry.cells[c] = no_value(plan, c);
        }
      }
    }
  }
  for (std::size_t t = 0; t < spec.events.size(); ++t) {
    if (!spec.events[t].is_table || spec.events[t].subject_field < 0) continue;
    TRY_DO(drop_rows(spec.events[t], subject, shard.tables[t]));
  }
  return write_shard(plans, shard);
}

}  // namespace quintet::feature
