// The base of a log whose beginning was removed: one row a part, in the log's own file.
#include "store/read_blocks.h"
#include "store/sqlite_store.h"

namespace quintet::store {

using stage::Snapshot;

Expected<void> SqliteStore::put_base(std::uint64_t number, const std::vector<Snapshot>& parts,
                                     Epoch epoch) {
  return transact([&]() -> Expected<void> {
    TRY_DO(check_epoch(epoch));
    // An older build would take a log without its beginning for a damaged one.
    TRY(Statement format, write_.prepare("UPDATE meta SET format = ?1 WHERE format < ?1"));
    TRY_DO(format.with(kStoreFormat).finish());
    TRY(Statement add,
        write_.prepare("INSERT OR REPLACE INTO base VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const Snapshot& part : parts) {
      const Stored stored = pack(part.bytes, kCompressPartFrom);
      TRY_DO(add.with(number, std::string_view(part.name), part.position, crc_of(part),
                      stored.raw_size, Blob{stored.body()})
                 .finish());
    }
    return {};
  });
}

Expected<Snapshot> SqliteStore::base_part(std::uint64_t number, std::string_view name) {
  const std::lock_guard lock(read_.mutex);
  return read_base_part(read_.database, number, name);
}

Expected<Snapshot> read_base_part(Database& database, std::uint64_t number, std::string_view name) {
  TRY(Statement statement, database.prepare("SELECT position, crc, raw_size, body FROM base "
                                            "WHERE number = ?1 AND name = ?2"));
  Run run = statement.with(number, name);
  TRY(const bool any, run.next());
  const std::string what = "base " + std::to_string(number) + ", part " + std::string(name);
  if (!any) return not_found(what + " is not there");
  Snapshot part{std::string(name), run.u64(0), {}};
  auto body = unpack(run.bytes(3), run.i64(2));
  if (body) part.bytes = *std::move(body);
  if (!body || crc_of(part) != run.u64(1)) return broken(what + " does not match its checksum");
  return part;
}

Expected<std::vector<std::uint64_t>> SqliteStore::bases() {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement statement,
      read_.database.prepare("SELECT DISTINCT number FROM base ORDER BY number"));
  Run run = statement.with();
  std::vector<std::uint64_t> numbers;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return numbers;
    numbers.push_back(run.u64(0));
  }
}

Expected<bool> SqliteStore::remove_base(std::uint64_t number, std::size_t most, Epoch epoch) {
  bool more = false;
  TRY_DO(transact([&]() -> Expected<void> {
    TRY_DO(check_epoch(epoch));
    TRY(Statement remove,
        write_.prepare("DELETE FROM base WHERE rowid IN (SELECT rowid FROM base WHERE number = ?1 "
                       "ORDER BY name LIMIT ?2)"));
    TRY_DO(remove.with(number, static_cast<std::uint64_t>(most)).finish());
    more = write_.changed() == static_cast<int>(most);
    return {};
  }));
  return more;
}

}  // namespace quintet::store
