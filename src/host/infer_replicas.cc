#include "host/infer_replicas.h"

#include "host/wire_base.h"
#include "host/wire_exchange.h"
#include "store/lock.h"

namespace quintet::host {

namespace {

constexpr Micros kReachPatience = 10 * kSecond;
constexpr Micros kCallAgain = kSecond / 10;

}  // namespace

Expected<std::unique_ptr<InferReplicas>> InferReplicas::open(Owner owner) {
  const ServiceSettings& settings = owner.process.settings();
  const auto addresses = replicas_among(settings.peers);
  if (addresses.empty()) return invalid("results needs a replica of infer");
  TRY_DO(store::make_directory(settings.data_directory, 0700));
  std::unique_ptr<InferReplicas> made(new InferReplicas(std::move(owner)));
  made->file_ = settings.data_directory + "/shards";
  TRY(made->table_, wire::kept_table(made->file_, addresses));
  for (const auto& [id, address] : addresses) TRY_DO(made->add(id, address));
  made->keeper_.reset(new ShardKeeper(made->owner_.process.loop, *made, made->table_));
  return made;
}

Expected<void> InferReplicas::add(ReplicaId id, const std::string& address) {
  ServiceProcess& process = owner_.process;
  const std::string name = replica_name(id);
  process.know(name, address);
  TRY(link::Channel* const channel, process.peer(name));
  TRY(link::Caller* const asked, process.ask(name));
  Replica& one = replicas_[id];
  one.channel = channel;
  one.low = std::make_unique<LowMark>(LowMark::Parts{process.loop, process.clock, *asked,
                                                     "/quintet.v1.Infer/Durable",
                                                     [this](Position low) {
                                                       return wire::write_durable({low, table_});
                                                     },
                                                     [this, id](bool all) { heard(id, all); }});
  one.outcomes = std::make_unique<FeedFollower>(
      process, "outcomes",
      [this, id](std::string_view body) -> Expected<void> {
        TRY(auto made, wire::read_run(body));
        return owner_.place()->take(id, made.table, std::move(made.run));
      },
      owner_.look_soon);
  return {};
}

void InferReplicas::want(ShardMembers members, ShardKeeper::Done done) {
  for (const auto& [id, address] : members) {
    if (replicas_.contains(id)) continue;
    if (const auto added = add(id, address); !added) return done(added.error());
    if (low_) replicas_[id].low->tell(*low_);
  }
  keeper_->want(std::move(members), std::move(done));
}

void InferReplicas::tell(Position low) {
  low_ = low;
  for (auto& [id, one] : replicas_) one.low->tell(low);
}

void InferReplicas::follow() {
  const ResultsPlace* const place = owner_.place();
  if (place == nullptr) return;
  for (auto& [id, one] : replicas_) one.outcomes->follow(*one.channel, place->next_outcome(id));
}

void InferReplicas::stop_following() {
  for (auto& [id, one] : replicas_) one.outcomes->stop();
}

bool InferReplicas::is_used(ReplicaId id) const {
  return table_.addresses.contains(id) || keeper_->members().contains(id);
}

// Whoever is used no more and knows it is forgotten.
void InferReplicas::heard(ReplicaId id, bool all) {
  keeper_->heard(id);
  if (!all || is_used(id)) return;
  owner_.process.loop.post([this, id] {
    if (!is_used(id)) replicas_.erase(id);
  });
}

// --- what the keeper asks for ---

// A replica that is being started or has just died is asked again for a while.
void InferReplicas::call(ReplicaId of, const std::string& method, std::string request,
                         std::function<void(Expected<std::string>)> done, Micros begun) {
  ServiceProcess& process = owner_.process;
  const auto found = replicas_.find(of);
  if (found == replicas_.end()) {
    return process.loop.post([done, of] { done(not_found(replica_name(of) + " is no replica")); });
  }
  const Micros now = process.clock.steady();
  if (begun == 0) begun = now;
  found->second.channel->call(
      {method, request, now + kMovePatience},
      [this, of, method, request, done, begun](Expected<std::string> bytes) {
        ServiceProcess& process = owner_.process;
        if (bytes) return done(std::move(bytes));
        if (bytes.error().code() == Code::unavailable &&
            process.clock.steady() - begun < kReachPatience) {
          auto& again = again_[{of, method}];
          again = process.loop.after(kCallAgain, [this, of, method, request, done, begun] {
            call(of, method, request, done, begun);
          });
          return;
        }
        process.log.warn("shards move, and a replica does not do its part",
                         {{"replica", replica_name(of)},
                          {"method", method},
                          {"reason", bytes.error().message()}});
        done(std::move(bytes));
      });
}

void InferReplicas::take_snapshot(ReplicaId of, ShardKeeper::Done done) {
  call(of, "/quintet.v1.Infer/TakeSnapshot", wire::write_nothing(),
       [done = std::move(done)](const Expected<std::string>& bytes) {
         done(bytes ? Expected<void>() : bytes.error());
       });
}

void InferReplicas::fetch_shards(ReplicaId of, const ShardTable& from, const ShardTable& to,
                                 ShardKeeper::Done done) {
  call(of, "/quintet.v1.Infer/FetchShards", wire::write_move({from, to}),
       [this, of, done = std::move(done)](const Expected<std::string>& bytes) {
         if (!bytes) return done(bytes.error());
         const auto fetched = wire::read_fetched(*bytes);
         if (!fetched) return done(fetched.error());
         owner_.process.log.info("a replica is ready for its shards",
                                 {{"replica", replica_name(of)},
                                  {"fetched", std::to_string(fetched->fetched)},
                                  {"missing", std::to_string(fetched->missing)}});
         done({});
       });
}

// --- before the log's beginning is removed ---

struct InferReplicas::Digests {
  ShardTable table;
  std::size_t snapshots = 0;  // still under way
  std::optional<Error> why;
  std::vector<PartDigest> came;
  std::function<void(Expected<std::vector<PartDigest>>)> done;
};

void InferReplicas::digests(std::function<void(Expected<std::vector<PartDigest>>)> done) {
  const auto all = std::make_shared<Digests>();
  all->table = table_;
  all->snapshots = table_.addresses.size();
  all->done = std::move(done);
  for (const auto& [id, address] : all->table.addresses) {
    take_snapshot(id, [this, all](const Expected<void>& taken) {
      if (!taken) all->why = taken.error();
      if (--all->snapshots > 0) return;
      if (all->why) return all->done(*all->why);
      next_digest(all);
    });
  }
}

void InferReplicas::next_digest(const std::shared_ptr<Digests>& digests) {
  const std::size_t shard = digests->came.size();
  if (shard == kShardCount) return digests->done(std::move(digests->came));
  call(digests->table.holders[shard], "/quintet.v1.Infer/PartDigest",
       wire::write_digest_ask(shard_part(static_cast<ShardId>(shard))),
       [this, digests](const Expected<std::string>& bytes) {
         if (!bytes) return digests->done(bytes.error());
         auto digest = wire::read_part_digest(*bytes);
         if (!digest) return digests->done(digest.error());
         digests->came.push_back(*std::move(digest));
         next_digest(digests);
       });
}

Expected<void> InferReplicas::put_in_force(const ShardTable& table) {
  TRY_DO(wire::keep_table(file_, table));
  table_ = table;
  std::string replicas;
  for (const auto& [id, address] : table_.addresses) {
    replicas += (replicas.empty() ? "" : " ") + replica_name(id);
  }
  owner_.process.log.info("shards move",
                          {{"table", std::to_string(table_.epoch)}, {"replicas", replicas}});
  stop_following();
  for (auto& [id, one] : replicas_) one.low->tell_anew();
  if (ResultsPlace* const place = owner_.place(); place != nullptr) place->come_from(table_);
  return {};
}

}  // namespace quintet::host
