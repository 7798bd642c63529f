// Another number of replicas of infer while the application runs: processes are started, results is
// told who shares the shards (host/shard_keeper.h), and processes that hold none are ended. What
// fails on the way is taken back.
//
// Lives on its owner's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/shard_table.h"
#include "host/supervisor.h"
#include "link/transport.h"

namespace quintet::host {

class ReplicaScaler {
 public:
  using Done = std::function<void(Expected<ReplicaId> before)>;
  struct Parts {  // all outlive it
    Supervisor& supervisor;
    link::Local local;
    link::Transport& transport;
    // How a replica is started: as one that holds no shard yet, or as one that does.
    std::function<Expected<Supervisor::Program>(ReplicaId replica, bool spare)> program;
    std::function<std::string(ReplicaId replica)> address;
    std::string results;  // its address
    // So many there are from now on.
    std::function<Expected<void>(ReplicaId count)> keep;
  };
  ReplicaScaler(Parts parts, ReplicaId count) : parts_(std::move(parts)), count_(count) {}

  ReplicaId count() const { return count_; }
  bool busy() const { return done_ != nullptr; }
  // `conflict` while it is at another call.
  void scale(ReplicaId count, Done done);

 private:
  void start_next();
  void tell(ReplicaId count, std::function<void(Expected<void>)> done);
  void tell_again(std::string request, Micros until, std::function<void(Expected<void>)> done);
  void told(Expected<void> result);
  void undo(Error why);
  void end_beyond(ReplicaId count, std::function<void()> done);
  void end(Expected<ReplicaId> result);

  const Parts parts_;
  ReplicaId count_;        // in force
  ReplicaId started_ = 0;  // processes that there are, or are to be
  ReplicaId wanted_ = 0;
  Done done_;
  std::unique_ptr<link::Channel> results_;
  std::unique_ptr<Timer> again_;
};

}  // namespace quintet::host
