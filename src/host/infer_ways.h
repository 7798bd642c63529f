// The ways of the gateway to the replicas of infer that hold shards, as results says them: one may
// come or go at any time. What one replica can answer another can as well.
//
// Lives on the process's loop.
#pragma once

#include "host/http_call.h"
#include "host/peer_health.h"
#include "host/service_process.h"
#include "host/shard_table.h"

namespace quintet::host {

// How often results is asked.
inline constexpr Micros kAskReplicas = kSecond;

class InferWays {
 public:
  struct Parts {  // all outlive it
    ServiceProcess& process;
    PeerHealth& health;  // each is watched, under its name
    link::Caller& results;
  };
  // The first replica is a peer of the process, and all there is until results has said more.
  static Expected<std::unique_ptr<InferWays>> open(Parts parts);

  // Their names, in order of number.
  const std::vector<std::string>& names() const { return names_; }
  // One of those that hold shards is away: some outcomes do not come.
  bool any_away() const;
  // One that is not away, if there is one.
  const std::string& one() const;

 private:
  explicit InferWays(Parts parts) : parts_(parts) {}
  void ask();
  void take(const ShardTable& table);
  Expected<void> hold(std::vector<std::string> names);

  const Parts parts_;
  std::vector<std::string> names_;
  std::unique_ptr<Timer> again_;
};

}  // namespace quintet::host
