// Outcomes of one log from several replicas: each gives, block by block, a run with those that it
// makes, and together they are the run of the block. One thread.
#pragma once

#include <deque>
#include <optional>

#include "host/shard_table.h"
#include "stage/outcome.h"

namespace quintet::host {

// Most runs of one replica that wait for those of others.
inline constexpr std::size_t kWaitingRuns = 256;

class RunMerge {
 public:
  // From these replicas, each from `from` on. What waited is dropped.
  void begin(const ShardTable& table, Position from);
  std::uint64_t table() const { return epoch_; }

  // The position whose run is wanted from a replica next; kNoPosition: no more for now.
  Position next(ReplicaId replica) const;
  // What was taken before is passed over; `conflict` for what does not follow or is of another
  // table, `exhausted` if there is no room.
  Expected<void> take(ReplicaId replica, std::uint64_t table, stage::OutcomeBytes run);
  // The next run that is whole, if there is one. `broken` if the replicas are at odds.
  Expected<std::optional<stage::OutcomeBytes>> whole();

 private:
  struct Sender {
    Position next = kNoPosition;
    std::deque<stage::OutcomeBytes> runs;
  };
  std::uint64_t epoch_ = 0;
  std::map<ReplicaId, Sender> senders_;
};

}  // namespace quintet::host
