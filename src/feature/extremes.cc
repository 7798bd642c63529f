#include "feature/extremes.h"

namespace quintet::feature {

template <class Worse>
std::optional<std::int64_t> Extremes::best(Side& side, const RingView& ring, const Lane& lane,
                                           const Stretch& in, Worse worse) {
  const std::uint64_t low = in.dropped + in.low, high = in.dropped + in.high;
  if (side.shuffles != in.shuffles || low < side.from || high < side.to || low >= side.to) {
    side = {};
    side.shuffles = in.shuffles;
    side.to = low;
  }
  side.from = low;
  auto& candidates = side.candidates;
  for (; side.to < high; ++side.to) {
    const auto value = value_at(ring, lane, static_cast<std::size_t>(side.to - in.dropped));
    if (!value) continue;
    while (candidates.size() > side.first && !worse(*value, candidates.back().value)) {
      candidates.pop_back();
    }
    candidates.push_back({side.to, *value});
  }
  while (side.first < candidates.size() && candidates[side.first].place < low) ++side.first;
  if (side.first > 32 && side.first * 2 > candidates.size()) {
    candidates.erase(candidates.begin(),
                     candidates.begin() + static_cast<std::ptrdiff_t>(side.first));
    side.first = 0;
  }
  if (side.first == candidates.size()) return std::nullopt;
  return candidates[side.first].value;
}

std::optional<std::int64_t> Extremes::least(const RingView& ring, const Lane& lane,
                                            const Stretch& in, const ByValue& before) {
  return best(least_, ring, lane, in, [&](std::int64_t a, std::int64_t b) { return before(b, a); });
}

std::optional<std::int64_t> Extremes::greatest(const RingView& ring, const Lane& lane,
                                               const Stretch& in, const ByValue& before) {
  return best(greatest_, ring, lane, in,
              [&](std::int64_t a, std::int64_t b) { return before(a, b); });
}

std::size_t Extremes::bytes() const {
  return sizeof(*this) +
         (least_.candidates.capacity() + greatest_.candidates.capacity()) * sizeof(Side::Candidate);
}

}  // namespace quintet::feature
