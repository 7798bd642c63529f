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

#include "host/committer.h"
#include "host/infer_figures.h"
#include "host/key_source.h"
#include "host/snapshot_taker.h"
#include "learn/model.h"

namespace quintet::host {

// Most blocks that wait to be folded, and most positions whose outcomes are kept; beyond either
// take() refuses.
inline constexpr std::size_t kWaitingBlocks = 64;
inline constexpr Position kKeptOutcomes = 1'000'000;

class InferPlace {
 public:
  struct Parts {  // all outlive it
    stage::Store& store;
    Clock& clock;
    Scheduler& loop;
    KeySource& keys;
    ModelSource& models;
    Scheduler* writer = nullptr;  // of its snapshots; none: a thread of its own
  };
  struct Settings {
    Position snapshot_every = 200'000;  // positions; 0: only when asked
    // It cannot go on: the log, or its store, is not what it must be. Open it anew.
    std::function<void(const Error&)> on_failure;
    std::function<void(const SnapshotFigures&, const Expected<void>&)> on_snapshot;
  };
  static Expected<std::unique_ptr<InferPlace>> open(Parts parts, Settings settings);
  ~InferPlace();

  // L, by who keeps outcomes. The first call begins the work: what is at or below L is folded and
  // not scored. One that is less than before was a loss there: all is begun anew.
  void results_durable(Position low);

  // --- the log comes in ---
  // The first position of the block that is wanted next; kNoPosition: none yet, or no more for now.
  Position next() const;
  // Called when next() is not just behind the block that was taken last: at the start, after a
  // gap, where the log must be folded anew, and when there is room again.
  void when_wanting(std::function<void(Position next)> callback);
  // The next block of the log. One that was taken before is passed over; `conflict` for one that
  // does not follow, `exhausted` if there is no room: both are asked for again.
  Expected<void> take(event::BlockBytes block);

  // --- outcomes go out ---
  // Runs from the one that holds `from`, each the outcomes of one block, until `most_bytes` is
  // passed. Empty if that is not made yet; `expired` if it was dropped, at or below L.
  Expected<std::vector<stage::OutcomeBytes>> outcomes(Position from, std::size_t most_bytes) const;
  Position ready() const;  // there are outcomes up to here
  void when_ready(std::function<void(Position last)> callback);

  // --- the rest ---
  // What a row of `event` would be now, as JSON; nothing is stored. As Place::peek(). The event is
  // of spec().
  void peek(event::Event&& event, std::function<void(Expected<std::string>)> done);
  std::shared_ptr<const app::Spec> spec() const;  // in force where it stands; null before any is
  // Of `model`; null if none is in force. What a prediction without position uses.
  std::shared_ptr<const learn::Model> model_in_force(const std::string& model,
                                                     std::uint32_t& version) const;
  void snapshot(Committer::Done done);
  Position folded() const;
  // As Place::state_digest(); `low_time` is the stamp that the next record would get.
  std::string state_digest() const;
  struct Figures : InferFigures {
    Position folded = 0, ready = 0, low = 0, snapshot = 0;
    std::uint64_t scored = 0, begun_anew = 0;  // since the start
    std::size_t waiting_blocks = 0;
    std::string waits_for;  // "keys", "model score 3", "L"; empty: for nothing
  };
  // Costs the same however large the state is.
  Figures figures();

 private:
  struct State;
  explicit InferPlace(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
