// The exchange (DESIGN 3) as one replica of infer sees it. The replica folds the shards that a
// table gives it; what they add to rows that another one scores goes there as a part, and parts of
// others come for the rows that are scored here. Parts and outcomes above L are kept: whoever lost
// them asks again. It knows no transport, and nothing of folding and scoring.
//
// What it says and keeps is of one table. With another all begins anew from L: so a move of shards
// is, for each replica, what a death is, and needs no rules of its own.
//
// One thread.
#pragma once

#include <deque>

#include "host/shard_table.h"
#include "stage/join.h"
#include "stage/outcome.h"

namespace quintet::host {

// Most parts that wait for their records, by sender, and most rows that wait for parts.
inline constexpr std::size_t kWaitingParts = 100'000;
inline constexpr std::size_t kWaitingRows = 100'000;

// What one replica adds to rows that another scores, of the positions first to last: often nothing,
// and then it says that.
struct SentPart {
  Position position = kNoPosition;
  std::vector<ShardId> shards;  // that it speaks for
  std::string cells;            // stage::write_cells()
};
struct PartsRun {
  std::uint64_t table = 0;  // its epoch
  Position first = kNoPosition, last = kNoPosition;
  std::vector<SentPart> parts;
};

class PartExchange {
 public:
  explicit PartExchange(ReplicaId self) : self_(self) {}

  // Nothing is made above `low`.
  void begin(const ShardTable& table, Position low);
  const ShardTable& table() const { return table_; }
  ReplicaId self() const { return self_; }
  std::vector<ReplicaId> others() const;
  // L. What is at or below it is kept no more, and is not made any more.
  void durable(Position low);

  // --- what the replica made, in position order ---
  // The record at made() + 1 was folded; its block covers first to last. True if its outcome is to
  // be made now, of `part` alone. Else both may have been taken: the row waits here, or the part
  // goes where it is scored.
  struct Span {
    Position first, last;
  };
  bool fold(const app::Spec& spec, Span block, stage::Admitted& admitted, stage::Part& part);
  // Up to `position` all is folded: so far parts may leave.
  void flush(Position position);
  Position made() const { return made_; }

  // A row that is whole, the first of those expected here.
  Expected<std::optional<stage::Join::Ready>> take_row(const app::Spec& spec);
  void add(const app::Spec& spec, const stage::Outcome& outcome);
  // Rows that wait for parts; and whether so many do that no more may be folded.
  std::size_t waiting() const { return join_.waiting(); }
  bool is_full() const { return join_.waiting() >= kWaitingRows; }

  // --- outcomes go out: of each block those that are made here (stage::merge_runs) ---
  // As InferPlace::outcomes().
  Expected<std::vector<stage::OutcomeBytes>> outcomes(Position from, std::size_t most_bytes) const;
  Position ready() const;

  // --- parts go out, and come in ---
  // Runs for `to` from the one that holds `from`.
  Expected<std::vector<PartsRun>> parts(ReplicaId to, Position from, std::size_t most_bytes) const;
  Position next_parts(ReplicaId from) const;
  // What came before is passed over; `conflict` for what does not follow or is of another table,
  // `exhausted` if there is no room: all are asked for again.
  Expected<void> take(ReplicaId from, PartsRun run);
  // Which one a row waits for; 0: none waits.
  ReplicaId waits_for() const;

 private:
  struct Kept {
    Position first, last;
    std::map<ReplicaId, std::vector<SentPart>> parts;
  };
  struct Sender {
    Position next = kNoPosition;
    std::deque<SentPart> waiting;
  };
  void begin_parts(Position first);
  Expected<void> meet(const app::Spec& spec);
  void close_blocks();
  void close_block();  // the first

  const ReplicaId self_;
  ShardTable table_;
  Position low_ = kNoPosition, made_ = kNoPosition;
  stage::Join join_;
  // Outcomes.
  std::deque<Span> blocks_;  // that were begun, and lack outcomes
  stage::OutcomeRunWriter run_;
  std::deque<stage::OutcomeBytes> kept_;
  // Parts.
  Kept leaving_;
  std::deque<Kept> sent_;
  std::map<ReplicaId, Sender> senders_;
};

}  // namespace quintet::host
