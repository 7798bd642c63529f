#include "host/shard_table.h"

namespace quintet::host {

std::string replica_name(ReplicaId replica) {
  return replica == 1 ? "infer" : "infer-" + std::to_string(replica);
}

std::map<ReplicaId, std::string> replicas_among(
    const std::map<std::string, std::string>& address_by_name) {
  std::map<ReplicaId, std::string> found;
  for (ReplicaId id = 1; id <= kMostReplicas; ++id) {
    const auto one = address_by_name.find(replica_name(id));
    if (one != address_by_name.end()) found[id] = one->second;
  }
  return found;
}

std::vector<ShardId> ShardTable::shards_of(ReplicaId replica) const {
  std::vector<ShardId> shards;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    if (holders[i] == replica) shards.push_back(static_cast<ShardId>(i));
  }
  return shards;
}

ShardTable next_table(const ShardTable& now, std::map<ReplicaId, std::string> replicas) {
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
