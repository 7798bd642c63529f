#include "stage/fold.h"

namespace quintet::stage {

struct Fold::Owned {
  feature::Shard shard;
  Position at = kNoPosition;      // of the chain
  Position folded = kNoPosition;  // of the snapshot it came from
  bool is_past(Position position) const { return at >= position || folded >= position; }
};

Fold::Fold(std::shared_ptr<const app::Spec> spec, const std::vector<ShardId>& shards)
    : plans_(std::make_shared<const feature::Plans>(std::move(spec))), owned_(kShardCount) {
  for (const ShardId id : shards) {
    owned_[id] = std::make_unique<Owned>(Owned{feature::Shard(plans_, id)});
  }
}

Fold::~Fold() = default;
Fold::Fold(Fold&&) noexcept = default;

Expected<void> Fold::apply(const Admitted& admitted, Part& out) {
  out.clear();
  const event::Record& record = admitted.record;
  out.position = record.position;
  for (const event::Visit& visit : record.visits) {
    const auto& owned = owned_[visit.shard];
    if (owned == nullptr || owned->is_past(record.position)) continue;
    if (owned->at != visit.previous) {
      return conflict("shard " + std::to_string(visit.shard) + " stands at position " +
                      std::to_string(owned->at) + " and record " +
                      std::to_string(record.position) + " follows " +
                      std::to_string(visit.previous));
    }
  }
  // Decided before any shard moves: a shard that is past this record is passed over whole.
  const auto fresh = [&](ShardId id) {
    return owned_[id] != nullptr && !owned_[id]->is_past(record.position);
  };
  if (admitted.event.type != nullptr) {
    const feature::FoldInput input{record.position,       record.time,
                                   record.low_time,       admitted.event.type->index,
                                   admitted.event.values, admitted.labels,
                                   admitted.asks()};
    for (const feature::Touch& touch : admitted.touches) {
      if (fresh(touch.shard)) owned_[touch.shard]->shard.apply(input, touch, out.cells);
    }
  }
  for (const event::Visit& visit : record.visits) {
    if (!fresh(visit.shard)) continue;
    owned_[visit.shard]->at = record.position;
    out.shards.push_back(visit.shard);
  }
  return {};
}

void Fold::fetch(Admitted& admitted, int step) const {
  for (feature::Touch& touch : admitted.touches) {
    if (owned_[touch.shard] != nullptr) owned_[touch.shard]->shard.fetch(touch, step);
  }
}

void Fold::peek(const Admitted& admitted, feature::PartialRow& out) {
  const event::Record& record = admitted.record;
  const feature::FoldInput input{record.position,       record.time,
                                 record.low_time,       admitted.event.type->index,
                                 admitted.event.values, admitted.labels,
                                 true};
  for (feature::Touch touch : admitted.touches) {
    if (owned_[touch.shard] == nullptr || touch.use < 0) continue;
    touch.insert = false;
    owned_[touch.shard]->shard.apply(input, touch, out);
  }
}

Position Fold::at(ShardId shard) const {
  return owned_[shard] == nullptr ? kNoPosition : owned_[shard]->at;
}

bool Fold::erase(const feature::Touch& touch) {
  const auto& owned = owned_[touch.shard];
  return owned != nullptr && owned->shard.erase(touch.what, touch.index, touch.key);
}

void Fold::compact(Micros low_time) {
  for (const auto& owned : owned_) {
    if (owned != nullptr) owned->shard.compact(low_time);
  }
}

void Fold::compact(ShardId shard, Micros low_time) {
  if (owned_[shard] != nullptr) owned_[shard]->shard.compact(low_time);
}

std::string Fold::write(ShardId shard) const {
  check(owned_[shard] != nullptr, "a snapshot of a shard that is not owned");
  std::string bytes;
  ByteWriter out(bytes);
  out.u64(owned_[shard]->at);
  owned_[shard]->shard.write(out);
  return bytes;
}

Expected<void> Fold::read(ShardId shard, Position position, std::string_view bytes) {
  check(owned_[shard] != nullptr, "a snapshot for a shard that is not owned");
  ByteReader in(bytes);
  const Position at = in.u64();
  TRY(feature::Shard read, feature::Shard::read(plans_, in));
  TRY_DO(in.finish("a shard's snapshot"));
  if (read.id() != shard) return broken("a shard's snapshot is of another shard");
  if (at > position) return broken("a shard's snapshot goes beyond its position");
  owned_[shard] = std::make_unique<Owned>(Owned{std::move(read), at, position});
  return {};
}

std::string Fold::digest() const {
  Sha256 sha;
  for (ShardId id = 0; id < kShardCount; ++id) {
    if (owned_[id] != nullptr) add_digest(id, sha);
  }
  return to_hex(bytes_of(sha.finish()));
}

void Fold::add_digest(ShardId id, Sha256& sha) const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u16(id);
  shard(id).write(out);
  sha.add(bytes);
}

const feature::Shard& Fold::shard(ShardId shard) const {
  check(owned_[shard] != nullptr, "a shard that is not owned");
  return owned_[shard]->shard;
}

}  // namespace quintet::stage
