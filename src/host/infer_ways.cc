#include "host/infer_ways.h"

#include <algorithm>

#include "host/remote_sources.h"
#include "host/wire_exchange.h"

namespace quintet::host {

Expected<std::unique_ptr<InferWays>> InferWays::open(Parts parts) {
  std::unique_ptr<InferWays> made(new InferWays(parts));
  TRY_DO(made->hold({replica_name(1)}));
  made->ask();
  return made;
}

Expected<void> InferWays::hold(std::vector<std::string> names) {
  for (const std::string& name : names) {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
    TRY(link::Channel* const channel, parts_.process.peer(name));
    parts_.health.watch(name, *channel);
  }
  for (const std::string& name : names_) {
    if (std::find(names.begin(), names.end(), name) == names.end()) parts_.health.forget(name);
  }
  names_ = std::move(names);
  return {};
}

void InferWays::ask() {
  link::Call call{"/quintet.v1.Results/Shards", wire::write_nothing(),
                  parts_.process.clock.steady() + kSourcePatience};
  call.idempotent = true;
  parts_.results.call(std::move(call), [this](const Expected<std::string>& bytes) {
    again_ = parts_.process.loop.after(kAskReplicas, [this] { ask(); });
    if (!bytes) return;  // what was true last must do
    if (const auto table = wire::read_in_force(*bytes); table && table->epoch > 0) take(*table);
  });
}

void InferWays::take(const ShardTable& table) {
  std::vector<std::string> names;
  for (const auto& [id, address] : table.addresses) {
    names.push_back(replica_name(id));
    parts_.process.know(names.back(), address);
  }
  if (names == names_) return;
  if (const auto held = hold(std::move(names)); !held) {
    parts_.process.log.error("a replica cannot be reached", {{"reason", held.error().message()}});
  }
}

bool InferWays::any_away() const {
  return std::any_of(names_.begin(), names_.end(),
                     [this](const std::string& name) { return parts_.health.away(name); });
}

const std::string& InferWays::one() const {
  const auto found = std::find_if(names_.begin(), names_.end(), [this](const std::string& name) {
    return !parts_.health.away(name);
  });
  return found == names_.end() ? names_.front() : *found;
}

}  // namespace quintet::host
