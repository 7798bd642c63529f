#include "host/wire_base.h"

#include <quintet/v1/infer.pb.h>
#include <quintet/v1/ingest.pb.h>

#include "host/wire_parse.h"

namespace quintet::host::wire {

namespace {

void put_digest(const PartDigest& digest, v1::SnapshotDigest& out) {
  out.set_name(digest.name);
  out.set_position(digest.position);
  out.set_version(digest.head.version);
  out.set_application(digest.head.digest);
  out.set_erased(digest.head.erased);
  out.set_body(digest.sha256);
}

PartDigest digest_of(const v1::SnapshotDigest& from) {
  return {from.name(),
          from.position(),
          {from.version(), from.application(), from.erased()},
          from.body()};
}

}  // namespace

std::string write_retain(const Place::RetainAsk& ask) {
  v1::RetainRequest out;
  out.set_position(ask.durable);
  for (const auto& [event, time] : ask.edges) {
    v1::ViewEdge& edge = *out.add_edges();
    edge.set_event(event);
    edge.set_time(time);
  }
  for (const PartDigest& shard : ask.shards) put_digest(shard, *out.add_shards());
  return out.SerializeAsString();
}

Expected<Place::RetainAsk> read_retain(std::string_view bytes) {
  TRY(const auto from, parse<v1::RetainRequest>(bytes));
  Place::RetainAsk ask;
  ask.durable = from.position();
  for (const v1::ViewEdge& edge : from.edges()) ask.edges.emplace_back(edge.event(), edge.time());
  for (const v1::SnapshotDigest& shard : from.shards()) {
    if (!shard.name().starts_with("shard/")) return invalid("a part that is no shard");
    ask.shards.push_back(digest_of(shard));
  }
  return ask;
}

std::string write_retained(const Place::Retention& retention) {
  v1::RetainReply out;
  out.set_first(retention.first);
  out.set_removed(retention.removed);
  out.set_bytes(retention.bytes);
  out.set_enough(retention.enough);
  return out.SerializeAsString();
}

Expected<Place::Retention> read_retained(std::string_view bytes) {
  TRY(const auto from, parse<v1::RetainReply>(bytes));
  return Place::Retention{from.first(), from.removed(), from.bytes(), 0, from.enough()};
}

std::string write_part_digest(const PartDigest& digest) {
  v1::SnapshotDigest out;
  put_digest(digest, out);
  return out.SerializeAsString();
}

Expected<PartDigest> read_part_digest(std::string_view bytes) {
  TRY(const auto from, parse<v1::SnapshotDigest>(bytes));
  return digest_of(from);
}

std::string write_digest_ask(const std::string& name) {
  v1::PartDigestRequest out;
  out.set_name(name);
  return out.SerializeAsString();
}

Expected<std::string> read_digest_ask(std::string_view bytes) {
  TRY(const auto from, parse<v1::PartDigestRequest>(bytes));
  return from.name();
}

std::string write_base_ask(Position at) {
  v1::BaseRequest out;
  out.set_position(at);
  return out.SerializeAsString();
}

Expected<Position> read_base_ask(std::string_view bytes) {
  TRY(const auto from, parse<v1::BaseRequest>(bytes));
  return from.position();
}

std::string write_base(const std::optional<OfferedBase>& base) {
  v1::BaseReply out;
  if (!base) return out.SerializeAsString();
  v1::BaseSeal& seal = *out.mutable_seal();
  seal.set_cut(base->seal.cut);
  seal.set_base(base->seal.base);
  seal.set_digest(base->seal.digest);
  seal.set_edge(base->seal.edge);
  out.set_valid_from(base->valid_from);
  out.set_activated(base->activated);
  for (const std::string& file : base->applications) out.add_applications(file);
  for (const std::string& subject : base->erased) out.add_erased(subject);
  out.set_last_erase(base->last_erase);
  return out.SerializeAsString();
}

Expected<std::optional<OfferedBase>> read_base(std::string_view bytes) {
  TRY(const auto from, parse<v1::BaseReply>(bytes));
  std::optional<OfferedBase> base;
  if (!from.has_seal()) return base;
  base.emplace();
  base->seal = {from.seal().cut(), from.seal().base(), from.seal().digest(), from.seal().edge()};
  base->valid_from = from.valid_from();
  base->activated = from.activated();
  base->applications.assign(from.applications().begin(), from.applications().end());
  base->erased.assign(from.erased().begin(), from.erased().end());
  base->last_erase = from.last_erase();
  return base;
}

std::string write_base_part_name(const BasePartName& name) {
  v1::BasePartRequest out;
  out.set_base(name.base);
  out.set_name(name.name);
  return out.SerializeAsString();
}

Expected<BasePartName> read_base_part_name(std::string_view bytes) {
  TRY(const auto from, parse<v1::BasePartRequest>(bytes));
  return BasePartName{from.base(), from.name()};
}

std::string write_base_part(const stage::Snapshot& part) {
  v1::BasePartReply out;
  out.set_position(part.position);
  out.set_bytes(part.bytes);
  return out.SerializeAsString();
}

Expected<stage::Snapshot> read_base_part(std::string_view bytes) {
  TRY(auto from, parse<v1::BasePartReply>(bytes));
  return stage::Snapshot{{}, from.position(), std::move(*from.mutable_bytes())};
}

}  // namespace quintet::host::wire
