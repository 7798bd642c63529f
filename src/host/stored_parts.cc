#include "host/stored_parts.h"

#include <algorithm>

namespace quintet::host {

Expected<StoredParts> open_stored_parts(
    stage::Store& store, stage::Vault& vault, Position low,
    const std::function<void(const std::string& what, const std::string& why)>& ignore) {
  StoredParts opened;
  TRY(auto found, store.snapshots(low));
  opened.any = !found.empty();
  for (stage::Snapshot& part : found) {
    opened.oldest_key = std::min(opened.oldest_key, sealed_under(part.bytes));
    for (;;) {
      auto one = open_snapshot(vault, part);
      if (one) {
        opened.parts[part.name] = {part.position, *std::move(one)};
        break;
      }
      ignore("snapshot " + part.name + " at " + std::to_string(part.position),
             one.error().message());
      TRY(auto older, store.snapshots(part.position - 1));
      const auto same = std::find_if(older.begin(), older.end(),
                                     [&](const auto& o) { return o.name == part.name; });
      if (same == older.end()) break;
      part = std::move(*same);
    }
  }
  return opened;
}

}  // namespace quintet::host
