#include "feature/route.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace quintet::feature {

using event::Value;

namespace {

// The canonical bytes of the parts one after the other; empty if a part is null.
std::string key_of(std::span<const Value> fields, std::span<const int> key_fields) {
  std::string key;
  ByteWriter out(key);
  for (const int field : key_fields) {
    const Value part = fields[static_cast<std::size_t>(field)];
    if (part.is_null()) return {};
    event::write_canonical(out, part);
  }
  return key;
}

std::string key_of(std::span<const Value> fields, std::span<const expr::Program> programs) {
  std::string key;
  ByteWriter out(key);
  event::Arena arena;
  for (const expr::Program& program : programs) {
    const Value part = program.run(fields, arena);
    if (part.is_null()) return {};
    event::write_canonical(out, part);
  }
  return key;
}

Touch touch_of(Touch::What what, int index, std::string_view name, std::string key) {
  Touch touch;
  touch.what = what;
  touch.index = index;
  touch.shard = shard_of(name, key);
  touch.key = std::move(key);
  return touch;
}

// Whether an event of the group's own type asks about the very key that it enters, whatever its
// values are.
bool asks_own_key(const app::GroupUse& asked, const app::Group& group, int event_type) {
  return group.source == event_type && asked.key.size() == group.key_fields.size() &&
         std::equal(asked.key.begin(), asked.key.end(), group.key_fields.begin(),
                    [](const expr::Program& part, int field) { return part.only_slot() == field; });
}

void route_groups(const app::Spec& spec, int event_type, std::span<const Value> fields, bool asks,
                  std::vector<Touch>& out) {
  const std::size_t first = out.size();
  const app::RowPlan& plan = spec.rows[static_cast<std::size_t>(event_type)];
  for (std::size_t use = 0; asks && use < plan.groups.size(); ++use) {
    const app::GroupUse& asked = plan.groups[use];
    std::string key = key_of(fields, asked.key);
    if (key.empty()) continue;
    const app::Group& group = spec.groups[static_cast<std::size_t>(asked.group)];
    out.push_back(touch_of(Touch::What::group, asked.group, group.name, std::move(key)));
    out.back().use = static_cast<int>(use);
  }
  const std::size_t end = out.size();
  for (const app::Group& group : spec.groups) {
    if (group.source != event_type) continue;
    // The last question about this key inserts, so that no question finds its own event.
    std::size_t at = end;
    std::string key;
    for (std::size_t i = end; i-- > first && at == end;) {
      if (out[i].index != group.index) continue;
      const auto use = static_cast<std::size_t>(out[i].use);
      if (asks_own_key(plan.groups[use], group, event_type)) {
        at = i;
        continue;
      }
      if (key.empty()) key = key_of(fields, group.key_fields);
      if (out[i].key == key) at = i;
    }
    if (at == end && key.empty()) key = key_of(fields, group.key_fields);
    if (at == end && key.empty()) continue;
    if (at == end) {
      out.push_back(touch_of(Touch::What::group, group.index, group.name, std::move(key)));
      out.back().insert = true;
    } else {
      out[at].insert = true;
    }
  }
}

}  // namespace

void route(const app::Spec& spec, int event_type, std::span<const Value> fields, bool asks,
           std::vector<Touch>& out) {
  const event::EventType& type = spec.events[static_cast<std::size_t>(event_type)];
  if (type.is_table) {
    std::string key = key_of(fields, type.key_fields);
    if (key.empty()) return;
    out.push_back(touch_of(Touch::What::table, event_type, type.name, std::move(key)));
    out.back().insert = true;
    return;
  }
  route_groups(spec, event_type, fields, asks, out);
  const app::RowPlan& plan = spec.rows[static_cast<std::size_t>(event_type)];
  for (std::size_t use = 0; asks && use < plan.tables.size(); ++use) {
    const app::TableUse& asked = plan.tables[use];
    std::string key = key_of(fields, asked.key);
    if (key.empty()) continue;
    const auto& table = spec.events[static_cast<std::size_t>(asked.table)];
    out.push_back(touch_of(Touch::What::table, asked.table, table.name, std::move(key)));
    out.back().use = static_cast<int>(use);
  }
}

ShardId shard_of(std::string_view group_name, std::string_view key) {
  const auto hash = [](std::string_view bytes) {
    return static_cast<ShardId>(hash128(bytes).low % kShardCount);
  };
  const std::size_t size = group_name.size() + 1 + key.size();
  char small[256];
  if (size <= sizeof small) {
    char* end = std::copy(group_name.begin(), group_name.end(), small);
    *end++ = '\0';
    std::copy(key.begin(), key.end(), end);
    return hash({small, size});
  }
  std::string bytes(group_name);
  bytes.push_back('\0');
  bytes.append(key);
  return hash(bytes);
}

ShardId home_shard(std::span<const Touch> touches, std::string_view id) {
  return touches.empty() ? shard_of("", id) : touches.front().shard;
}

void route_label(const app::Spec& spec, int label, std::span<const Value> fields,
                 std::vector<Touch>& out) {
  const app::Label& labelled = spec.labels[static_cast<std::size_t>(label)];
  for (const app::Group& group : spec.groups) {
    if (group.source != labelled.of) continue;
    const auto reads = [](const app::GroupInput& input) { return input.reads_label; };
    if (std::none_of(group.inputs.begin(), group.inputs.end(), reads) &&
        std::none_of(group.filters.begin(), group.filters.end(), reads)) {
      continue;
    }
    std::string key = key_of(fields, group.key_fields);
    if (key.empty()) continue;
    out.push_back(touch_of(Touch::What::group, group.index, group.name, std::move(key)));
    out.back().label = label;
  }
}

void answer_empty(const app::Spec& spec, int event_type, std::span<const Touch> touches,
                  PartialRow& out) {
  const app::RowPlan& plan = spec.rows[static_cast<std::size_t>(event_type)];
  const auto asks = [](const Touch& touch) {
    return touch.what == Touch::What::group && touch.use >= 0;
  };
  const auto count = std::count_if(touches.begin(), touches.end(), asks);
  if (static_cast<std::size_t>(count) == plan.groups.size()) return;
  std::vector<bool> asked(plan.groups.size(), false);
  for (const Touch& touch : touches) {
    if (asks(touch)) asked[static_cast<std::size_t>(touch.use)] = true;
  }
  for (std::size_t use = 0; use < plan.groups.size(); ++use) {
    if (asked[use]) continue;
    const app::Group& group = spec.groups[static_cast<std::size_t>(plan.groups[use].group)];
    for (const app::AggregateUse& read : plan.groups[use].aggregates) {
      out.cells.push_back(
          {read.slot, empty_answer(group.aggregates[static_cast<std::size_t>(read.aggregate)])});
    }
  }
}

Value empty_answer(const app::Aggregate& aggregate) {
  switch (aggregate.function) {
    case app::Function::count:
    case app::Function::distinct: return Value::int64(0);
    case app::Function::list:
    case app::Function::top_k: return Value::list({});
    case app::Function::sum: break;
    default: return {};
  }
  switch (aggregate.type.kind) {
    case event::Kind::real: return Value::real(0);
    case event::Kind::decimal: return Value::decimal(0);
    case event::Kind::duration: return Value::duration(0);
    default: return Value::int64(0);
  }
}

}  // namespace quintet::feature
