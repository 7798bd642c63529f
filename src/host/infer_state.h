// The inside of an InferPlace, shared by its source files alone.
#pragma once

#include <deque>
#include <map>

#include "host/follower.h"
#include "host/infer_place.h"
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
        taker({p.loop, p.clock, settings.snapshot_every}, *this) {}

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

  // Outcomes.
  Position scored = kNoPosition;  // up to here they were made, now or before L
  stage::OutcomeRunWriter run;    // of the block under way
  std::deque<stage::OutcomeBytes> kept;
  bool begun = false;  // L is known
  Position low = kNoPosition;
  std::function<void(Position)> when_ready, when_wanting;

  // The log.
  bool restoring = false;
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
  std::vector<std::pair<event::Event, std::function<void(Expected<std::string>)>>> peeks;

  stage::Admitted admitted;
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
  Expected<void> follow(const event::Record& record);
  Expected<bool> settle_promotions();
  bool ask_model(const std::string& name, std::uint32_t version);
  void begin_anew();
  void want(Position position);
  bool has_room() const;
  void answer_peeks();
  void measure_turn();
  Expected<std::string> peek(event::Event&& event);

  // infer_restore.cc
  void put_in_force(AppVersion wanted);
  void restore();
  void restore_parts();
  Expected<Position> read_parts(const StoredParts& stored);
  Expected<void> read_core(const StoredPart& part);

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
  ShardId next_shard = 0;
  bool core_written = false;
};

}  // namespace quintet::host
