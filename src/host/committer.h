// The one writer of a store. It takes what its owner has sealed, makes one durable transaction of
// all that waits (group commit, no timer: while one transaction is under way the next group forms),
// and posts the outcome back to the owner.
#pragma once

#include <functional>
#include <memory>

#include "base/scheduler.h"
#include "stage/store.h"

namespace quintet::host {

class Committer {
 public:
  // Called as a job of the owner's, in the order of submit(). After an error every later group
  // fails too: the owner must throw its memory away (DESIGN 6.5).
  using Done = std::function<void(const Expected<void>&)>;

  struct Parts {  // all outlive the Committer
    stage::Store& store;
    Scheduler& owner;
    // Its new keys are flushed before each transaction, because its records may be sealed with
    // them; none: nothing is sealed.
    stage::Vault* vault = nullptr;
    // Runs the transactions, one job each; none: a thread of the Committer's own.
    Scheduler* writer = nullptr;
  };
  Committer(const Parts& parts, Epoch epoch);
  // Finishes what was submitted, without calling back, and ends its thread.
  ~Committer();

  // From the owner's jobs. Never blocks.
  void submit(stage::Commit group, Done done);
  // Runs something else as the writer, after what was submitted before: snapshots, models.
  // `done` comes back to the owner with what the job returned.
  void run(std::function<Expected<void>(stage::Store&)> job, Done done);
  // Groups submitted and not yet answered.
  std::size_t under_way() const;

  struct Figures {
    std::uint64_t transactions = 0;
    std::uint64_t groups = 0;
    std::uint64_t blocks = 0;
    Micros busy = 0;  // time spent in transactions
  };
  Figures figures() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace quintet::host
