#include "store/store.h"

#include "store/location.h"
#include "store/lock.h"
#include "store/memory.h"
#include "store/postgres.h"
#include "store/sqlite.h"
#include "store/vault.h"

namespace quintet::store {
namespace {

constexpr std::string_view kMemory = "memory:";
constexpr std::string_view kSqlite = "sqlite:";

// The directory that `where` names; empty for memory.
Expected<std::string> directory_of(std::string_view where) {
  if (where == kMemory) return std::string();
  std::string_view directory = where;
  if (directory.substr(0, kSqlite.size()) == kSqlite) directory.remove_prefix(kSqlite.size());
  const std::size_t colon = directory.find(':');
  if (directory.empty() || colon < directory.find('/')) {
    return invalid("a store is memory:, sqlite:DIRECTORY or a directory, not \"" +
                   std::string(where) + "\"");
  }
  return std::string(directory);
}

}  // namespace

Expected<std::unique_ptr<stage::Store>> open_store(
    std::string_view where, const std::function<void(const std::string&)>& tell) {
  TRY(const std::string directory, directory_of(where));
  if (directory.empty()) return std::unique_ptr<stage::Store>(std::make_unique<MemoryStore>());
  TRY(const Location location, location_of(directory));
  if (!location.on_server()) return open_sqlite(directory);
  // One program at a time has the directory, as with SQLite.
  TRY(DirectoryLock lock, DirectoryLock::take(directory, "lock"));
  PostgresOptions options = options_of(location);
  options.held = std::make_shared<DirectoryLock>(std::move(lock));
  options.tell = tell;
  return open_postgres(options);
}

Expected<Storage> open_storage(std::string_view where) {
  TRY(const std::string directory, directory_of(where));
  Storage out;
  TRY(out.store, open_store(where));
  if (directory.empty()) {
    out.vault = make_memory_vault();
  } else {
    TRY(out.vault, open_vault(directory));
  }
  return out;
}

}  // namespace quintet::store
