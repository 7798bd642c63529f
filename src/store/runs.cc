#include "store/runs.h"

namespace quintet::store {

Expected<bool> OutcomeRuns::take(Position first, Position last) {
  if (first == kNoPosition || last < first) {
    return invalid("an outcome run from " + std::to_string(first) + " to " + std::to_string(last));
  }
  if (last <= low_) return false;
  bool any = first <= low_;
  Position missing = std::max(first, low_ + 1);  // all before it, from `first`, are there
  auto run = above_.upper_bound(missing);
  if (run != above_.begin() && std::prev(run)->second >= missing) --run;
  for (; run != above_.end() && run->first <= last; ++run) {
    any = true;
    if (run->first > missing) break;
    missing = run->second + 1;
  }
  if (missing > last) return false;
  if (any) {
    return conflict("outcomes " + std::to_string(first) + " to " + std::to_string(last) +
                    " are there in part; a run is committed as a whole");
  }
  if (first != low_ + 1) {
    above_.emplace(first, last);
    return true;
  }
  low_ = last;
  while (!above_.empty() && above_.begin()->first == low_ + 1) {
    low_ = above_.begin()->second;
    above_.erase(above_.begin());
  }
  return true;
}

}  // namespace quintet::store
