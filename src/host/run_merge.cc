#include "host/run_merge.h"

#include <algorithm>

namespace quintet::host {

void RunMerge::begin(const ShardTable& table, Position from) {
  epoch_ = table.epoch;
  senders_.clear();
  for (const auto& [id, address] : table.addresses) senders_[id].next = from;
}

Position RunMerge::next(ReplicaId replica) const {
  const auto found = senders_.find(replica);
  if (found == senders_.end() || found->second.runs.size() >= kWaitingRuns) return kNoPosition;
  return found->second.next;
}

Expected<void> RunMerge::take(ReplicaId replica, std::uint64_t table, stage::OutcomeBytes run) {
  const auto found = senders_.find(replica);
  if (found == senders_.end() || table != epoch_) {
    return conflict("outcomes of replica " + std::to_string(replica) + " are of another table");
  }
  Sender& sender = found->second;
  if (run.last < sender.next) return {};
  if (run.first != sender.next) {
    return conflict("position " + std::to_string(sender.next) + " is next, not " +
                    std::to_string(run.first));
  }
  if (sender.runs.size() >= kWaitingRuns) {
    return exhausted("as many outcomes wait for those of other replicas as may");
  }
  sender.next = run.last + 1;
  sender.runs.push_back(std::move(run));
  return {};
}

Expected<std::optional<stage::OutcomeBytes>> RunMerge::whole() {
  const auto lacks = [](const auto& sender) { return sender.second.runs.empty(); };
  if (senders_.empty() || std::any_of(senders_.begin(), senders_.end(), lacks)) {
    return std::optional<stage::OutcomeBytes>();
  }
  std::vector<stage::OutcomeBytes> runs;
  for (auto& [id, sender] : senders_) {
    runs.push_back(std::move(sender.runs.front()));
    sender.runs.pop_front();
  }
  if (runs.size() == 1) return std::optional(std::move(runs.front()));
  TRY(auto merged, stage::merge_runs(runs));
  return std::optional(std::move(merged));
}

}  // namespace quintet::host
