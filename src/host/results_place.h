// Results as a place of its own (docs/decisions/0023): it takes the log's blocks and their outcomes
// as they come, commits each block with its outcomes in one transaction, as a monolith does, and
// answers every read with the monolith's code. The first outcome of a position that is committed
// here is the one there is. It gives L.
//
// Lives on one Scheduler; every method is called in its jobs, and so are the callbacks. After a
// failed commit it must be destroyed and opened again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/answers.h"
#include "host/committer.h"
#include "host/key_source.h"
#include "host/shard_table.h"
#include "host/snapshot_taker.h"

namespace quintet::host {

// Most blocks, and most runs of outcomes, that wait for each other or for the commit.
inline constexpr std::size_t kWaitingPieces = 256;

class ResultsPlace {
 public:
  struct Parts {  // all outlive it
    stage::Store& store;
    Clock& clock;
    Scheduler& loop;
    KeySource& keys;
    Scheduler* writer = nullptr;  // of its commits; none: a thread of its own
    Scheduler* aside = nullptr;   // of what is made to remove old results; none: the same
  };
  struct Settings {
    Position snapshot_every = 200'000;  // positions, of views and labels; 0: only when asked
    // A commit failed, or the log here is not the one that comes: open it anew.
    std::function<void(const Error&)> on_failure;
    std::function<void(const SnapshotFigures&, const Expected<void>&)> on_snapshot;
    // After results were removed, with the first position that is kept; or why they were not: it is
    // tried again at the next start, or when ingest has cut again.
    std::function<void(const Expected<Position>&)> on_retention;
  };
  static Expected<std::unique_ptr<ResultsPlace>> open(Parts parts, Settings settings);
  ~ResultsPlace();

  // --- log and outcomes come in ---
  // Outcomes come from these replicas of infer; with a newer table those not taken yet are asked
  // for again. Before the first one none are taken.
  void come_from(const ShardTable& table);
  // The first position of the block, and of a replica's run, that is wanted next; kNoPosition: no
  // more for now.
  Position next_block() const;
  Position next_outcome(ReplicaId replica) const;
  // Called when one of them is not just behind what was taken last: after a gap, and when there is
  // room again.
  void when_wanting(std::function<void()> callback);
  // What was taken before is passed over; `conflict` for what does not follow, `exhausted` if there
  // is no room: both are asked for again.
  Expected<void> take(event::BlockBytes block);
  // Of the replica's outcomes in a block, made under the table of that epoch.
  Expected<void> take(ReplicaId replica, std::uint64_t table, stage::OutcomeBytes run);

  // --- what it gives ---
  Position durable() const;  // L
  Position first() const;    // that is kept: greater than 1 once ingest has cut its log (S10)
  void when_durable(std::function<void(Position first, Position last)> callback);

  std::shared_ptr<const app::Spec> spec() const;  // in force at L; null before any is
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const;
  Expected<std::string> result(Position position);
  Expected<std::string> reply(Position position);  // of Answers
  Expected<Answers::Page> results(const Answers::Query& query);
  // May have to ask for keys; waits until the labels of all that is durable now are known.
  void result_with_labels(Position position, std::function<void(Expected<std::string>)> done);
  // `unavailable` with id views_folding like view().
  void results_with_labels(const Answers::Query& query, Micros at,
                           std::function<void(Expected<Answers::Page>)> done);
  // `unavailable` with id views_folding while it is folded, at a start and after an erase; at other
  // times it may lag a little behind L (ViewPage::position), where keys are not there yet.
  Expected<stage::ViewPage> view(std::size_t view, const stage::ViewQuery& query);
  bool views_ready() const;  // they were folded since the start
  stage::Views::Size view_size(std::size_t view) const;
  // As Place::RetainAsk has them. While views are not ready there are none.
  std::vector<std::pair<std::string, Micros>> view_edges() const;

  void snapshot(Committer::Done done);
  struct Figures {
    Position durable = 0, folded = 0, snapshot = 0;  // folded: views and labels
    Position blocks_to = 0, outcomes_to = 0;         // that came
    Committer::Figures commits;
  };
  Figures figures() const;

 private:
  struct State;
  explicit ResultsPlace(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
