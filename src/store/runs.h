// Which positions have an outcome, in memory: the low mark and the runs above it. Inside this room
// only; one thread at a time.
#pragma once

#include <map>

#include "stage/store.h"

namespace quintet::store {

class OutcomeRuns {
 public:
  explicit OutcomeRuns(Position low = kNoPosition) : low_(low) {}

  // Up to it, every position has an outcome.
  Position low() const { return low_; }

  // Takes a run that was not there; true. False if all of it was there: then it is dropped.
  // `conflict` if only some was, because a run cannot be cut; `invalid` if it cannot be a run.
  Expected<bool> take(Position first, Position last);

 private:
  Position low_;
  std::map<Position, Position> above_;  // last by first; they do not overlap
};

}  // namespace quintet::store
