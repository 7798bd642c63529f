// A group in a snapshot: keys by their bytes, entries by (time, position), values in their wire
// form; nothing of how the state was reached.
#include "base/bytes.h"
#include "feature/group.h"
#include "feature/route.h"

namespace quintet::feature {

using event::Value;

void GroupState::write_key(ByteWriter& out, const Key& key, const std::vector<bool>& needed) const {
  out.text(KeyMap<Key>::key(key));
  out.varint(static_cast<std::uint64_t>(std::count(needed.begin(), needed.end(), true)));
  const RingView ring = key.view(layouts_);
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (!needed[i]) continue;
    out.zigzag(ring.time(i));
    out.varint(ring.position(i));
    for (std::size_t c = 0; c < plan_->kinds.size(); ++c) {
      const Raw raw = ring.cell(i, c);
      if (plan_->types[c].kind == event::Kind::list) {
        out.u8(raw.null ? 0 : 1);
      } else {
        event::write_value(out, plan_->types[c], value(raw, c));
      }
    }
  }
}

void GroupState::write(ByteWriter& out, Micros horizon) const {
  std::string body;
  ByteWriter inner(body);
  std::uint64_t count = 0;
  for (const Key* key : keys_.sorted()) {
    const std::vector<bool> keep = needed(*key, horizon);
    if (std::find(keep.begin(), keep.end(), true) == keep.end()) continue;
    ++count;
    write_key(inner, *key, keep);
  }
  out.varint(count);
  out.raw(body);
}

Expected<void> GroupState::read_entry(ByteReader& in, Entry& entry) {
  entry.time = in.zigzag();
  entry.position = in.varint();
  entry.cells.assign(plan_->kinds.size(), Raw{});
  if (entry.position == kNoPosition) return broken("a snapshot has an entry without position");
  arena_.reset();
  for (std::size_t c = 0; c < plan_->kinds.size(); ++c) {
    if (plan_->types[c].kind == event::Kind::list) {
      const std::uint8_t there = in.u8();
      if (there > 1) return broken("a snapshot has an entry that does not parse");
      entry.cells[c] = {there, there == 0};
      continue;
    }
    TRY(const Value value, event::read_value(in, plan_->types[c], arena_));
    if (plan_->kinds[c] == RawKind::flag && value.is_null()) {
      return broken("a snapshot has a filter without outcome");
    }
    entry.cells[c] = hold(value);
  }
  return {};
}

Expected<void> GroupState::read(ByteReader& in, ShardId shard) {
  const std::uint64_t count = in.count(in.rest());
  std::string last;
  Entry entry;
  for (std::uint64_t k = 0; k < count && in.ok(); ++k) {
    const std::string_view name = in.text();
    const std::uint64_t entries = in.count(in.rest());
    if (!in.ok()) break;
    if ((k > 0 && name <= last) || name.empty() || entries == 0 ||
        shard_of(plan_->group->name, name) != shard) {
      return broken("a snapshot's group has a key out of its place");
    }
    last = name;
    Key& key = add(name);
    Micros time = 0;
    Position position = kNoPosition;
    for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
      TRY_DO(read_entry(in, entry));
      if (i > 0 && (entry.time < time || (entry.time == time && entry.position <= position))) {
        return broken("a snapshot's entries are out of order");
      }
      time = entry.time;
      position = entry.position;
      key.insert(layouts_, entry);
    }
    key.shrink(layouts_);
  }
  if (!in.ok()) return broken("a snapshot ends within a group");
  return {};
}

}  // namespace quintet::feature
