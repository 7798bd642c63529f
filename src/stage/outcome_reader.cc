#include "stage/outcome_reader.h"

#include <algorithm>

namespace quintet::stage {

namespace {
constexpr std::size_t kReadBytes = std::size_t{8} << 20;
}

Expected<const OutcomeView*> OutcomeReader::at(Position position) {
  for (;;) {
    while (next_ < views_.size() && views_[next_].position < position) ++next_;
    if (next_ < views_.size()) {
      return views_[next_].position == position ? &views_[next_] : nullptr;
    }
    if (ended_) return nullptr;
    TRY_DO(more(position));
  }
}

// The next run; runs are fetched many at a time.
Expected<void> OutcomeReader::more(Position position) {
  if (run_ == runs_.size()) {
    TRY(runs_, store_.read_outcomes(std::max(position, after_ + 1), kReadBytes));
    run_ = 0;
  }
  next_ = 0;
  views_.clear();
  changed_.clear();
  if (runs_.empty()) {
    ended_ = true;
    return {};
  }
  const auto& [run, changes] = runs_[run_++];
  after_ = run.last;
  TRY(views_, read_run(run));
  for (const OutcomeChange& change : changes) {
    changed_.push_back({change.position, change.position, change.bytes});
    TRY(const auto changed, read_run(changed_.back()));
    views_[static_cast<std::size_t>(change.position - run.first)] = changed.front();
  }
  return {};
}

}  // namespace quintet::stage
