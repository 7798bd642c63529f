// Reads everything and compares it with its checksums.
#include "store/sqlite_store.h"
#include "store/verify.h"

namespace quintet::store {

Expected<void> SqliteStore::verify() {
  Position first = 1;
  {
    const std::lock_guard lock(read_.mutex);
    const auto found = read_.database.text("PRAGMA integrity_check(1)");
    if (!found) return found.error();
    if (*found != "ok") return broken("quintet.db: " + *found);
    TRY(first, first_kept());
  }
  TRY_DO(verify_log(*this));
  return verify_outcomes(*this, first);
}

}  // namespace quintet::store
