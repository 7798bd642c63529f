// The replicas of infer as the service results has them: it tells each L and the table, follows
// what each makes, and keeps who holds which shard.
//
// Lives on the process's loop.
#pragma once

#include "host/feed_follower.h"
#include "host/remote_sources.h"
#include "host/results_place.h"
#include "host/shard_keeper.h"

namespace quintet::host {

// How long a replica may take to store its snapshots, or to fetch those of others.
inline constexpr Micros kMovePatience = 600 * kSecond;

class InferReplicas final : ShardKeeper::Moves {
 public:
  struct Owner {  // outlives it
    ServiceProcess& process;
    std::function<ResultsPlace*()> place;  // null while it is away
    std::function<void()> look_soon;       // call follow() in a moment
  };
  // Those among the process's peers. Errors: there are none, or the table cannot be read or kept.
  static Expected<std::unique_ptr<InferReplicas>> open(Owner owner);

  const ShardTable& table() const { return table_; }
  // As ShardKeeper::want().
  void want(ShardMembers members, ShardKeeper::Done done);

  void tell(Position low);
  // Each one's outcomes, from where the place wants them.
  void follow();
  void stop_following();
  // What all shards came to, in snapshots of now or later.
  void digests(std::function<void(Expected<std::vector<PartDigest>>)> done);

 private:
  struct Replica {
    link::Channel* channel = nullptr;
    std::unique_ptr<LowMark> low;
    std::unique_ptr<FeedFollower> outcomes;
  };
  explicit InferReplicas(Owner owner) : owner_(std::move(owner)) {}
  Expected<void> add(ReplicaId id, const std::string& address);
  void heard(ReplicaId id, bool all);
  bool is_used(ReplicaId id) const;
  void call(ReplicaId of, const std::string& method, std::string request,
            std::function<void(Expected<std::string>)> done, Micros begun = 0);

  struct Digests;
  void next_digest(const std::shared_ptr<Digests>& digests);

  void take_snapshot(ReplicaId of, ShardKeeper::Done done) override;
  void fetch_shards(ReplicaId of, const ShardTable& from, const ShardTable& to,
                    ShardKeeper::Done done) override;
  Expected<void> put_in_force(const ShardTable& table) override;

  const Owner owner_;
  std::string file_;  // that keeps the table: a newer one has a greater epoch whoever was restarted
  ShardTable table_;
  std::optional<Position> low_;  // none before the place was open
  std::unique_ptr<ShardKeeper> keeper_;
  std::map<ReplicaId, Replica> replicas_;
  std::map<std::pair<ReplicaId, std::string>, std::unique_ptr<Timer>> again_;  // calls, by method
};

}  // namespace quintet::host
