// Snapshots, in a file of their own: derived data must not lengthen the log's transactions, and may
// be lost.
#include "store/sqlite_store.h"

namespace quintet::store {

using stage::Snapshot;

namespace {

Expected<void> put(Database& database, const std::vector<Snapshot>& snapshots) {
  TRY(Statement add,
      database.prepare("INSERT OR REPLACE INTO snapshots VALUES(?1, ?2, ?3, ?4, ?5)"));
  TRY(Statement trim,
      database.prepare("DELETE FROM snapshots WHERE name = ?1 AND position NOT IN (SELECT position "
                       "FROM snapshots WHERE name = ?1 ORDER BY position DESC LIMIT 2)"));
  for (const Snapshot& snapshot : snapshots) {
    const Stored stored = pack(snapshot.bytes, kCompressPartFrom);
    TRY_DO(add.with(std::string_view(snapshot.name), snapshot.position, crc_of(snapshot),
                    stored.raw_size, Blob{stored.body()})
               .finish());
    TRY_DO(trim.with(std::string_view(snapshot.name)).finish());
  }
  return {};
}

}  // namespace

Expected<void> SqliteStore::put_snapshots(const std::vector<Snapshot>& snapshots) {
  const std::lock_guard lock(derived_.mutex);
  TRY_DO(derived_.database.run("BEGIN IMMEDIATE"));
  auto done = put(derived_.database, snapshots);
  if (done) done = derived_.database.run("COMMIT");
  if (!done) (void)derived_.database.run("ROLLBACK");
  if (done && derived_.database.log_pages() >= options_.checkpoint_pages) {
    (void)derived_.database.checkpoint();
  }
  return done;
}

// Freed pages are filled with zeros, and the write-ahead log, which holds older ones, is emptied.
Expected<void> SqliteStore::remove_snapshots() {
  const std::lock_guard lock(derived_.mutex);
  TRY_DO(derived_.database.run("PRAGMA secure_delete = 1; DELETE FROM snapshots;"));
  return derived_.database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Expected<void> SqliteStore::remove_snapshots(const std::vector<std::string>& names) {
  const std::lock_guard lock(derived_.mutex);
  TRY_DO(derived_.database.run("BEGIN IMMEDIATE"));
  auto done = [&]() -> Expected<void> {
    TRY(Statement remove, derived_.database.prepare("DELETE FROM snapshots WHERE name = ?1"));
    for (const std::string& name : names) {
      TRY_DO(remove.with(std::string_view(name)).finish());
    }
    return derived_.database.run("COMMIT");
  }();
  if (!done) (void)derived_.database.run("ROLLBACK");
  return done;
}

// A damaged snapshot counts as none: an older one, or the log, takes its place.
Expected<std::vector<Snapshot>> SqliteStore::snapshots(Position most, std::string_view name) {
  const std::lock_guard lock(derived_.mutex);
  TRY(Statement statement,
      derived_.database.prepare("SELECT name, position, crc, raw_size, body FROM snapshots "
                                "WHERE position <= ?1 AND (?2 = '' OR name = ?2) "
                                "ORDER BY name, position DESC"));
  Run run = statement.with(most, name);
  std::vector<Snapshot> out;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return out;
    Snapshot one{run.text(0), run.u64(1), {}};
    if (!out.empty() && out.back().name == one.name) continue;
    auto body = unpack(run.bytes(4), run.i64(3));
    if (!body) continue;
    one.bytes = std::move(*body);
    if (crc_of(one) != run.u64(2)) continue;
    out.push_back(std::move(one));
  }
}

}  // namespace quintet::store
