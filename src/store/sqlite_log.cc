// The log: one row a block.
#include "store/block_order.h"
#include "store/read_blocks.h"
#include "store/sqlite_store.h"

namespace quintet::store {

using event::BlockBytes;

Expected<stage::LogEnd> SqliteStore::end() {
  const std::lock_guard lock(read_.mutex);
  return read_end(read_.database);
}

Expected<stage::LogEnd> read_end(Database& database) {
  stage::LogEnd end;
  TRY(Statement newest,
      database.prepare("SELECT last, raw_size, body FROM log ORDER BY first DESC LIMIT 1"));
  TRY(Statement oldest, database.prepare("SELECT min(first) FROM log"));
  Run run = newest.with();
  TRY(const bool any, run.next());
  if (!any) return end;
  end.last = run.u64(0);
  TRY(const std::string bytes, unpack(run.bytes(2), run.i64(1)));
  end.hash = event::block_hash(bytes);
  Run first = oldest.with();
  TRY_DO(first.next());
  end.first = first.u64(0);
  return end;
}

Expected<void> SqliteStore::add_blocks(const stage::Commit& commit, Epoch epoch) {
  if (commit.blocks.empty()) return {};
  Position end = kNoPosition;
  {
    Run run = statements_.log_end.with();
    TRY(const bool any, run.next());
    if (any) end = run.u64(0);
  }
  TRY_DO(check_blocks(commit, end, epoch));
  if (commit.anew) TRY_DO(write_.run("DELETE FROM log"));
  for (const BlockBytes& block : commit.blocks) {
    const Stored stored = pack(block.bytes, options_.compress_from);
    TRY_DO(statements_.add_block
               .with(block.first, block.last, block.epoch, stored.raw_size, Blob{stored.body()})
               .finish());
  }
  return {};
}

Expected<std::vector<BlockBytes>> SqliteStore::read_log(Position from, std::size_t most_bytes) {
  const std::lock_guard lock(read_.mutex);
  return read_blocks(read_.database, from, most_bytes);
}

Expected<std::vector<BlockBytes>> read_blocks(Database& database, Position from,
                                              std::size_t most_bytes) {
  from = std::max<Position>(from, 1);
  std::vector<BlockBytes> out;
  // The block that holds `from` begins at or before it.
  TRY(Statement* const statement,
      database.kept("SELECT first, last, epoch, raw_size, body FROM log WHERE first >= "
                    "coalesce((SELECT max(first) FROM log WHERE first <= ?1), ?1) ORDER BY first"));
  Run run = statement->with(from);
  std::size_t bytes = 0;
  while (out.empty() || bytes < most_bytes) {
    TRY(const bool more, run.next());
    if (!more) break;
    if (run.u64(1) < from) continue;
    if (out.empty() && run.u64(0) > from) {
      return expired("the log begins at " + run.text(0) + ", position " + std::to_string(from) +
                     " has been removed");
    }
    auto body = unpack(run.bytes(4), run.i64(3));
    if (!body) return std::move(body).error().during("the block at position " + run.text(0));
    bytes += body->size();
    out.push_back({run.u64(0), run.u64(1), run.u64(2), *std::move(body)});
  }
  return out;
}

Expected<bool> SqliteStore::remove_below(Position position, std::size_t most, Epoch epoch) {
  const auto rows = static_cast<std::uint64_t>(most);
  bool more = false;
  TRY_DO(transact([&]() -> Expected<void> {
    TRY_DO(check_epoch(epoch));
    TRY(Statement keep, write_.prepare("UPDATE meta SET kept_from = max(kept_from, ?1), "
                                       "low = ?2"));
    // The mark could not be found again from outcomes that are gone.
    TRY_DO(keep.with(position, low_.load()).finish());
    TRY(Statement blocks,
        write_.prepare("DELETE FROM log WHERE first IN (SELECT first FROM log WHERE first < ?1 AND "
                       "last < ?1 AND first < (SELECT max(first) FROM log) "
                       "ORDER BY first LIMIT ?2)"));
    TRY_DO(blocks.with(position, rows).finish());
    more = write_.changed() == static_cast<int>(most);
    TRY(Statement runs,
        write_.prepare("DELETE FROM outcomes WHERE first IN (SELECT first FROM outcomes WHERE "
                       "first < ?1 AND last < ?1 ORDER BY first LIMIT ?2)"));
    TRY_DO(runs.with(position, rows).finish());
    more = more || write_.changed() == static_cast<int>(most);
    TRY(Statement changes, write_.prepare("DELETE FROM outcome_changes WHERE position < "
                                          "coalesce((SELECT min(first) FROM outcomes), ?1)"));
    return changes.with(position).finish();
  }));
  return more;
}

}  // namespace quintet::store
