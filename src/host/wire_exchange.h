// The messages of api/quintet/v1/exchange.proto, as host/wire.h has the others.
#pragma once

#include "host/infer_place.h"
#include "host/part_exchange.h"

namespace quintet::host::wire {

std::string write_table(const ShardTable& table);
// `invalid` if a shard has no holder, or one without an address.
Expected<ShardTable> read_table(std::string_view bytes);

// The table of these replicas: the one that the file holds, if it is theirs, else its successor,
// which the file holds then.
Expected<ShardTable> kept_table(const std::string& file, const ShardMembers& replicas);
// Durable when it returns. Addresses are of one start alone, and are not kept.
Expected<void> keep_table(const std::string& file, ShardTable table);

struct Durable {
  Position low = kNoPosition;
  ShardTable table;
};
std::string write_durable(const Durable& durable);
Expected<Durable> read_durable(std::string_view bytes);

std::string write_parts(const PartsRun& run);
Expected<PartsRun> read_parts(std::string_view bytes);

std::string write_peek_ask(const PeekAsk& ask);
Expected<PeekAsk> read_peek_ask(std::string_view bytes);
std::string write_peek_part(const PeekPart& part);
Expected<PeekPart> read_peek_part(std::string_view bytes);

// --- shards that move ---
struct ShardMove {
  ShardTable from, to;
};
std::string write_move(const ShardMove& move);
Expected<ShardMove> read_move(std::string_view bytes);
std::string write_fetched(const FetchedShards& fetched);
Expected<FetchedShards> read_fetched(std::string_view bytes);
std::string write_part_name(const std::string& name);
Expected<std::string> read_part_name(std::string_view bytes);
// Its name is that which was asked for.
std::string write_stored_part(const stage::Snapshot& part);
Expected<stage::Snapshot> read_stored_part(std::string_view bytes);
std::string write_members(const ShardMembers& members);
// `invalid` for none, one without address, or a number that no replica has.
Expected<ShardMembers> read_members(std::string_view bytes);
// A ScaleReply or a ShardsReply, which have the same.
std::string write_in_force(const ShardTable& table);
Expected<ShardTable> read_in_force(std::string_view bytes);

// --- what a supervisor is asked ---
struct ReplicaCount {
  std::string service;
  ReplicaId count = 0;
};
std::string write_replica_count(const ReplicaCount& count);
Expected<ReplicaCount> read_replica_count(std::string_view bytes);
std::string write_count_before(ReplicaId before);
Expected<ReplicaId> read_count_before(std::string_view bytes);

}  // namespace quintet::host::wire
