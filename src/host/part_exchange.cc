#include "host/part_exchange.h"

#include <algorithm>

#include "stage/cells.h"

namespace quintet::host {

void PartExchange::begin(const ShardTable& table, Position low) {
  table_ = table;
  low_ = made_ = low;
  join_ = {};
  join_.forget(low);
  blocks_.clear();
  run_ = {};
  kept_.clear();
  sent_.clear();
  begin_parts(low + 1);
  senders_.clear();
  for (const ReplicaId other : others()) senders_[other].next = low + 1;
}

std::vector<ReplicaId> PartExchange::others() const {
  std::vector<ReplicaId> ids;
  for (const auto& [id, address] : table_.addresses) {
    if (id != self_) ids.push_back(id);
  }
  return ids;
}

void PartExchange::begin_parts(Position first) {
  leaving_.first = first;
  leaving_.parts.clear();
}

void PartExchange::durable(Position low) {
  low_ = low;
  while (!kept_.empty() && kept_.front().last <= low) kept_.pop_front();
  while (!sent_.empty() && sent_.front().last <= low) sent_.pop_front();
  join_.forget(low);
  while (!blocks_.empty() && blocks_.front().last <= low) {
    blocks_.pop_front();
    run_ = {};
  }
  if (made_ < low) {  // by an earlier life of this place
    made_ = low;
    begin_parts(low + 1);
  }
  for (auto& [id, sender] : senders_) {
    sender.next = std::max(sender.next, low + 1);
    while (!sender.waiting.empty() && sender.waiting.front().position <= low) {
      sender.waiting.pop_front();
    }
  }
}

// --- what is made ---

bool PartExchange::fold(const app::Spec& spec, Span block, stage::Admitted& admitted,
                    stage::Part& part) {
  const Position position = admitted.record.position;
  check(position == made_ + 1, "what is made has no gaps");
  made_ = position;
  if (blocks_.empty() || blocks_.back().last < position) blocks_.push_back(block);
  const ReplicaId scorer = table_.scorer_of(admitted);
  if (scorer == self_) {
    if (join_.waiting() == 0 && stage::is_whole(admitted, part.shards)) return true;
    join_.expect(std::move(admitted));
    join_.add(std::move(part));
  } else if (admitted.asks() && !part.shards.empty()) {
    leaving_.parts[scorer].push_back(
        {position, part.shards, stage::write_cells(spec, admitted.event.type->index, part.cells)});
  }
  return false;
}

void PartExchange::flush(Position position) {
  if (position >= leaving_.first) {
    leaving_.last = position;
    if (!senders_.empty()) sent_.push_back(std::move(leaving_));
    begin_parts(position + 1);
  }
  close_blocks();
}

Expected<std::optional<stage::Join::Ready>> PartExchange::take_row(const app::Spec& spec) {
  if (join_.waiting() == 0) return std::optional<stage::Join::Ready>();
  TRY_DO(meet(spec));
  return join_.take();
}

// Parts come to the records that they are of. One whose row is not expected is dropped: its
// outcome was made, or somebody else makes it.
Expected<void> PartExchange::meet(const app::Spec& spec) {
  for (auto& [id, sender] : senders_) {
    while (!sender.waiting.empty() && sender.waiting.front().position <= made_) {
      SentPart sent = std::move(sender.waiting.front());
      sender.waiting.pop_front();
      if (!join_.expects(sent.position)) continue;
      auto cells = stage::read_cells(spec, sent.cells);
      if (!cells) return std::move(cells).error().during("replica " + std::to_string(id));
      join_.add({sent.position, std::move(sent.shards), *std::move(cells)});
    }
  }
  return {};
}

void PartExchange::add(const app::Spec& spec, const stage::Outcome& outcome) {
  // Rows leave in order: what is before this one has all its outcomes.
  while (blocks_.front().last < outcome.position) close_block();
  run_.skip(blocks_.front().first, outcome.position - 1);
  run_.add(spec, outcome);
}

// Those whose last row has left.
void PartExchange::close_blocks() {
  const Position first = join_.first();
  while (!blocks_.empty() && blocks_.front().last <= made_ &&
         (first == kNoPosition || first > blocks_.front().last)) {
    close_block();
  }
}

void PartExchange::close_block() {
  const auto [begin, end] = blocks_.front();
  run_.skip(begin, end);
  kept_.push_back(run_.take());
  check(kept_.back().first == begin && kept_.back().last == end,
        "a run of outcomes is that of one block");
  blocks_.pop_front();
}

// --- what leaves ---

namespace {

// From the piece that holds `from`; `expired` if that was dropped.
template <class Pieces>
Expected<typename Pieces::const_iterator> find_piece(const Pieces& pieces, Position from,
                                                     Position low) {
  if (from <= low && (pieces.empty() || from < pieces.front().first)) {
    return expired("what was made up to position " + std::to_string(low) +
                   " was dropped: its outcomes are durable");
  }
  return std::partition_point(pieces.begin(), pieces.end(),
                              [&](const auto& piece) { return piece.last < from; });
}

}  // namespace

Expected<std::vector<stage::OutcomeBytes>> PartExchange::outcomes(Position from,
                                                              std::size_t most_bytes) const {
  TRY(auto at, find_piece(kept_, from, low_));
  std::vector<stage::OutcomeBytes> out;
  for (std::size_t bytes = 0; at != kept_.end() && (out.empty() || bytes < most_bytes); ++at) {
    bytes += at->bytes.size();
    out.push_back(*at);
  }
  return out;
}

Position PartExchange::ready() const {
  return kept_.empty() ? low_ : kept_.back().last;
}

Expected<std::vector<PartsRun>> PartExchange::parts(ReplicaId to, Position from,
                                                std::size_t most_bytes) const {
  TRY(auto at, find_piece(sent_, from, low_));
  std::vector<PartsRun> out;
  for (std::size_t bytes = 0; at != sent_.end() && (out.empty() || bytes < most_bytes); ++at) {
    PartsRun run{table_.epoch, at->first, at->last, {}};
    if (const auto found = at->parts.find(to); found != at->parts.end()) run.parts = found->second;
    for (const SentPart& part : run.parts) bytes += part.cells.size();
    out.push_back(std::move(run));
  }
  return out;
}

// --- what comes ---

Position PartExchange::next_parts(ReplicaId from) const {
  const auto found = senders_.find(from);
  if (found == senders_.end() || found->second.waiting.size() >= kWaitingParts) return kNoPosition;
  return found->second.next;
}

Expected<void> PartExchange::take(ReplicaId from, PartsRun run) {
  const auto found = senders_.find(from);
  if (found == senders_.end() || run.table != table_.epoch) {
    return conflict("a part of replica " + std::to_string(from) + " is of another table");
  }
  Sender& sender = found->second;
  if (run.last < sender.next) return {};
  if (run.first > sender.next) {
    return conflict("position " + std::to_string(sender.next) + " is next, not " +
                    std::to_string(run.first));
  }
  if (sender.waiting.size() >= kWaitingParts) return exhausted("as many parts wait as may");
  for (SentPart& part : run.parts) {
    if (part.position >= sender.next) sender.waiting.push_back(std::move(part));
  }
  sender.next = run.last + 1;
  return {};
}

ReplicaId PartExchange::waits_for() const {
  const Position first = join_.first();
  if (first == kNoPosition) return 0;
  for (const auto& [id, sender] : senders_) {
    if (sender.next <= first) return id;
  }
  return 0;
}

}  // namespace quintet::host
