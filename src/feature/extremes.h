// The least and greatest value of a window that moves forward, in a few steps an event: of all
// entries only those that could still become the answer are remembered. Rebuilt when the window
// went back or the entries changed elsewhere than at the ends. One thread.
#pragma once

#include <optional>

#include "feature/plan.h"
#include "feature/ring.h"
#include "feature/tally.h"

namespace quintet::feature {

// A stretch of a ring by numbers that stay when entries leave at the front.
struct Stretch {
  std::size_t low = 0, high = 0;  // in the ring
  std::uint64_t dropped = 0;      // entries that left at the front so far
  std::uint32_t shuffles = 0;     // grows when entries change elsewhere
};

class Extremes {
 public:
  std::optional<std::int64_t> least(const RingView& ring, const Lane& lane, const Stretch& in,
                                    const ByValue& before);
  std::optional<std::int64_t> greatest(const RingView& ring, const Lane& lane, const Stretch& in,
                                       const ByValue& before);
  std::size_t bytes() const;

 private:
  // Candidates in the order of their places; the first is the answer.
  struct Side {
    struct Candidate {
      std::uint64_t place;
      std::int64_t value;
    };
    std::vector<Candidate> candidates;
    std::size_t first = 0;  // those before have left
    std::uint64_t from = 0, to = 0;
    std::uint32_t shuffles = 0;
  };
  template <class Worse>
  std::optional<std::int64_t> best(Side& side, const RingView& ring, const Lane& lane,
                                   const Stretch& in, Worse worse);

  Side least_, greatest_;
};

// The value that entry i gives to the lane: nothing if it is filtered or null.
inline std::optional<std::int64_t> value_at(const RingView& ring, const Lane& lane, std::size_t i) {
  if (lane.filter >= 0 && ring.cell(i, static_cast<std::size_t>(lane.filter)).bits == 0) {
    return std::nullopt;
  }
  const Raw raw = ring.cell(i, static_cast<std::size_t>(lane.column));
  if (raw.null) return std::nullopt;
  return raw.bits;
}

}  // namespace quintet::feature
