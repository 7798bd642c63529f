#include "host/place_state.h"

namespace quintet::host {

void Place::State::measure_turn() {
  if (size.go_on(*infer, parts.clock)) post([this] { measure_turn(); });
}

Place::Figures Place::figures() {
  State& s = *state_;
  Figures figures = s.counts;
  figures.first = first();
  figures.last = last();
  figures.durable = durable();
  figures.ids = s.ingest->ids();
  figures.waiting_labels = s.ingest->waiting_labels();
  figures.pending = s.pending;
  figures.state = s.size.sum();
  figures.snapshot = s.taker.newest();
  figures.commits = s.committer->figures();
  if (s.infer != nullptr && s.size.begin()) s.post([&s] { s.measure_turn(); });
  return figures;
}

std::size_t Place::pending() const {
  return state_->pending;
}

}  // namespace quintet::host
