// The messages by which the beginning of a log is removed where the stages are apart, and its base
// is fetched, as host/wire.h has the others.
#pragma once

#include "host/key_source.h"
#include "host/place.h"

namespace quintet::host::wire {

std::string write_retain(const Place::RetainAsk& ask);
// `invalid` for the name of a part that is no shard.
Expected<Place::RetainAsk> read_retain(std::string_view bytes);
std::string write_retained(const Place::Retention& retention);
Expected<Place::Retention> read_retained(std::string_view bytes);

std::string write_part_digest(const PartDigest& digest);
Expected<PartDigest> read_part_digest(std::string_view bytes);
std::string write_digest_ask(const std::string& name);
Expected<std::string> read_digest_ask(std::string_view bytes);

std::string write_base_ask(Position at);
Expected<Position> read_base_ask(std::string_view bytes);
std::string write_base(const std::optional<OfferedBase>& base);
Expected<std::optional<OfferedBase>> read_base(std::string_view bytes);

struct BasePartName {
  std::uint64_t base = 0;
  std::string name;
};
std::string write_base_part_name(const BasePartName& name);
Expected<BasePartName> read_base_part_name(std::string_view bytes);
// Its name is that which was asked for.
std::string write_base_part(const stage::Snapshot& part);
Expected<stage::Snapshot> read_base_part(std::string_view bytes);

}  // namespace quintet::host::wire
