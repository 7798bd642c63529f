#include "feature/shard_bytes.h"

#include "base/bytes.h"

namespace quintet::feature {

using event::Kind;
using event::Value;

namespace {

constexpr std::size_t kHeadBytes = 1 + 4;

Expected<std::string> read_cell(ByteReader& in, std::string_view all, event::Type type) {
  const std::size_t begin = in.at();
  if (type.kind == Kind::list) {
    (void)in.u8();
  } else {
    event::Arena arena;
    TRY_DO([&]() -> Expected<void> {
      TRY(const Value value, event::read_value(in, type, arena));
      (void)value;
      return {};
    }());
  }
  return std::string(all.substr(begin, in.at() - begin));
}

Expected<std::vector<KeyBytes>> read_group(ByteReader& in, std::string_view all,
                                           const GroupPlan& plan) {
  std::vector<KeyBytes> keys(in.count(in.rest()));
  for (KeyBytes& key : keys) {
    key.key = in.text();
    key.entries.resize(in.count(in.rest()));
    for (EntryBytes& entry : key.entries) {
      entry.time = in.zigzag();
      entry.position = in.varint();
      for (const event::Type type : plan.types) {
        TRY(std::string cell, read_cell(in, all, type));
        entry.cells.push_back(std::move(cell));
      }
    }
    if (!in.ok()) return broken("a snapshot ends within a group");
  }
  return keys;
}

}  // namespace

std::string no_value(const GroupPlan& plan, std::size_t column) {
  std::string bytes;
  ByteWriter out(bytes);
  if (plan.kinds[column] == RawKind::flag && column >= plan.first_filter &&
      column < plan.first_kept) {
    event::write_value(out, plan.types[column], Value::boolean(false));
  } else {
    out.u8(0);
  }
  return bytes;
}

Expected<ShardBytes> read_shard(const Plans& plans, std::string_view bytes) {
  ByteReader in(bytes);
  ShardBytes shard;
  shard.head = in.raw(kHeadBytes);
  if (in.text() != plans.spec()->digest) return broken("a snapshot of another application");
  shard.id = in.u16();
  for (std::size_t g = 0; g < plans.size(); ++g) {
    TRY(auto keys, read_group(in, bytes, *plans.group(g)));
    shard.groups.push_back(std::move(keys));
  }
  for (std::size_t t = 0; t < plans.spec()->events.size(); ++t) {
    std::vector<RowBytes> rows(in.count(in.rest()));
    for (RowBytes& row : rows) {
      row.first = in.text();
      row.second = in.text();
    }
    shard.tables.push_back(std::move(rows));
  }
  TRY_DO(in.finish("a snapshot"));
  return shard;
}

std::string write_shard(const Plans& plans, const ShardBytes& shard) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(shard.head);
  out.text(plans.spec()->digest);
  out.u16(shard.id);
  for (const auto& keys : shard.groups) {
    out.varint(keys.size());
    for (const KeyBytes& key : keys) {
      out.text(key.key);
      out.varint(key.entries.size());
      for (const EntryBytes& entry : key.entries) {
        out.zigzag(entry.time);
        out.varint(entry.position);
        for (const std::string& cell : entry.cells) out.raw(cell);
      }
    }
  }
  for (const auto& rows : shard.tables) {
    out.varint(rows.size());
    for (const auto& [key, row] : rows) {
      out.text(key);
      out.text(row);
    }
  }
  return bytes;
}

Expected<std::vector<Value>> read_row(const event::EventType& type, std::string_view bytes,
                                      event::Arena& arena) {
  ByteReader in(bytes);
  std::vector<Value> values;
  for (const event::Field& field : type.fields) {
    TRY(const Value value, event::read_value(in, field.type, arena));
    values.push_back(value);
  }
  TRY_DO(in.finish("a table's row"));
  return values;
}

std::string write_row(const event::EventType& type, const std::vector<Value>& values) {
  std::string bytes;
  ByteWriter out(bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    event::write_value(out, type.fields[i].type, values[i]);
  }
  return bytes;
}

}  // namespace quintet::feature
