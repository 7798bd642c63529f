// One aggregate of one line of a view. It takes values in any order and gives the same answer: a
// view is a function of the results that are in it, not of how they came. Most functions are those
// of feature/tally.h; the others keep the few values that can be the answer. One thread.
#pragma once

#include <optional>

#include "feature/tally.h"

namespace quintet::stage {

// How one app::ViewAggregate is kept; worked out once.
struct ViewLane {
  app::Aggregate asked;  // function, q and limit alone
  feature::Lane lane;
  bool tallied = true;      // else the values themselves are kept
  std::size_t most = 0;     // of them
  bool holds_text = false;  // the values are texts that must stay
};
ViewLane view_lane(const app::ViewAggregate& aggregate);

class ViewCell {
 public:
  ViewCell(const ViewLane& how, const feature::Texts& texts);

  // `value` is not null. `texts` is the line's own; it may be null if `how` is not of texts.
  void add(const ViewLane& how, Micros time, Position position, event::Value value,
           feature::Texts* texts);
  event::Value answer(const ViewLane& how, const feature::Texts& texts, event::Arena& arena);
  // What it takes beyond itself.
  std::size_t bytes() const;

  // Canonical: equal values give equal bytes, in whatever order they came.
  void write(const ViewLane& how, const feature::Texts& texts, ByteWriter& out) const;
  // Into an empty cell. Bytes that write() does not produce make the reader fail. `texts` as for
  // add().
  void read(const ViewLane& how, ByteReader& in, feature::Texts* texts);

 private:
  struct Kept {
    Micros time;
    Position position;
    std::int64_t bits;  // as in feature/raw.h
  };
  // Whether `a` stays rather than `b` when there are too many.
  static bool better(const ViewLane& how, const Kept& a, const Kept& b,
                     const feature::Texts* texts);
  event::Value value(const ViewLane& how, std::int64_t bits, const feature::Texts& texts,
                     event::Arena& arena) const;

  feature::Tally tally_;
  std::vector<Kept> kept_;  // the best first
};

}  // namespace quintet::stage
