// Looks now and then whether the log's beginning may go, where the stages are services: results
// begins it, since it knows L, what views still show, and who holds which shard (docs/decisions/
// 0030). Ingest says whether there is enough to remove; then all replicas of infer take snapshots,
// ingest folds its log aside and compares, and puts the base in force.
//
// Lives on the process's loop.
#pragma once

#include "host/infer_replicas.h"
#include "host/place.h"

namespace quintet::host {

class RetainRound {
 public:
  struct Parts {  // all outlive it
    ServiceProcess& process;
    link::Caller& ingest;
    InferReplicas& replicas;
    std::function<ResultsPlace*()> place;  // null while it is away
  };
  explicit RetainRound(Parts parts) : parts_(std::move(parts)) {}
  // Looks from now on, as often as the application in force wants it.
  void begin();
  void stop();

 private:
  void look();
  void ask(const Place::RetainAsk& ask, std::function<void(const Place::Retention&)> done);

  const Parts parts_;
  std::unique_ptr<Timer> next_;
  std::uint64_t round_ = 0;
};

}  // namespace quintet::host
