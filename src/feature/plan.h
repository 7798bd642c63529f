// What a group has to keep and to run, worked out once from the Spec: the columns of its entries,
// the distinct windows (views), and for each view the tallies that its aggregates share. Immutable;
// any thread.
#pragma once

#include <memory>
#include <vector>

#include "app/spec.h"
#include "feature/raw.h"

namespace quintet::feature {

// What is counted of one input through one filter in one view. Column -1: every event is counted.
struct Lane {
  int column = -1;
  int filter = -1;  // a column too
  RawKind kind = RawKind::flag;
  event::Type type;
  // What is asked of it.
  bool count = false, sum = false, squares = false, ordered = false, distinct = false,
       buckets = false;
  // Whether anything runs; min and max are looked up (extremes.h).
  bool runs() const { return count || sum || squares || ordered || distinct || buckets; }
  bool same_source(const Lane& o) const { return column == o.column && filter == o.filter; }
};

// A window, without regard to `including this`.
struct View {
  app::Window window;
  std::vector<Lane> lanes;
  std::size_t first_tally = 0;  // in Hot::tallies
};

// How one Aggregate is answered.
struct Answer {
  int view = -1;
  int lane = -1;    // in the view; -1: the size of the window, or the entries themselves
  int column = -1;  // for first, last and list
  int filter = -1;
};

struct GroupPlan {
  std::shared_ptr<const app::Spec> spec;
  const app::Group* group = nullptr;
  std::vector<int> labels;  // Spec::labels_of(source)

  // Columns of an entry: inputs, then filters, then kept slots.
  std::vector<RawKind> kinds;
  std::vector<event::Type> types;
  std::size_t first_filter = 0;
  std::size_t first_kept = 0;
  // Slots (fields, then labels) that are kept, because a report can change what is made of them.
  std::vector<int> kept;
  // By label, in the order of `labels`: the columns that a report of it changes.
  std::vector<std::vector<int>> read_by;
  bool holds_texts = false;

  std::vector<View> views;
  std::vector<Answer> answers;  // by Group::aggregates
  std::size_t tallies = 0;

  // What must be kept of an entry besides the last `count_reach` by position.
  bool keeps_all = false;   // there is a window without edge
  bool keeps_time = false;  // entries that the horizon has not forgotten
  std::int64_t count_reach = 0;

  std::size_t slots() const;
};

GroupPlan plan_group(std::shared_ptr<const app::Spec> spec, int group);

// Notes on the lane what the function needs to run; nothing for those that read entries.
void ask(Lane& lane, app::Function function);

// S2.3: what a record with this low time has forgotten: every time <= the horizon. kNoTime if
// nothing.
Micros horizon_of(const app::Spec& spec, Micros low_time);

}  // namespace quintet::feature
