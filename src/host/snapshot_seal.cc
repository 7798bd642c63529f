#include "host/snapshot_seal.h"

#include <cstdio>

#include "base/bytes.h"
#include "base/seal.h"

namespace quintet::host {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kClearBytes = 1 + 4 + 8;

std::string numbered(const char* format, std::uint64_t number) {
  char name[40];
  std::snprintf(name, sizeof name, format, static_cast<unsigned long long>(number));
  return name;
}

}  // namespace

std::string shard_part(ShardId shard) {
  return numbered("shard/%03llu", shard);
}
std::string piece_part(Position first) {
  return numbered("ids/%015llu", first);
}
std::string label_part(Position first) {
  return numbered("labels/%015llu", first);
}
std::string view_part(const std::string& view, stage::ViewPiece piece) {
  return "views/" + view + numbered("/%02llu", piece.depth) + numbered("-%04llu", piece.index);
}

constexpr std::string_view kSnapshotSubject = "snapshots/";

std::string snapshot_subject(Position erased) {
  return std::string(kSnapshotSubject) + std::to_string(erased);
}

bool is_snapshot_subject(std::string_view name) {
  return name.starts_with(kSnapshotSubject);
}

std::string seal_snapshot(std::string_view key, const SnapshotHead& head, std::string_view name,
                          Position position, std::string_view body) {
  std::string plain;
  plain.reserve(body.size() + 128);
  ByteWriter inner(plain);
  inner.text(name);
  inner.u64(position);
  inner.u32(head.version);
  inner.text(head.digest);
  inner.raw(body);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  out.u32(kSemanticsVersion);
  out.u64(head.erased);
  out.raw(random_bytes(kSaltBytes));
  out.raw(seal(key, {}, plain, bytes));
  return bytes;
}

Position sealed_under(std::string_view bytes) {
  ByteReader in(bytes);
  (void)in.u8();
  (void)in.u32();
  return in.u64();
}

Expected<OpenedSnapshot> open_snapshot(stage::Vault& vault, const stage::Snapshot& snapshot) {
  return open_snapshot(vault, snapshot_subject(sealed_under(snapshot.bytes)), snapshot);
}

Expected<OpenedSnapshot> open_snapshot(stage::Vault& vault, const std::string& subject,
                                       const stage::Snapshot& snapshot) {
  ByteReader in(snapshot.bytes);
  if (in.u8() != kFormat) return broken("it has a form that this build does not know");
  const std::uint32_t semantics = in.u32();
  if (in.ok() && semantics != kSemanticsVersion) {
    return broken("it follows semantics version " + std::to_string(semantics) +
                  ", this build knows " + std::to_string(kSemanticsVersion));
  }
  OpenedSnapshot opened;
  opened.head.erased = in.u64();
  const std::size_t clear = kClearBytes + kSaltBytes;
  if (!in.ok() || snapshot.bytes.size() < clear) return broken("it is cut short");
  TRY(const std::string key, vault.find_subject_key(subject));
  const std::string_view bytes = snapshot.bytes;
  TRY(const std::string plain, open_sealed(key, {}, bytes.substr(clear), bytes.substr(0, clear)));
  ByteReader inner(plain);
  const std::string_view name = inner.text();
  const Position position = inner.u64();
  opened.head.version = inner.u32();
  opened.head.digest = inner.text();
  if (!inner.ok() || name != snapshot.name || position != snapshot.position) {
    return broken("it is of another name or position");
  }
  opened.body = inner.raw(inner.rest());
  return opened;
}

}  // namespace quintet::host
