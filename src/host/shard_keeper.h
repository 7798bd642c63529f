// Who is to hold the shards, and how they come there: the keeper's side of the exchange (decision
// 25). It knows the members, which of them answer, and the table in force. Where a member comes or
// goes it has the holders store their snapshots, has those that will hold other shards fetch them,
// and then puts the next table in force. Nothing depends on that preparation but the time that
// follows: what could not be fetched is folded from the log.
//
// A member that does not answer for so long is lost: others get its shards, until it answers again.
//
// Lives on one Scheduler, as all that it is given.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/expected.h"
#include "base/scheduler.h"
#include "host/shard_table.h"

namespace quintet::host {

// ShardMembers are told L at least once in a period; one that has not answered in so many is lost.
inline constexpr Micros kMemberPeriod = kSecond;
inline constexpr int kLostAfterPeriods = 15;

class ShardKeeper {
 public:
  using Done = std::function<void(Expected<void>)>;

  // What it has done by others. Each `done` is called once, not inside the call.
  class Moves {
   public:
    virtual ~Moves() = default;
    virtual void take_snapshot(ReplicaId of, Done done) = 0;
    virtual void fetch_shards(ReplicaId of, const ShardTable& from, const ShardTable& to,
                              Done done) = 0;
    // From now on it is the table, durably so when it returns.
    virtual Expected<void> put_in_force(const ShardTable& table) = 0;
  };

  // `table` is in force, of those members.
  ShardKeeper(Scheduler& loop, Moves& moves, ShardTable table);

  const ShardTable& table() const { return table_; }
  const ShardMembers& members() const { return members_; }
  bool is_lost(ReplicaId member) const;

  // These are to share the shards. `done` comes once those of them do that answer; an error names
  // those that do not, or says that a later call took its place.
  void want(ShardMembers members, Done done);
  // A member has answered just now.
  void heard(ReplicaId member);

 private:
  void look();
  // Begins what is to be done now, if it is not being done already.
  void go_on();
  void take_snapshots();
  void fetch();
  void switch_over();
  void end_wish(Expected<void> result);
  bool matters(ReplicaId replica) const;  // a member, or one that holds shards
  ShardMembers present() const;           // the members that are not lost; all of them, if all are
  // `of_all` calls of one step, then `then`; nothing if another move took its place.
  std::function<void()> after_all(std::size_t of_all, void (ShardKeeper::*then)());

  Scheduler& loop_;
  Moves& moves_;
  ShardTable table_;
  ShardMembers members_;
  std::map<ReplicaId, int> missed_;  // periods without an answer
  Done wish_;                        // of want()
  ShardTable next_;                  // being prepared; epoch 0: none is
  std::uint64_t move_ = 0;           // counts them: what an earlier one asked for is passed over
  std::unique_ptr<Timer> look_, again_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
