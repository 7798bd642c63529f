// The outcomes of a log one after the other, changes applied: for whoever folds records and
// outcomes together. One thread; reads through the Store it is given.
#pragma once

#include <deque>

#include "stage/outcome.h"

namespace quintet::stage {

class OutcomeReader {
 public:
  explicit OutcomeReader(Store& store) : store_(store) {}

  // The outcome at a position; positions must not fall. Null if there is none. It is good until the
  // next call.
  Expected<const OutcomeView*> at(Position position);

 private:
  Expected<void> more(Position position);

  Store& store_;
  std::vector<Store::OutcomeRun> runs_;
  std::size_t run_ = 0;
  std::vector<OutcomeView> views_;  // of the run before run_, and of changed_
  std::deque<OutcomeBytes> changed_;
  std::size_t next_ = 0;
  Position after_ = 0;
  bool ended_ = false;
};

}  // namespace quintet::stage
