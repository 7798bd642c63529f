#include "feature/shard.h"

#include "base/bytes.h"
#include "base/check.h"
#include "feature/group.h"
#include "feature/table.h"

namespace quintet::feature {

namespace {

constexpr std::uint8_t kSnapshotVersion = 1;

}  // namespace

struct Shard::State {
  std::shared_ptr<const app::Spec> spec;
  ShardId id = 0;
  Micros low_time = kNoTime;  // the greatest seen
  std::vector<GroupState> groups;
  std::vector<TableState> tables;  // by event type; unused for events that are no table
};

Shard::Shard(std::shared_ptr<const app::Spec> spec, ShardId id)
    : Shard(std::make_shared<const Plans>(std::move(spec)), id) {}

Shard::Shard(std::shared_ptr<const Plans> plans, ShardId id) : state_(std::make_unique<State>()) {
  state_->spec = plans->spec();
  state_->id = id;
  for (std::size_t i = 0; i < plans->size(); ++i) state_->groups.emplace_back(plans->group(i));
  for (std::size_t i = 0; i < state_->spec->events.size(); ++i) {
    state_->tables.emplace_back(state_->spec, static_cast<int>(i));
  }
}

Shard::~Shard() = default;
Shard::Shard(Shard&&) noexcept = default;
Shard& Shard::operator=(Shard&&) noexcept = default;

ShardId Shard::id() const {
  return state_->id;
}

void Shard::apply(const FoldInput& input, const Touch& touch, PartialRow& out) {
  check(touch.shard == state_->id, "a touch of another shard");
  state_->low_time = std::max(state_->low_time, input.low_time);
  const auto index = static_cast<std::size_t>(touch.index);
  if (touch.what == Touch::What::group) {
    state_->groups[index].apply(input, touch, out);
  } else {
    state_->tables[index].apply(input, touch, out);
  }
}

void Shard::fetch(Touch& touch, int step) const {
  if (touch.what != Touch::What::group) return;
  state_->groups[static_cast<std::size_t>(touch.index)].fetch(touch, step);
}

bool Shard::erase(Touch::What what, int index, std::string_view key) {
  const auto at = static_cast<std::size_t>(index);
  return what == Touch::What::group ? state_->groups[at].erase(key) : state_->tables[at].erase(key);
}

void Shard::compact(Micros low_time) {
  state_->low_time = std::max(state_->low_time, low_time);
  const Micros horizon = horizon_of(*state_->spec, state_->low_time);
  for (GroupState& group : state_->groups) group.compact(horizon);
}

void Shard::write(ByteWriter& out) const {
  out.u8(kSnapshotVersion);
  out.u32(kSemanticsVersion);
  out.text(state_->spec->digest);
  out.u16(state_->id);
  const Micros horizon = horizon_of(*state_->spec, state_->low_time);
  for (const GroupState& group : state_->groups) group.write(out, horizon);
  for (const TableState& table : state_->tables) table.write(out);
}

Expected<Shard> Shard::read(std::shared_ptr<const Plans> plans, ByteReader& in) {
  if (in.u8() != kSnapshotVersion) return broken("a snapshot of a version that is not known");
  if (in.u32() != kSemanticsVersion) return broken("a snapshot of another semantics version");
  if (in.text() != plans->spec()->digest) return broken("a snapshot of another application");
  const std::uint16_t id = in.u16();
  if (!in.ok() || id >= kShardCount) return broken("a snapshot of a shard that cannot be");
  Shard shard(std::move(plans), id);
  for (GroupState& group : shard.state_->groups) TRY_DO(group.read(in, id));
  for (TableState& table : shard.state_->tables) TRY_DO(table.read(in, id));
  TRY_DO(in.finish("a snapshot"));
  return shard;
}

Expected<Shard> Shard::read(std::shared_ptr<const app::Spec> spec, ByteReader& in) {
  return read(std::make_shared<const Plans>(std::move(spec)), in);
}

std::vector<WindowEntry> Shard::explain(const FoldInput& input, const Touch& touch,
                                        const app::AggregateUse& use, std::size_t limit) const {
  const auto& group = state_->groups[static_cast<std::size_t>(use.group)];
  return group.explain(input, touch, use.aggregate, limit);
}

Shard::Size Shard::size() const {
  Size size;
  for (const GroupState& group : state_->groups) group.add_to(size);
  for (const TableState& table : state_->tables) table.add_to(size);
  return size;
}

}  // namespace quintet::feature
