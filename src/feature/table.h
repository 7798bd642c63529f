// The rows of one table in one shard: the latest row of each key, by position. Owned by a Shard;
// one thread.
#pragma once

#include <memory>
#include <string>

#include "feature/key_map.h"
#include "feature/shard.h"

namespace quintet::feature {

class TableState {
 public:
  TableState(std::shared_ptr<const app::Spec> spec, int table);

  void apply(const FoldInput& input, const Touch& touch, PartialRow& out);
  bool erase(std::string_view key) { return rows_.erase(key); }

  void write(ByteWriter& out) const;
  Expected<void> read(ByteReader& in, ShardId shard);
  void add_to(Shard::Size& size) const;

 private:
  struct Row : Keyed {
    std::string bytes;  // the fields in their wire form
  };
  const event::EventType& type() const;
  Expected<std::vector<event::Value>> parse(ByteReader& in, event::Arena& arena) const;

  std::shared_ptr<const app::Spec> spec_;
  int table_;
  KeyMap<Row> rows_;
};

}  // namespace quintet::feature
