#include "host/shard_table.h"

#include <algorithm>

#include "base/decimal.h"
#include "host/snapshot_seal.h"

namespace quintet::host {

std::string replica_name(ReplicaId replica) {
  return replica == 1 ? "infer" : "infer-" + std::to_string(replica);
}

ShardMembers replicas_among(const std::map<std::string, std::string>& address_by_name) {
  ShardMembers found;
  for (ReplicaId id = 1; id <= kMostReplicas; ++id) {
    const auto one = address_by_name.find(replica_name(id));
    if (one != address_by_name.end()) found[id] = one->second;
  }
  return found;
}

Expected<ReplicaId> read_replica_count(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view number = text.substr(std::min(equals + 1, text.size()));
  const auto count = parse_int64(number);
  if (text.substr(0, equals) != "infer" || !count || *count < 1 || *count > kMostReplicas) {
    return invalid("write infer=N, N from 1 to " + std::to_string(kMostReplicas));
  }
  return static_cast<ReplicaId>(*count);
}

std::vector<ShardId> ShardTable::shards_of(ReplicaId replica) const {
  std::vector<ShardId> shards;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    if (holders[i] == replica) shards.push_back(static_cast<ShardId>(i));
  }
  return shards;
}

std::vector<std::pair<ReplicaId, std::string>> parts_to_fetch(const ShardTable& from,
                                                              const ShardTable& to,
                                                              ReplicaId self) {
  std::vector<std::pair<ReplicaId, std::string>> parts;
  for (std::size_t i = 0; i < kShardCount; ++i) {
    if (to.holders[i] != self || from.holders[i] == self) continue;
    parts.emplace_back(from.holders[i], shard_part(static_cast<ShardId>(i)));
  }
  if (!parts.empty() && from.shards_of(self).empty()) {
    parts.emplace_back(parts.front().first, kInferPart);
  }
  return parts;
}

ShardTable next_table(const ShardTable& now, ShardMembers replicas) {
  ShardTable next;
  next.epoch = now.epoch + 1;
  next.addresses = std::move(replicas);
  check(!next.addresses.empty(), "shards need a holder");
  // Each may keep its even share. Of what does not divide evenly, those get one more that hold more
  // now.
  const std::size_t count = next.addresses.size();
  std::size_t more = kShardCount % count;
  std::map<ReplicaId, std::size_t> free;
  std::set<std::pair<std::size_t, ReplicaId>> by_holding;
  for (const auto& [id, address] : next.addresses) {
    by_holding.emplace(kShardCount - now.shards_of(id).size(), id);
  }
  for (const auto& [lacks, id] : by_holding) {
    free[id] = kShardCount / count + (more > 0 ? 1 : 0);
    if (more > 0) --more;
  }
  std::vector<std::size_t> homeless;
  for (std::size_t shard = 0; shard < kShardCount; ++shard) {
    const auto keeps = free.find(now.holders[shard]);
    if (keeps != free.end() && keeps->second > 0) {
      next.holders[shard] = keeps->first;
      --keeps->second;
    } else {
      homeless.push_back(shard);
    }
  }
  auto taker = free.begin();
  for (const std::size_t shard : homeless) {
    while (taker->second == 0) ++taker;
    next.holders[shard] = taker->first;
    --taker->second;
  }
  return next;
}

}  // namespace quintet::host
