// Which replica of infer holds which shard (DESIGN 3, the exchange). Answers never depend on it: it
// says only who does the work, and a newer table takes the place of an older one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "event/types.h"
#include "stage/admitted.h"

namespace quintet::host {

using ReplicaId = std::uint32_t;  // 1, 2, ...
inline constexpr ReplicaId kMostReplicas = 32;
using ShardMembers = std::map<ReplicaId, std::string>;  // address by number
// The id of an error about a replica that does not answer.
inline constexpr const char* kReplicaAway = "replica_away";

// What the service is called: "infer" the first one, then "infer-2" and so on.
std::string replica_name(ReplicaId replica);
// "infer=3", from 1 to kMostReplicas.
Expected<ReplicaId> read_replica_count(std::string_view text);
// The replicas among services, by number; a name that is none is left out.
ShardMembers replicas_among(const std::map<std::string, std::string>& address_by_name);

struct ShardTable {
  std::uint64_t epoch = 0;  // rises with each table; 0: there is none yet
  ShardMembers addresses;   // of all that hold something
  std::array<ReplicaId, kShardCount> holders = {};

  std::vector<ShardId> shards_of(ReplicaId replica) const;
  // Where the parts of its row meet and its outcome is made.
  ReplicaId scorer_of(const stage::Admitted& admitted) const {
    return holders[admitted.asks() ? admitted.home : 0];
  }
};

// All shards over these replicas, as evenly as can be, with as few moves as can be.
ShardTable next_table(const ShardTable& now, ShardMembers replicas);

// What `to` gives `self` that it does not hold under `from`, by who holds it there; behind them,
// for one that holds nothing yet, what goes with every shard.
std::vector<std::pair<ReplicaId, std::string>> parts_to_fetch(const ShardTable& from,
                                                              const ShardTable& to, ReplicaId self);

// The table of one replica that holds all.
inline ShardTable table_of_one() {
  return next_table({}, {{1, ""}});
}

}  // namespace quintet::host
