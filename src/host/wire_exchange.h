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
Expected<ShardTable> kept_table(const std::string& file,
                                const std::map<ReplicaId, std::string>& replicas);

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

}  // namespace quintet::host::wire
