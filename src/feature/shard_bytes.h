// A shard's canonical form (Shard::write) taken apart without making a state of it, and put
// together again. Values stay in their wire form. Used inside this room only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feature/plan.h"
#include "feature/shard.h"

namespace quintet::feature {

struct EntryBytes {
  Micros time = 0;
  Position position = kNoPosition;
  std::vector<std::string> cells;  // by column of the GroupPlan
};

struct KeyBytes {
  std::string key;
  std::vector<EntryBytes> entries;
};

using RowBytes = std::pair<std::string, std::string>;  // key, fields

struct ShardBytes {
  std::string head;  // up to and with the semantics version
  ShardId id = 0;
  std::vector<std::vector<KeyBytes>> groups;
  std::vector<std::vector<RowBytes>> tables;  // by event type
};

// `broken` for what does not parse and for another application's; Shard::read() checks the rest.
Expected<ShardBytes> read_shard(const Plans& plans, std::string_view bytes);
std::string write_shard(const Plans& plans, const ShardBytes& shard);

// The fields of a table's row.
Expected<std::vector<event::Value>> read_row(const event::EventType& type, std::string_view bytes,
                                             event::Arena& arena);
std::string write_row(const event::EventType& type, const std::vector<event::Value>& values);

// A cell of the column that holds nothing: null, or a filter that is not met.
std::string no_value(const GroupPlan& plan, std::size_t column);

}  // namespace quintet::feature
