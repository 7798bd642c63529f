// The inside of a Place, shared by its source files alone.
#pragma once

#include <array>
#include <map>
#include <set>

#include "host/control_chain.h"
#include "host/cut.h"
#include "host/log_reading.h"
#include "host/loop.h"
#include "host/place.h"
#include "host/vault_sealer.h"

namespace quintet::host {

struct Place::State final : SnapshotTaker::Subject {
  Parts parts;
  Settings settings;
  VaultSealer sealer;
  std::string pseudonym_key;
  Epoch epoch = 0;
  AppVersion version = 0;  // in force
  Versions versions;
  std::unique_ptr<stage::Ingest> ingest;
  std::unique_ptr<stage::Infer> infer;
  Answers answers;  // folded to `durable`
  std::unique_ptr<Committer> committer;

  // What waits for one commit: it becomes durable as a whole or not at all.
  struct Waiting {
    Reply reply;
    stage::Admission::What what;
    Position position;
    std::optional<Error> error;
    std::string json;
    bool read_json = false;  // a repeat: read the stored result once it is durable
  };
  struct Group {
    stage::Commit commit;
    std::vector<Waiting> waiting;
    std::vector<std::pair<Done, Position>> controls;
    stage::ViewRows view_rows;                       // folded once it is durable
    std::vector<stage::LabelIndex::Report> reports;  // the same
    std::vector<std::uint64_t> replayed;             // dead letters that are held until then
    Position last = kNoPosition;
    bool empty() const {
      return commit.blocks.empty() && commit.outcomes.empty() && commit.changes.empty() &&
             commit.dead_letters.empty() && commit.replayed.empty() && waiting.empty() &&
             controls.empty();
    }
  };
  Group open;
  stage::OutcomeRunWriter run;  // outcomes of ingest's open block
  std::size_t groups_under_way = 0;
  std::size_t pending = 0;  // replies that wait
  Position durable = kNoPosition;
  std::optional<Error> failed;
  std::set<std::uint64_t> held_letters;  // being replayed or discarded
  std::string letter_key;                // seals their originals; made at first use
  std::function<void(Position, Position)> when_durable;
  Figures counts;
  StateSize size;
  bool refolding = false;      // an erase is under way: no new events
  Position low = kNoPosition;  // apart: results_durable()
  struct Erasing {             // apart: until results are durable up to the record
    std::vector<std::string> subjects;
    Position position = kNoPosition;
    Done done;  // none: begun before this object's time
  };
  std::optional<Erasing> erasing;

  // Reused for every event.
  stage::Admitted admitted;
  stage::Outcome outcome;

  State(Parts p, Settings s)
      : parts(p),
        settings(std::move(s)),
        sealer(p.vault),
        answers({p.store, sealer, versions, p.clock}),
        taker({p.loop, p.clock, settings.snapshot_every}, *this) {}
  const app::Spec& spec() const { return *versions[version - 1]; }

  SnapshotTaker taker;
  struct Taking {       // what is next of the snapshot that is being taken
    bool core = false;  // is made
    ShardId shard = 0;
  } taking;

  // The beginning of the log (S10).
  std::shared_ptr<const Base> base;  // in force; null: the log is whole
  struct Cutting {
    bool running = false;
    bool looks = false;  // no more than that
    bool called_off = false;
    bool waits = false;  // for its snapshot
    std::uint64_t number = 0;
    std::function<void()> then;  // when it has ended
    std::shared_ptr<Cut> work;
    std::size_t next = 0;  // of its parts, to be stored
    Micros begin = 0;
    Retention figures;
    Retained done;
  } cutting;
  std::uint64_t next_base = 1, cuts = 0;
  const std::shared_ptr<int> held = std::make_shared<int>(0);  // hold_log()
  bool cleaning = false;
  std::vector<std::string> stale;  // snapshots of what was removed

  Position erased = kNoPosition;  // of the last erase record: which key seals snapshots
  Started started;
  std::optional<SnapshotHead> usable;  // at the start: of the snapshot's core
  std::unique_ptr<Loop> aside_thread;
  const std::shared_ptr<int> alive = std::make_shared<int>(0);

  // For what may run after this object has gone.
  template <class F>
  auto guarded(F function) {
    return [function = std::move(function), here = std::weak_ptr<int>(alive)](auto&&... values) {
      if (!here.expired()) function(values...);
    };
  }
  template <class F>
  void post(F function) {
    parts.loop.post(guarded(std::move(function)));
  }

  // place_open.cc
  Expected<void> start();
  Expected<void> take_pseudonym_key(Position last);
  Expected<void> fold_log(Position after);
  Expected<void> fold_whole_log();
  Expected<void> take(event::Record&& record, Epoch block_epoch);
  Expected<void> put_in_force(AppVersion wanted_version);
  Expected<void> activate_new();
  Expected<void> bring_models();
  Expected<void> commit_now();
  Expected<Position> durable_now();

  // place_restore.cc
  void ignore(const std::string& what, const std::string& why);
  Expected<void> read_versions(const StoredParts& opened);
  Expected<void> read_core_versions(std::string_view body);
  Expected<Position> read_core(std::string_view body, const StoredParts& opened);
  Answers::From answers_from(const StoredParts* stored, const Base::From* base_from);
  Expected<void> read_base();
  Expected<void> restore_views(const StoredParts* stored);
  Expected<void> fold_views();
  Expected<Position> restore(const StoredParts& opened);

  // place_snapshot.cc
  SnapshotHead snapshot_head() override;
  Expected<std::string> snapshot_key() override;
  void begin_snapshot() override;
  bool add_next_part() override;
  Position durable_for_snapshot() const override { return durable; }
  bool holds_snapshots() const override { return refolding || failed.has_value(); }
  void give_again() override;
  void snapshot_ended(const SnapshotFigures& figures, const Expected<void>& result) override;
  void snapshots_at_rest() override { go_on_when_quiet(); }
  void add_core();

  // place_retain.cc
  Position first_kept() const { return base == nullptr ? 1 : base->cut() + 1; }
  Base::From from_base() { return {parts.store, parts.vault, versions}; }
  Scheduler& aside();
  std::optional<CutEdges> edges(const RetainAsk* ask);
  void begin_cut(const RetainAsk* ask, Retained done);
  Micros least_span() const;
  void looked(const Expected<Cut::Found>& found);
  void step_cut();
  void stepped(const Expected<bool>& more);
  void put_base();
  void seal_log();
  void sealed_log(const Expected<Position>& position);
  void end_cut(const Expected<void>& result);
  void drop_cut(std::function<void()> then);
  void clean_up();

  // place_base.cc
  Expected<void> find_base();
  Expected<void> destroy_old_keys();
  Expected<void> name_cold();
  using Rewritten = std::function<void(const Expected<stage::SealBody>&)>;
  void rewrite_base(const std::string& subject, Rewritten done);
  Expected<stage::SealBody> base_without(const std::string& subject,
                                         std::vector<stage::Snapshot>& parts_out);
  void put_parts_of_base(std::shared_ptr<std::vector<stage::Snapshot>> all, std::uint64_t number,
                         std::size_t next, std::function<void(const Expected<void>&)> done);

  // place.cc
  void answer(Show show, std::string& json);
  void admit_outcome();
  void close_block();
  void submit();
  void on_committed(Group&& group, const Expected<void>& result);
  Position append_control(event::RecordKind kind, std::string body);
  void fail(const Error& why);  // from here on nothing is taken; the owner opens the place anew
  void fail_open();
  // Once nothing is open or under way; or with why that will never be.
  std::function<void(const Expected<void>&)> when_quiet;
  bool quiet() const {
    return groups_under_way == 0 && open.empty() && ingest->block_empty() && taker.at_rest();
  }
  void go_on_when_quiet();

  // place_erase.cc
  Expected<Position> erased_before(const std::string& subject);
  void erase_quiet(const std::string& subject, std::optional<stage::SealBody> seal, Done done);
  Expected<void> finish_erase(const std::vector<std::string>& subjects, Position position);
  void end_erase(const Erasing& erased, const Expected<void>& is_durable);
  void end_erase_apart();
  Expected<void> find_unfinished_erase(const Controls& controls);

  // place_figures.cc
  void measure_turn();

  // place_letters.cc
  std::string sealed_letter(std::string_view plain);
  Expected<void> hold_letter(std::uint64_t number);
};

}  // namespace quintet::host
