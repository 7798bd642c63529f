// Inference as a place of its own (docs/decisions/0023): it follows the log, folds each record into
// its shards and gives an outcome for each, until whoever keeps outcomes says that they are
// durable. Its store holds snapshots alone, at or below L: it may be lost, and comes back from them
// and the log.
//
// Lives on one Scheduler; every method is called in its jobs, and so are the callbacks. It waits
// for nothing: what it lacks it asks for and goes on when that is there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "host/committer.h"
#include "host/infer_figures.h"
#include "host/key_source.h"
#include "host/part_exchange.h"
#include "host/snapshot_taker.h"
#include "learn/model.h"

namespace quintet::host {

// Most blocks that wait to be folded, and most positions whose outcomes are kept; beyond either
// take() refuses.
inline constexpr std::size_t kWaitingBlocks = 64;
inline constexpr Position kKeptOutcomes = 1'000'000;

// A peek at a row whose shards are on several replicas: each gives its part as of one position.
struct PeekAsk {
  std::uint64_t table = 0;  // its epoch
  Position position = kNoPosition;
  Micros admitted_at = 0;
  std::string event;  // wire::write_offer() of it
};
struct PeekPart {
  Position position = kNoPosition;  // beyond the one asked for: that has passed here
  std::string cells;                // stage::write_cells()
};
// Shards that are to be held here: what came of their snapshots, and what nobody had.
struct FetchedShards {
  std::uint32_t fetched = 0, missing = 0;
};
// Other replicas. Each `done` as KeySource has it.
class InferPeers {
 public:
  virtual ~InferPeers() = default;
  virtual void part(ReplicaId of, PeekAsk ask, std::function<void(Expected<PeekPart>)> done) = 0;
  virtual void stored_part(ReplicaId of, std::string name,
                           std::function<void(Expected<stage::Snapshot>)> done) = 0;
};

class InferPlace {
 public:
  struct Parts {  // all outlive it
    stage::Store& store;
    Clock& clock;
    Scheduler& loop;
    KeySource& keys;
    ModelSource& models;
    BaseSource& base;
    Scheduler* writer = nullptr;  // of its snapshots; none: a thread of its own
    InferPeers* peers = nullptr;  // where there are others
  };
  struct Settings {
    ReplicaId replica = 1;
    Position snapshot_every = 200'000;  // positions; 0: only when asked
    // It cannot go on: the log, or its store, is not what it must be. Open it anew.
    std::function<void(const Error&)> on_failure;
    std::function<void(const SnapshotFigures&, const Expected<void>&)> on_snapshot;
  };
  static Expected<std::unique_ptr<InferPlace>> open(Parts parts, Settings settings);
  ~InferPlace();

  // L and who holds which shard, by who keeps outcomes. The first call begins the work: what is at
  // or below L is folded and not scored. With a newer table all is begun anew from L; an older one
  // is passed over. An L that is less than before was a loss there: all is begun anew as well.
  void results_durable(Position low, const ShardTable& table);

  // --- the log comes in ---
  // The first position of the block that is wanted next; kNoPosition: none yet, or no more for now.
  Position next() const;
  // Called when next() is not just behind the block that was taken last: at the start, after a
  // gap, where the log must be folded anew, and when there is room again.
  void when_wanting(std::function<void(Position next)> callback);
  // The next block of the log. One that was taken before is passed over; `conflict` for one that
  // does not follow, `exhausted` if there is no room: both are asked for again.
  Expected<void> take(event::BlockBytes block);
  // What is wanted next was removed from the log (S10): it is folded again, from the base.
  void log_was_removed();

  // --- outcomes go out ---
  // Runs from the one that holds `from`, each the outcomes of one block that are made here, until
  // `most_bytes` is passed. Empty if that is not made yet; `expired` if it was dropped, at or below
  // L. All are of one table.
  Expected<std::vector<stage::OutcomeBytes>> outcomes(Position from, std::size_t most_bytes) const;
  Position ready() const;  // there are outcomes up to here
  void when_ready(std::function<void(Position last)> callback);
  const ShardTable& table() const;

  // --- parts go to other replicas, and come from them (host/part_exchange.h) ---
  Expected<std::vector<PartsRun>> parts(ReplicaId to, Position from, std::size_t most_bytes) const;
  void when_parts(std::function<void()> callback);  // there are more
  Position next_parts(ReplicaId from) const;        // kNoPosition: no more for now
  Expected<void> take(ReplicaId from, PartsRun run);

  // --- before shards move ---
  // The newest part of that name that is stored here at or below L, sealed.
  Expected<stage::Snapshot> stored_part(const std::string& name) const;
  // What it came to.
  Expected<PartDigest> part_digest(const std::string& name) const;
  // Stores the newest snapshots of what `to` will give this replica, as those have them that hold
  // it under `from`: so that it goes on from there and not from the log's beginning. What is not to
  // be had is no error. For a replica whose work has not begun as well. A second call ends the
  // first with `conflict`.
  void fetch_shards(const ShardTable& from, const ShardTable& to,
                    std::function<void(Expected<FetchedShards>)> done);

  // --- the rest ---
  // What a row of `event` would be now, as JSON; nothing is stored. As Place::peek(). The event is
  // of spec().
  void peek(event::Event&& event, std::function<void(Expected<std::string>)> done);
  // What the shards here add to a row at which another replica peeks; `conflict` if both are not of
  // one mind what the application or the table is.
  void peek_part(PeekAsk ask, std::function<void(Expected<PeekPart>)> done);
  std::shared_ptr<const app::Spec> spec() const;  // in force where it stands; null before any is
  // Of `model`; null if none is in force. What a prediction without position uses.
  std::shared_ptr<const learn::Model> model_in_force(const std::string& model,
                                                     std::uint32_t& version) const;
  void snapshot(Committer::Done done);
  Position folded() const;
  // As Place::state_digest(); `low_time` is the stamp that the next record would get.
  std::string state_digest() const;
  void add_state(ShardId shard, Sha256& sha) const;  // what that digest has of a shard held here
  struct Figures : InferFigures {
    Position folded = 0, ready = 0, low = 0, snapshot = 0;
    std::uint64_t scored = 0, begun_anew = 0;  // since the start
    std::size_t waiting_blocks = 0;
    std::string waits_for;  // "keys", "model score 3", "replica 2", "L"; empty: nothing
  };
  // Costs the same however large the state is.
  Figures figures();

 private:
  struct State;
  explicit InferPlace(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
