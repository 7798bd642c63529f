#include "stage/join.h"

#include <algorithm>

namespace quintet::stage {

bool is_whole(const Admitted& admitted, const std::vector<ShardId>& heard) {
  if (!admitted.asks()) return true;
  const auto& visits = admitted.record.visits;
  return std::all_of(visits.begin(), visits.end(), [&](const event::Visit& visit) {
    return std::find(heard.begin(), heard.end(), visit.shard) != heard.end();
  });
}

void Join::expect(Admitted&& admitted) {
  const Position position = admitted.record.position;
  if (position < next_) return;
  Open& open = open_[position];
  if (!open.admitted) ++expected_;
  open.admitted = std::move(admitted);
}

void Join::add(Part&& part) {
  if (part.position < next_) return;
  Open& open = open_[part.position];
  // A shard may have moved between two places, and both speak for it: they say the same.
  bool news = false;
  for (const ShardId shard : part.shards) {
    if (std::find(open.heard.begin(), open.heard.end(), shard) != open.heard.end()) continue;
    open.heard.push_back(shard);
    news = true;
  }
  if (news) open.parts.push_back(std::move(part.cells));
}

std::optional<Join::Ready> Join::take() {
  if (expected_ == 0) return std::nullopt;
  auto first = open_.begin();
  while (!first->second.admitted) {  // no place expects it: rows are expected in order
    close(first);
    first = open_.begin();
  }
  if (!is_whole(*first->second.admitted, first->second.heard)) return std::nullopt;
  Ready ready{std::move(*first->second.admitted), std::move(first->second.parts)};
  next_ = first->first + 1;
  close(first);
  return ready;
}

void Join::close(std::map<Position, Open>::iterator open) {
  if (open->second.admitted) --expected_;
  open_.erase(open);
}

void Join::forget(Position done) {
  while (!open_.empty() && open_.begin()->first <= done) close(open_.begin());
  next_ = std::max(next_, done + 1);
}

bool Join::expects(Position position) const {
  const auto found = open_.find(position);
  return found != open_.end() && found->second.admitted.has_value();
}

Position Join::first() const {
  for (const auto& [position, open] : open_) {
    if (open.admitted) return position;
  }
  return kNoPosition;
}

}  // namespace quintet::stage
