// The inside of a ResultsPlace, shared by its source files alone.
#pragma once

#include <deque>

#include "host/control_chain.h"
#include "host/follower.h"
#include "host/loop.h"
#include "host/results_place.h"
#include "host/run_merge.h"
#include "host/views_cut.h"
#include "stage/control.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

struct ResultsPlace::State final : SnapshotTaker::Subject {
  State(Parts p, Settings s)
      : parts(p),
        settings(std::move(s)),
        follower(p.keys, p.loop),
        answers({p.store, follower.sealer(), follower.versions(), p.clock}),
        taker({p.loop, p.clock, settings.snapshot_every}, *this) {}

  Parts parts;
  Settings settings;
  Follower follower;
  Answers answers;
  std::unique_ptr<Committer> committer;
  SnapshotTaker taker;
  std::optional<Error> failed;
  Epoch epoch = 0;
  AppVersion version = 0;         // in force at L
  Position erased = kNoPosition;  // the last erase up to L

  // What came and is not committed.
  std::deque<event::BlockBytes> blocks;
  RunMerge merge;
  std::deque<stage::OutcomeBytes> runs;  // whole
  Position next_block = 1, next_outcome = 1;
  bool full = false;
  std::function<void()> when_wanting;

  // What is being committed.
  struct Group {
    Position last = kNoPosition;
    std::optional<AppVersion> activated;
    Position erased_at = kNoPosition;
    std::vector<std::string> erased;  // subjects
    std::optional<stage::SealBody> seal;
  };
  bool committing = false;
  Hash128 hash;  // of the newest block, committed or about to be
  Position durable = kNoPosition;
  std::function<void(Position, Position)> when_durable;

  // Views and labels, which follow what is durable.
  bool restoring = true;
  bool folding = false;  // from further back: views must not be read
  Position folded = kNoPosition;
  std::vector<event::BlockBytes> to_fold;  // read ahead, from folded + 1
  std::size_t next_to_fold = 0;
  std::optional<stage::OutcomeReader> outcomes;  // of to_fold
  bool keys_known = false;
  event::DecodedBlock block;  // the one whose keys are known or asked for
  bool turn_posted = false;

  // The beginning of the log (S10), results_retain.cc.
  std::shared_ptr<const Base> base;       // of its own; null: all results are there
  std::optional<stage::SealBody> sealed;  // the log's newest seal record
  struct Cutting {
    bool running = false;
    std::uint64_t number = 0;  // counts them: what an earlier one asked for is passed over
    std::uint64_t base = 0;    // its number
    ViewsCut::Order order;     // until all that is wanted is there
    std::size_t view = 0;
    stage::ViewPiece piece;
    std::shared_ptr<ViewsCut> work;
    std::size_t next = 0;  // of its parts, to be stored
  } cutting;
  std::uint64_t given_up = 0;  // of this base nothing will come
  bool cleaning = false;
  std::vector<std::string> stale;  // snapshots of what was removed
  std::unique_ptr<Loop> aside_thread;

  // Reads that need keys and labels.
  struct Asked {
    Position known = kNoPosition;  // all reports up to here are to be seen
    std::vector<Position> positions;
    std::function<void(const Expected<void>& ready)> answer;
  };
  std::deque<Asked> asked;

  const std::shared_ptr<int> alive = std::make_shared<int>(0);
  template <class F>
  auto guarded(F function) {
    return [function = std::move(function), here = std::weak_ptr<int>(alive)](auto&&... values) {
      if (!here.expired()) function(std::forward<decltype(values)>(values)...);
    };
  }
  const app::Spec& spec() const { return *follower.versions()[version - 1]; }
  void fail(const Error& why);

  // results_place.cc
  Expected<void> start();
  void want_again();
  Expected<void> take_whole();
  void commit_next();
  Expected<Group> add_block(const event::DecodedBlock& decoded, stage::Commit& commit);
  void on_committed(const Group& group, const Expected<void>& result);
  Expected<void> follow(const Group& group);

  // results_views.cc
  void restore();
  void restore_parts();
  void fold_anew();
  void begin_with_base();
  void go_on();
  void turn();
  void catch_up();
  bool begin_block();
  Expected<void> fold_block();
  std::vector<std::string> keys_of(const Asked& one);
  bool answer_asked();

  // results_retain.cc
  Position first_kept() const { return base == nullptr ? 1 : base->cut() + 1; }
  Base::From from_base() { return {parts.store, follower.vault(), follower.versions()}; }
  Scheduler& aside();
  void cut_if_due();
  void want_next_piece();
  void step_cut();
  void stepped(const Expected<bool>& more);
  void put_parts();
  void end_cut(const Expected<void>& result);
  void clean_up();

  SnapshotHead snapshot_head() override { return {version, spec().digest, erased}; }
  Expected<std::string> snapshot_key() override;
  void begin_snapshot() override;
  bool add_next_part() override;
  Position durable_for_snapshot() const override { return std::min(durable, folded); }
  bool holds_snapshots() const override;
  void give_again() override { answers.labels().write_again(); }
  void snapshot_ended(const SnapshotFigures& figures, const Expected<void>& result) override;
  void snapshots_at_rest() override {}
  void take_due_snapshot();
  bool core_written = false;
};

}  // namespace quintet::host
