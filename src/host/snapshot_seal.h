// How a part of a snapshot lies in the store: sealed as a whole, because feature state and ids hold
// private fields in the clear. The key is the vault's, one for all snapshots between two erases:
// an erase destroys it, and with it every older snapshot wherever copies of the file lie.
#pragma once

#include <string>
#include <string_view>

#include "stage/store.h"
#include "stage/views.h"

namespace quintet::host {

// What a part was folded under. One that differs in anything is of no use.
struct SnapshotHead {
  AppVersion version = 0;
  std::string digest;             // Spec::digest
  Position erased = kNoPosition;  // of the last erase record; names the key
  friend bool operator==(const SnapshotHead&, const SnapshotHead&) = default;
};

// Names of parts; the other is "ingest".
inline constexpr const char* kInferPart = "infer";  // what infer has beside its shards
std::string shard_part(ShardId shard);
std::string piece_part(Position first);  // of ingest's ids
std::string label_part(Position first);  // of the label index
std::string view_part(const std::string& view, stage::ViewPiece piece);

std::string snapshot_subject(Position erased);  // of the vault's key
bool is_snapshot_subject(std::string_view name);

std::string seal_snapshot(std::string_view key, const SnapshotHead& head, std::string_view name,
                          Position position, std::string_view body);

// The last erase that the bytes name, which can be read without a key. kNoPosition if damaged.
Position sealed_under(std::string_view bytes);

struct OpenedSnapshot {
  SnapshotHead head;
  std::string body;
};
// What a part that is stored elsewhere says, for who compares it with what it has to be.
struct PartDigest {
  std::string name;
  Position position = kNoPosition;
  SnapshotHead head;
  std::string sha256;  // of its body, in hex
};
// `broken` for damaged bytes, bytes of another name or position, and those of another semantics
// version; `expired` or `not_found` if the key is gone.
Expected<OpenedSnapshot> open_snapshot(stage::Vault& vault, const stage::Snapshot& snapshot);
// The same for what is sealed under another key of the vault.
Expected<OpenedSnapshot> open_snapshot(stage::Vault& vault, const std::string& subject,
                                       const stage::Snapshot& snapshot);

}  // namespace quintet::host
