// The clauses S2 to S5 taken literally: every event is kept, every answer is worked out from all of
// them, sums are made of big integers. Slow, and the measure of what Shard answers. Shares no code
// with it but Program::run, round_quotient, log and hash64. One thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "feature/shard.h"

namespace quintet::feature {

class Naive {
 public:
  explicit Naive(std::shared_ptr<const app::Spec> spec);
  ~Naive();

  // The record's event becomes history. Ask first.
  void add(const FoldInput& input);
  // A label report for the event at `target`, at the report's time.
  void report(int label, Position target, Micros time, event::Value value);
  // The group loses all events of that key.
  void erase(int group, std::string_view key);

  // What the aggregate is for a record that asks group `group` by `key`; "" if a part of it is
  // null.
  event::Value answer(const FoldInput& input, const app::AggregateUse& use, std::string_view key,
                      event::Arena& arena) const;

 private:
  struct Event;

  std::vector<const Event*> window(const FoldInput& input, const app::Aggregate& aggregate,
                                   std::vector<const Event*> history) const;
  std::vector<event::Value> inputs(const FoldInput& input, const app::AggregateUse& use,
                                   const std::vector<const Event*>& events,
                                   event::Arena& arena) const;

  std::shared_ptr<const app::Spec> spec_;
  std::vector<std::unique_ptr<Event>> events_;
};

// An aggregate of values in the order of S3.6; `count` is that of all events, for count().
event::Value aggregate_of(const app::Aggregate& aggregate, event::Type type,
                          const std::vector<event::Value>& values, std::size_t count,
                          event::Arena& arena);

}  // namespace quintet::feature
