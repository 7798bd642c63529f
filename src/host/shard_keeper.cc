#include "host/shard_keeper.h"

#include <algorithm>

namespace quintet::host {

namespace {

bool same_ids(const ShardMembers& a, const ShardMembers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& one, const auto& other) { return one.first == other.first; });
}

}  // namespace

ShardKeeper::ShardKeeper(Scheduler& loop, Moves& moves, ShardTable table)
    : loop_(loop), moves_(moves), table_(std::move(table)), members_(table_.addresses) {
  look_ = loop_.every(kMemberPeriod, [this] { look(); });
}

bool ShardKeeper::is_lost(ReplicaId member) const {
  const auto found = missed_.find(member);
  return found != missed_.end() && found->second >= kLostAfterPeriods;
}

bool ShardKeeper::matters(ReplicaId replica) const {
  return members_.contains(replica) || table_.addresses.contains(replica);
}

ShardMembers ShardKeeper::present() const {
  ShardMembers found;
  for (const auto& [id, address] : members_) {
    if (!is_lost(id)) found[id] = address;
  }
  return found.empty() ? members_ : found;
}

void ShardKeeper::want(ShardMembers members, Done done) {
  end_wish(conflict("another change of the replicas began"));
  members_ = std::move(members);
  std::erase_if(missed_, [this](const auto& one) { return !matters(one.first); });
  wish_ = std::move(done);
  go_on();
}

void ShardKeeper::heard(ReplicaId member) {
  if (!matters(member)) return;
  const bool was_lost = is_lost(member);
  missed_[member] = 0;
  if (was_lost) go_on();
}

// Counted in periods of this process: one that stood still itself does not find others lost.
void ShardKeeper::look() {
  bool lost = false;
  for (ReplicaId id = 1; id <= kMostReplicas; ++id) {
    lost = (matters(id) && ++missed_[id] == kLostAfterPeriods) || lost;
  }
  if (!lost) return;
  next_ = {};  // what is being prepared may wait for it
  go_on();
}

void ShardKeeper::go_on() {
  const ShardMembers wanted = present();
  if (same_ids(wanted, table_.addresses)) {
    next_ = {};
    std::string away;
    for (const auto& [id, address] : members_) {
      if (!wanted.contains(id)) away += (away.empty() ? "" : ", ") + replica_name(id);
    }
    if (away.empty()) return end_wish({});
    return end_wish(
        unavailable("without " + away + ", which does not answer").with_id(kReplicaAway));
  }
  if (next_.epoch > 0 && same_ids(wanted, next_.addresses)) return;
  next_ = next_table(table_, wanted);
  ++move_;
  take_snapshots();
}

std::function<void()> ShardKeeper::after_all(std::size_t of_all, void (ShardKeeper::*then)()) {
  const auto left = std::make_shared<std::size_t>(of_all);
  return [this, left, then, move = move_, here = std::weak_ptr<int>(alive_)] {
    if (here.expired() || move != move_ || next_.epoch == 0) return;
    if (--*left == 0) (this->*then)();
  };
}

// Where a holder is lost L stands still, and so would new snapshots: those that there are must do.
void ShardKeeper::take_snapshots() {
  const ShardMembers holders = table_.addresses;
  const auto lost = [this](const auto& one) { return is_lost(one.first); };
  if (std::any_of(holders.begin(), holders.end(), lost)) return fetch();
  const auto one = after_all(holders.size(), &ShardKeeper::fetch);
  for (const auto& [id, address] : holders) {
    moves_.take_snapshot(id, [one](const Expected<void>&) { one(); });
  }
}

// One that is new and does not answer is not waited for any longer: without it, then.
void ShardKeeper::fetch() {
  const auto one = after_all(next_.addresses.size(), &ShardKeeper::switch_over);
  for (const auto& [id, address] : ShardTable(next_).addresses) {
    moves_.fetch_shards(id, table_, next_,
                        [this, one, id = id, move = move_,
                         here = std::weak_ptr<int>(alive_)](const Expected<void>& fetched) {
                          if (here.expired() || move != move_ || next_.epoch == 0) return;
                          if (!fetched && !table_.addresses.contains(id)) {
                            missed_[id] = kLostAfterPeriods;
                            return go_on();
                          }
                          one();
                        });
  }
}

void ShardKeeper::switch_over() {
  const auto put = moves_.put_in_force(next_);
  if (!put) {
    next_ = {};
    end_wish(put.error());
    // The members stay wanted; it is tried again a little later.
    again_ = loop_.after(kMemberPeriod, [this] { go_on(); });
    return;
  }
  table_ = std::exchange(next_, {});
  go_on();
}

void ShardKeeper::end_wish(Expected<void> result) {
  if (const auto done = std::exchange(wish_, nullptr)) done(std::move(result));
}

}  // namespace quintet::host
