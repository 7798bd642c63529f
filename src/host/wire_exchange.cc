#include "host/wire_exchange.h"

#include <quintet/v1/exchange.pb.h>
#include <quintet/v1/infer.pb.h>
#include <quintet/v1/results.pb.h>
#include <quintet/v1/supervisor.pb.h>

#include "host/wire_parse.h"
#include "store/lock.h"

namespace quintet::host::wire {

namespace {

void put_table(const ShardTable& table, v1::ShardTable& out) {
  out.set_epoch(table.epoch);
  for (const auto& [id, address] : table.addresses) {
    v1::Replica& one = *out.add_replicas();
    one.set_id(id);
    one.set_address(address);
  }
  for (const ReplicaId holder : table.holders) out.add_holders(holder);
}

Expected<ShardTable> table_of(const v1::ShardTable& from) {
  ShardTable table;
  table.epoch = from.epoch();
  if (table.epoch == 0) return table;
  for (const v1::Replica& one : from.replicas()) table.addresses[one.id()] = one.address();
  if (from.holders_size() != static_cast<int>(kShardCount)) {
    return invalid("a table of shards has one holder a shard");
  }
  for (std::size_t i = 0; i < kShardCount; ++i) {
    table.holders[i] = from.holders(static_cast<int>(i));
    if (!table.addresses.contains(table.holders[i])) {
      return invalid("a table of shards names a holder without address");
    }
  }
  return table;
}

Expected<std::vector<ShardId>> shards_of(
    const google::protobuf::RepeatedField<std::uint32_t>& from) {
  std::vector<ShardId> shards;
  for (const std::uint32_t shard : from) {
    if (shard >= kShardCount) return invalid("there is no shard " + std::to_string(shard));
    shards.push_back(static_cast<ShardId>(shard));
  }
  return shards;
}

}  // namespace

std::string write_table(const ShardTable& table) {
  v1::ShardTable out;
  put_table(table, out);
  return out.SerializeAsString();
}

Expected<ShardTable> read_table(std::string_view bytes) {
  TRY(const auto from, parse<v1::ShardTable>(bytes));
  return table_of(from);
}

Expected<ShardTable> kept_table(const std::string& file, const ShardMembers& replicas) {
  ShardTable last;
  const auto bytes = store::read_small_file(file);
  if (bytes) {
    auto read = read_table(*bytes);
    if (!read) return std::move(read).error().during(file);
    last = *std::move(read);
  } else if (bytes.error().code() != Code::not_found) {
    return bytes.error();
  }
  const auto same_ids = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (last.epoch > 0 && std::equal(last.addresses.begin(), last.addresses.end(), replicas.begin(),
                                   replicas.end(), same_ids)) {
    last.addresses = replicas;
    return last;
  }
  ShardTable next = next_table(last, replicas);
  TRY_DO(keep_table(file, next));
  return next;
}

Expected<void> keep_table(const std::string& file, ShardTable table) {
  for (auto& [id, address] : table.addresses) address.clear();
  return store::replace_file(file, write_table(table));
}

std::string write_durable(const Durable& durable) {
  v1::OutcomesDurableRequest out;
  out.set_position(durable.low);
  put_table(durable.table, *out.mutable_table());
  return out.SerializeAsString();
}

Expected<Durable> read_durable(std::string_view bytes) {
  TRY(const auto from, parse<v1::OutcomesDurableRequest>(bytes));
  TRY(auto table, table_of(from.table()));
  if (table.epoch == 0) return invalid("L comes with a table of shards");
  return Durable{from.position(), std::move(table)};
}

std::string write_parts(const PartsRun& run) {
  v1::PartsRun out;
  out.set_table(run.table);
  out.set_first(run.first);
  out.set_last(run.last);
  for (const SentPart& part : run.parts) {
    v1::Part& one = *out.add_parts();
    one.set_position(part.position);
    for (const ShardId shard : part.shards) one.add_shards(shard);
    one.set_cells(part.cells);
  }
  return out.SerializeAsString();
}

Expected<PartsRun> read_parts(std::string_view bytes) {
  TRY(auto from, parse<v1::PartsRun>(bytes));
  PartsRun run{from.table(), from.first(), from.last(), {}};
  for (v1::Part& part : *from.mutable_parts()) {
    TRY(auto shards, shards_of(part.shards()));
    run.parts.push_back({part.position(), std::move(shards), std::move(*part.mutable_cells())});
  }
  return run;
}

std::string write_peek_ask(const PeekAsk& ask) {
  v1::PeekPartRequest out;
  out.set_table(ask.table);
  out.set_position(ask.position);
  out.set_admitted_at(ask.admitted_at);
  out.set_event(ask.event);
  return out.SerializeAsString();
}

Expected<PeekAsk> read_peek_ask(std::string_view bytes) {
  TRY(auto from, parse<v1::PeekPartRequest>(bytes));
  return PeekAsk{from.table(), from.position(), from.admitted_at(),
                 std::move(*from.mutable_event())};
}

std::string write_peek_part(const PeekPart& part) {
  v1::PeekPartReply out;
  out.set_position(part.position);
  out.set_cells(part.cells);
  return out.SerializeAsString();
}

Expected<PeekPart> read_peek_part(std::string_view bytes) {
  TRY(auto from, parse<v1::PeekPartReply>(bytes));
  return PeekPart{from.position(), std::move(*from.mutable_cells())};
}

// --- shards that move ---

std::string write_move(const ShardMove& move) {
  v1::FetchShardsRequest out;
  put_table(move.from, *out.mutable_from());
  put_table(move.to, *out.mutable_to());
  return out.SerializeAsString();
}

Expected<ShardMove> read_move(std::string_view bytes) {
  TRY(const auto read, parse<v1::FetchShardsRequest>(bytes));
  TRY(auto from, table_of(read.from()));
  TRY(auto to, table_of(read.to()));
  if (from.epoch == 0 || to.epoch <= from.epoch) return invalid("shards move to a later table");
  return ShardMove{std::move(from), std::move(to)};
}

std::string write_fetched(const FetchedShards& fetched) {
  v1::FetchShardsReply out;
  out.set_fetched(fetched.fetched);
  out.set_missing(fetched.missing);
  return out.SerializeAsString();
}

Expected<FetchedShards> read_fetched(std::string_view bytes) {
  TRY(const auto from, parse<v1::FetchShardsReply>(bytes));
  return FetchedShards{from.fetched(), from.missing()};
}

std::string write_part_name(const std::string& name) {
  v1::StoredPartRequest out;
  out.set_name(name);
  return out.SerializeAsString();
}

Expected<std::string> read_part_name(std::string_view bytes) {
  TRY(auto from, parse<v1::StoredPartRequest>(bytes));
  return std::move(*from.mutable_name());
}

std::string write_stored_part(const stage::Snapshot& part) {
  v1::StoredPartReply out;
  out.set_position(part.position);
  out.set_bytes(part.bytes);
  return out.SerializeAsString();
}

Expected<stage::Snapshot> read_stored_part(std::string_view bytes) {
  TRY(auto from, parse<v1::StoredPartReply>(bytes));
  return stage::Snapshot{{}, from.position(), std::move(*from.mutable_bytes())};
}

std::string write_members(const ShardMembers& members) {
  v1::ScaleRequest out;
  for (const auto& [id, address] : members) {
    v1::Replica& one = *out.add_replicas();
    one.set_id(id);
    one.set_address(address);
  }
  return out.SerializeAsString();
}

Expected<ShardMembers> read_members(std::string_view bytes) {
  TRY(const auto from, parse<v1::ScaleRequest>(bytes));
  ShardMembers members;
  for (const v1::Replica& one : from.replicas()) {
    if (one.id() < 1 || one.id() > kMostReplicas) {
      return invalid("replicas have numbers from 1 to " + std::to_string(kMostReplicas));
    }
    if (one.address().empty()) return invalid(replica_name(one.id()) + " has no address");
    members[one.id()] = one.address();
  }
  if (members.empty()) return invalid("shards need a holder");
  return members;
}

std::string write_in_force(const ShardTable& table) {
  v1::ShardsReply out;
  put_table(table, *out.mutable_table());
  return out.SerializeAsString();
}

Expected<ShardTable> read_in_force(std::string_view bytes) {
  TRY(const auto from, parse<v1::ShardsReply>(bytes));
  return table_of(from.table());
}

// --- what a supervisor is asked ---

std::string write_replica_count(const ReplicaCount& count) {
  v1::ReplicasRequest out;
  out.set_service(count.service);
  out.set_count(count.count);
  return out.SerializeAsString();
}

Expected<ReplicaCount> read_replica_count(std::string_view bytes) {
  TRY(auto from, parse<v1::ReplicasRequest>(bytes));
  return ReplicaCount{std::move(*from.mutable_service()), from.count()};
}

std::string write_count_before(ReplicaId before) {
  v1::ReplicasReply out;
  out.set_before(before);
  return out.SerializeAsString();
}

Expected<ReplicaId> read_count_before(std::string_view bytes) {
  TRY(const auto from, parse<v1::ReplicasReply>(bytes));
  return from.before();
}

}  // namespace quintet::host::wire
