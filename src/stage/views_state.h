// The inside of Views, shared by its source files alone.
#pragma once

#include "base/check.h"
#include "stage/views.h"

namespace quintet::stage {

struct Views::Key {
  Micros bucket = 0;
  std::vector<event::Value> values;
};

struct Views::Less {
  bool operator()(const Key& a, const Key& b) const {
    if (a.bucket != b.bucket) return a.bucket < b.bucket;
    for (std::size_t i = 0; i < a.values.size() && i < b.values.size(); ++i) {
      if (const int order = event::compare(a.values[i], b.values[i]); order != 0) return order < 0;
    }
    return false;
  }
};

struct Views::Line {
  std::vector<ViewCell> cells;
  std::unique_ptr<feature::Texts> texts;  // only if a cell holds texts
  std::unique_ptr<char[]> key_texts;
  std::size_t key_bytes = 0;
  std::size_t counted = 0;  // bytes, as they stand in State::bytes
  // The lines of a slot, in no order.
  std::size_t slot = 0;
  const Key* key = nullptr;
  Line* before = nullptr;
  Line* after = nullptr;
};

struct Views::State {
  const app::View* view = nullptr;
  std::vector<event::Type> key_types;
  std::vector<ViewLane> lanes;
  bool holds_texts = false;
  std::map<Key, Line, Less> lines;
  std::vector<Line*> slots;  // the first line of each
  std::size_t bytes = 0;
  Micros newest = kNoTime;
  bool given_up = false;
  // After a snapshot was read, until caught_up(): up to where each slot was folded.
  std::vector<Position> reached;

  void clear() {
    lines.clear();
    slots.assign(kViewSlots, nullptr);
    reached.clear();
    bytes = 0;
  }
};

}  // namespace quintet::stage
