// The figures of a Place. To size the feature state is to walk its keys: that is done between turns
// of the loop, a shard at a time, so that who asks never waits for it.
#include <algorithm>

#include "host/place_state.h"

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;  // of walking

}  // namespace

// Of the outcome just made.
void Place::State::count_predictions() {
  for (const stage::UsedModel& used : outcome.models) {
    const app::ModelSpec& model = spec().models[used.model];
    const auto same = [&](const Figures::Model& one) {
      return one.version == used.version && one.name == model.name;
    };
    auto found = std::find_if(counts.models.rbegin(), counts.models.rend(), same);
    if (found == counts.models.rend()) {
      counts.models.push_back({model.name, used.version, 0, 0});
      found = counts.models.rbegin();
    }
    ++found->predictions;
    const bool whole = std::none_of(
        model.outputs.begin(), model.outputs.end(), [&](const app::ModelOutput& output) {
          return outcome.slots[static_cast<std::size_t>(output.slot)].is_null();
        });
    if (!whole) ++found->without;
  }
}

void Place::State::measure_shard() {
  Measured& m = measured;
  const feature::Shard::Size size = infer->shards().shard(m.next).size();
  feature::Shard::Size& before = m.of[m.next];
  m.sum.keys += size.keys - before.keys;
  m.sum.entries += size.entries - before.entries;
  m.sum.bytes += size.bytes - before.bytes;
  before = size;
  m.next = static_cast<ShardId>((m.next + 1) % kShardCount);
}

void Place::State::measure_all() {
  measured.next = 0;
  do {
    measure_shard();
  } while (measured.next != 0);
}

void Place::State::measure_turn() {
  const Micros begin = parts.clock.steady();
  do {
    measure_shard();
    if (measured.next == 0) {
      measured.under_way = false;
      return;
    }
  } while (parts.clock.steady() - begin < kTurn);
  post([this] { measure_turn(); });
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
  figures.state = s.measured.sum;
  figures.snapshot = s.taker.newest();
  figures.commits = s.committer->figures();
  if (s.infer != nullptr && !std::exchange(s.measured.under_way, true))
    s.post([&s] { s.measure_turn(); });
  return figures;
}

std::size_t Place::pending() const {
  return state_->pending;
}

}  // namespace quintet::host
