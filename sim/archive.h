// What retention takes from the log of a run (S10), copied before it goes, so that the oracle folds
// from position 1 all the same; and whether it may go, judged at the moment when it does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stage/control.h"
#include "store/memory.h"

namespace quintet::sim {

class Archive {
 public:
  // Both outlive it; what is wrong is added to `faults`.
  Archive(store::MemoryStore& store, std::vector<std::string>& faults)
      : store_(store), faults_(faults) {}

  // After a commit: the base that its seal record names must be there, and is kept as it is now.
  void committed(const stage::Commit& commit);
  // Before log below `position` goes: a base in force must stand for it.
  void log_goes(Position position);
  // Before parts of a base go: it must not be the one in force.
  void base_goes(std::uint64_t number);

  // The log and its outcomes from position 1 on.
  Expected<std::vector<event::BlockBytes>> blocks() const;
  Expected<std::vector<stage::Store::OutcomeRun>> outcomes() const;

  // A base that came into force.
  struct Base {
    Position sealed = kNoPosition;  // of its seal record
    stage::SealBody seal;
    std::map<std::string, stage::Snapshot, std::less<>> parts;
  };
  const std::vector<Base>& bases() const { return bases_; }

 private:
  void keep_base(const event::Record& record);

  store::MemoryStore& store_;
  std::vector<std::string>& faults_;
  std::vector<event::BlockBytes> blocks_;
  std::vector<stage::Store::OutcomeRun> runs_;
  std::vector<Base> bases_;
};

}  // namespace quintet::sim
