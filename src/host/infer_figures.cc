#include "host/infer_figures.h"

#include <algorithm>

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;  // of walking

}  // namespace

void count_predictions(std::vector<InferFigures::Model>& models, const app::Spec& spec,
                       const stage::Outcome& outcome) {
  for (const stage::UsedModel& used : outcome.models) {
    const app::ModelSpec& model = spec.models[used.model];
    const auto same = [&](const InferFigures::Model& one) {
      return one.version == used.version && one.name == model.name;
    };
    auto found = std::find_if(models.rbegin(), models.rend(), same);
    if (found == models.rend()) {
      models.push_back({model.name, used.version, 0, 0});
      found = models.rbegin();
    }
    ++found->predictions;
    const bool whole = std::none_of(
        model.outputs.begin(), model.outputs.end(), [&](const app::ModelOutput& output) {
          return outcome.slots[static_cast<std::size_t>(output.slot)].is_null();
        });
    if (!whole) ++found->without;
  }
}

void StateSize::measure_shard(stage::Infer& infer) {
  feature::Shard::Size size;  // of one that another replica holds: nothing
  if (infer.shards().owns(next_)) size = infer.shards().shard(next_).size();
  feature::Shard::Size& before = of_[next_];
  sum_.keys += size.keys - before.keys;
  sum_.entries += size.entries - before.entries;
  sum_.bytes += size.bytes - before.bytes;
  before = size;
  next_ = static_cast<ShardId>((next_ + 1) % kShardCount);
}

void StateSize::measure_all(stage::Infer& infer) {
  next_ = 0;
  do {
    measure_shard(infer);
  } while (next_ != 0);
}

bool StateSize::go_on(stage::Infer& infer, Clock& clock) {
  const Micros begin = clock.steady();
  do {
    measure_shard(infer);
    if (next_ == 0) return under_way_ = false;
  } while (clock.steady() - begin < kTurn);
  return true;
}

}  // namespace quintet::host
