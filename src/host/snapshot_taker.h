// Takes snapshots (DESIGN 3): part after part, each with its own position, about a millisecond of
// work between two turns of the loop. A part waits until all up to its position is durable: what
// was lost with a failed commit must never come back from a snapshot.
//
// Lives on its owner's Scheduler. What it is made of outlives it.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/committer.h"
#include "host/snapshot_seal.h"

namespace quintet::host {

struct SnapshotFigures {
  Position position = kNoPosition;  // a start from it folds what is later
  std::size_t parts = 0, bytes = 0;
  Micros took = 0;
};

class SnapshotTaker {
 public:
  using Done = Committer::Done;

  // Whose state it takes. Called in jobs of the owner.
  class Subject {
   public:
    virtual ~Subject() = default;
    // What parts are sealed under: asked for once a snapshot. An error ends it.
    virtual SnapshotHead snapshot_head() = 0;
    virtual Expected<std::string> snapshot_key() = 0;
    // From the first part on again.
    virtual void begin_snapshot() = 0;
    // Gives the next part to add(); false after the last one.
    virtual bool add_next_part() = 0;
    // All up to here is durable.
    virtual Position durable_for_snapshot() const = 0;
    // Not now: the owner calls take_due() when it may go on.
    virtual bool holds_snapshots() const = 0;
    // What was added is lost: what it said it gives once must be given again.
    virtual void give_again() = 0;
    virtual void snapshot_ended(const SnapshotFigures& figures, const Expected<void>& result) = 0;
    // None of its jobs is at the writer any more.
    virtual void snapshots_at_rest() = 0;
  };
  struct Parts {
    Scheduler& loop;
    Clock& clock;
    Position every = 0;  // positions; 0: only when asked
  };
  SnapshotTaker(const Parts& parts, Subject& subject) : parts_(parts), subject_(subject) {}

  // From here on it may write. Before, none is taken.
  void write_with(Committer& committer) { committer_ = &committer; }

  // A snapshot of all up to now at the least; `done` comes when it is stored.
  void ask(Done done);
  // Takes one if one was asked for or is due.
  void take_due();
  // More is durable.
  void put();
  // What is being taken is of no use and is not stored.
  void drop(const Error& why);
  // Nothing is taken any more.
  void fail(const Error& why);
  bool at_rest() const { return puts_ == 0; }

  // Of add_next_part().
  void add(std::string name, Position position, std::string_view body);
  // The part that says what `position` a start from this snapshot has.
  void add_core(std::string name, Position position, std::string_view body);

  Position newest() const { return newest_; }  // of the newest whole one
  // There is one of this position, the next is due from there; kNoPosition: there is none.
  void begin_after(Position position) { last_ = newest_ = position; }

 private:
  void start();
  void turn();
  void end();

  const Parts parts_;
  Subject& subject_;
  Committer* committer_ = nullptr;
  bool running_ = false;
  bool written_ = false;  // all parts are made
  bool dropping_ = false;
  SnapshotHead head_;
  std::string key_;                     // that seals it
  std::deque<stage::Snapshot> sealed_;  // not yet durable positions, rising
  std::size_t puts_ = 0;                // under way at the committer
  std::vector<Done> asked_, waiting_;
  std::optional<Error> error_;
  Position last_ = kNoPosition;  // the next one is due from here
  Position newest_ = kNoPosition;
  Micros begin_ = 0;
  SnapshotFigures figures_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
