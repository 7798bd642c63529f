// What a store has of snapshots, opened: the newest part of each name, or an older one where the
// newest is damaged.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "host/snapshot_seal.h"

namespace quintet::host {

struct StoredPart {
  Position position = kNoPosition;
  OpenedSnapshot opened;
};

struct StoredParts {
  std::map<std::string, StoredPart> parts;
  bool any = false;                    // readable or not
  Position oldest_key = ~Position{0};  // SnapshotHead::erased, the least found
};

// At or below `low`. `ignore` is told what cannot be opened, and why.
Expected<StoredParts> open_stored_parts(
    stage::Store& store, stage::Vault& vault, Position low,
    const std::function<void(const std::string& what, const std::string& why)>& ignore);

}  // namespace quintet::host
