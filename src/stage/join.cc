#include "stage/join.h"

#include <algorithm>

namespace quintet::stage {

void Join::expect(Admitted&& admitted) {
  const Position position = admitted.record.position;
  if (position < next_) return;
  open_[position].admitted = std::move(admitted);
}

void Join::add(Part&& part) {
  if (part.position < next_) return;
  Open& open = open_[part.position];
  for (const ShardId shard : part.shards) {
    if (std::find(open.heard.begin(), open.heard.end(), shard) != open.heard.end()) return;
  }
  open.heard.insert(open.heard.end(), part.shards.begin(), part.shards.end());
  open.parts.push_back(std::move(part.cells));
}

bool Join::complete(const Open& open) const {
  return open.admitted && open.heard.size() >= open.admitted->record.visits.size();
}

std::optional<Join::Ready> Join::take() {
  const auto first = open_.begin();
  if (first == open_.end() || first->first != next_ || !complete(first->second)) {
    return std::nullopt;
  }
  Ready ready{std::move(*first->second.admitted), std::move(first->second.parts)};
  open_.erase(first);
  ++next_;
  return ready;
}

}  // namespace quintet::stage
