// The one thread that writes to a store. It takes what its owner has sealed, makes one durable
// transaction of all that waits (group commit, no timer: while one transaction is under way the
// next group forms), and posts the outcome back to the owner's loop.
#pragma once

#include <functional>
#include <memory>

#include "host/loop.h"
#include "stage/store.h"

namespace quintet::host {

class Committer {
 public:
  // Called on the owner's loop, in the order of submit(). After an error every later group fails
  // too: the owner must throw its memory away (DESIGN 6.5).
  using Done = std::function<void(const Expected<void>&)>;

  // `store`, `loop` and `vault` outlive the Committer. The vault's new keys are flushed before each
  // transaction, because its records may be sealed with them; none: nothing is sealed.
  Committer(stage::Store& store, Epoch epoch, Loop& loop, stage::Vault* vault = nullptr);
  // Finishes what was submitted, without calling back, and ends the thread.
  ~Committer();

  // From the owner's loop. Never blocks.
  void submit(stage::Commit group, Done done);
  // Runs something else on the writing thread, after what was submitted before: snapshots, models.
  // `done` comes back on the loop with what the job returned.
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
  std::unique_ptr<Impl> impl_;
};

}  // namespace quintet::host
