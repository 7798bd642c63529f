// The inside of an InferPlace, shared by its source files alone.
#pragma once

#include <deque>
#include <map>

#include "host/fetched_base.h"
#include "host/follower.h"
#include "host/infer_place.h"
#include "host/part_exchange.h"
#include "host/stored_parts.h"
#include "stage/control.h"
#include "stage/infer.h"
#include "stage/low_time.h"

namespace quintet::host {

struct InferPlace::State final : SnapshotTaker::Subject {
  State(Parts p, Settings s)
      : parts(p),
        settings(std::move(s)),
        follower(p.keys, p.loop),
        taker({p.loop, p.clock, settings.snapshot_every}, *this),
        exchange(settings.replica) {}

  Parts parts;
  Settings settings;
  Follower follower;
  std::unique_ptr<Committer> committer;
  SnapshotTaker taker;
  std::optional<Error> failed;

  // What was folded, and under what.
  std::unique_ptr<stage::Infer> infer;  // null before the first record
  AppVersion version = 0;
  Position activated = kNoPosition;  // of the activation that `version` came with
  Position erased = kNoPosition;     // of the last erase that the state knows
  Position folded = kNoPosition;
  Position core = kNoPosition;  // low_time is that of this position
  bool from_snapshot = false;   // nobody knows any more what keys it was read with
  stage::LowTime low_time;
  // Control records of promotions, by model: the newest one of each, and whether score has it.
  struct Promoted {
    event::Record record;
    bool applied = false;
  };
  std::map<std::string, Promoted> promoted;
  std::map<std::pair<std::string, std::uint32_t>, stage::ModelVersion> models;  // that came

  // Outcomes and parts: up to exchange.made() they were made, now or before L.
  PartExchange exchange;
  bool begun = false;  // L and the table are known
  Position low = kNoPosition;
  Position told_ready = kNoPosition;
  std::function<void(Position)> when_ready, when_wanting;
  std::function<void()> when_parts;

  // The log.
  bool restoring = false;
  std::optional<OfferedBase> offered;  // of the log, if its beginning is gone
  std::uint64_t comings_back = 0;      // counts them: what an earlier one asked for is passed over
  std::unique_ptr<Timer> come_again;
  std::deque<event::BlockBytes> blocks;  // not folded yet
  Position next = kNoPosition;           // behind them
  event::DecodedBlock block;             // the first of them
  std::size_t at = 0;                    // the record of it that is next
  bool decoded = false, keys_known = false;
  bool full = false;  // something was refused for want of room
  bool turn_posted = false;
  std::string asked_model;
  std::unique_ptr<Timer> again;
  std::uint64_t count_scored = 0, begun_anew = 0;
  std::vector<InferFigures::Model> predicted;
  StateSize size;

  // Peeks: those that wait for their turn, and parts asked for as of one position.
  struct Peek {
    event::Event event;
    std::function<void(Expected<std::string>)> done;
    int tries = 0;
    // Of this try; it has the event.
    std::optional<stage::Admitted> asked;
    std::set<ReplicaId> missing;
    std::vector<feature::PartialRow> cells;
    Position position = kNoPosition;
    bool passed = false;  // somebody was past it already
    std::unique_ptr<Timer> again;
  };
  std::vector<std::shared_ptr<Peek>> peeks;
  Position peek_from = kNoPosition;  // some replica is that far
  struct PartWanted {
    PeekAsk ask;
    std::function<void(Expected<PeekPart>)> done;
  };
  std::vector<PartWanted> parts_wanted;

  // Of fetch_shards().
  struct Fetch {
    std::deque<std::pair<ReplicaId, std::string>> wanted;
    std::vector<stage::Snapshot> came;
    FetchedShards so_far;
    std::function<void(Expected<FetchedShards>)> done;
  };
  std::shared_ptr<Fetch> fetch;

  stage::Admitted admitted;
  stage::Part part;
  stage::Outcome outcome;
  const std::shared_ptr<int> alive = std::make_shared<int>(0);

  template <class F>
  auto guarded(F function) {
    return [function = std::move(function), here = std::weak_ptr<int>(alive)](auto&&... values) {
      if (!here.expired()) function(std::forward<decltype(values)>(values)...);
    };
  }
  const app::Spec& spec() const { return infer->spec(); }
  void fail(const Error& why);

  // infer_place.cc
  void go_on();
  void turn();
  bool begin_block();
  void end_block();
  Expected<bool> step(event::Record& record);
  Expected<void> apply(event::Record&& read);
  Expected<bool> score_rows(Micros until);
  Expected<void> score(const stage::Admitted& row,
                       std::span<const feature::PartialRow* const> parts);
  void flush(Position position);
  Expected<void> follow(const event::Record& record);
  Expected<bool> settle_promotions();
  bool ask_model(const std::string& name, std::uint32_t version);
  void begin_anew();
  void want(Position position);
  bool has_room() const;
  void measure_turn();

  // infer_peek.cc
  void answer_peeks();
  void begin_peek(const std::shared_ptr<Peek>& peek);
  void join_peek(const std::shared_ptr<Peek>& peek, ReplicaId from, Expected<PeekPart> part);
  void end_try(const std::shared_ptr<Peek>& peek);
  Expected<stage::Admitted> peeked_record(event::Event&& event, Micros admitted_at);
  std::string row_json(const stage::Admitted& asked, const std::vector<feature::PartialRow>& cells);
  void give_parts();
  Expected<std::string> part_of_peek(const PeekAsk& ask);
  void drop_peeks(const Error& why);

  // infer_handover.cc
  void fetch_next();
  void fetched(ReplicaId from, Expected<stage::Snapshot> part);
  void put_fetched();
  void end_fetch(Expected<FetchedShards> result);

  // infer_restore.cc
  void put_in_force(AppVersion wanted);
  void restore();
  void come_back(bool anew);
  void come_back_soon(bool anew);
  Expected<void> take_offer(std::optional<OfferedBase> found);
  void ask_snapshot_keys();
  void restore_parts();
  Expected<std::vector<ShardId>> read_parts(const StoredParts& stored);
  Expected<void> read_core(const StoredPart& part);
  void forget_state();
  void fetch_base(bool anew, std::vector<ShardId> shards);
  Expected<void> take_base(FetchedBase& fetched, bool anew, const std::vector<ShardId>& shards);
  Expected<void> begin_with(const Base& base, const Base::From& from, bool anew);
  void go_on_from(Position position);

  // SnapshotTaker::Subject, in infer_restore.cc
  SnapshotHead snapshot_head() override;
  Expected<std::string> snapshot_key() override;
  void begin_snapshot() override;
  bool add_next_part() override;
  Position durable_for_snapshot() const override { return std::min(low, folded); }
  bool holds_snapshots() const override;
  void give_again() override {}
  void snapshot_ended(const SnapshotFigures& figures, const Expected<void>& result) override;
  void snapshots_at_rest() override {}
  void take_due_snapshot();
  void add_core();
  std::vector<ShardId> snapshot_shards;  // not written yet
  bool core_written = false;
};

}  // namespace quintet::host
