// What inference has to say of itself, in a Place or in a process of its own: how large its state
// is and which versions predicted. Lives on the loop of whoever infers.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "feature/shard.h"
#include "stage/infer.h"

namespace quintet::host {

struct InferFigures {
  feature::Shard::Size state;  // as it was when they were asked for last, or at the start
  struct Model {
    std::string name;
    std::uint32_t version = 0;
    std::uint64_t predictions = 0;  // of admitted events, since the start
    std::uint64_t without = 0;      // of these, some output was no number
  };
  std::vector<Model> models;  // versions that predicted
};

// Counts the predictions of one outcome.
void count_predictions(std::vector<InferFigures::Model>& models, const app::Spec& spec,
                       const stage::Outcome& outcome);

// To size the feature state is to walk its keys: that is done between turns of the loop, a shard at
// a time, so that who asks never waits for it.
class StateSize {
 public:
  const feature::Shard::Size& sum() const { return sum_; }  // of what was walked last
  void measure_all(stage::Infer& infer);
  // False if a walk is under way already.
  bool begin() { return !std::exchange(under_way_, true); }
  // One turn of a walk that has begun; false once it is at its end.
  bool go_on(stage::Infer& infer, Clock& clock);
  void end() { under_way_ = false; }

 private:
  void measure_shard(stage::Infer& infer);
  std::array<feature::Shard::Size, kShardCount> of_;
  feature::Shard::Size sum_;
  ShardId next_ = 0;
  bool under_way_ = false;
};

}  // namespace quintet::host
