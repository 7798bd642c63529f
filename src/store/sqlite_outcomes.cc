// Outcomes: one row a run, and the changes of single positions beside them.
#include "store/sqlite_store.h"

namespace quintet::store {

using stage::OutcomeBytes;
using stage::OutcomeChange;

// The saved mark may be old but is never too great: from it, runs without a gap lead to the mark.
Expected<void> SqliteStore::find_low_mark() {
  TRY(const std::int64_t saved, write_.number("SELECT low FROM meta"));
  low_ = static_cast<Position>(saved);
  TRY(const std::int64_t greatest,
      write_.number("SELECT last FROM outcomes ORDER BY first DESC LIMIT 1"));
  greatest_ = std::max<Position>(low_, static_cast<Position>(greatest));
  new_low_ = low_;
  new_greatest_ = greatest_;
  TRY_DO(advance_low_mark());
  low_ = new_low_;
  return {};
}

Expected<void> SqliteStore::advance_low_mark() {
  if (new_low_ >= new_greatest_) return {};
  TRY(Statement later,
      write_.prepare("SELECT first, last FROM outcomes WHERE first > ?1 ORDER BY first"));
  Run run = later.with(new_low_);
  while (new_low_ < new_greatest_) {
    TRY(const bool more, run.next());
    if (!more || run.u64(0) != new_low_ + 1) break;
    new_low_ = run.u64(1);
  }
  return {};
}

Expected<void> SqliteStore::add_runs(const std::vector<OutcomeBytes>& runs) {
  const Position low_before = new_low_;
  bool gap = new_low_ < new_greatest_;
  for (const OutcomeBytes& run : runs) {
    TRY_DO(add_run(run));
    gap = gap || new_low_ < new_greatest_;
  }
  // A run that was waiting behind a gap may follow now.
  if (gap && new_low_ != low_before) TRY_DO(advance_low_mark());
  return {};
}

Expected<void> SqliteStore::add_run(const OutcomeBytes& run) {
  if (run.first == kNoPosition || run.last < run.first) {
    return invalid("an outcome run from " + std::to_string(run.first) + " to " +
                   std::to_string(run.last));
  }
  if (run.first <= new_greatest_) {
    TRY(const bool there, covered(run));
    if (there) return {};
  }
  const Stored stored = pack(run.bytes, options_.compress_from);
  TRY_DO(statements_.add_run
             .with(run.first, run.last, crc_of(run.first, run.last, run.bytes), stored.raw_size,
                   Blob{stored.body()})
             .finish());
  new_greatest_ = std::max(new_greatest_, run.last);
  if (run.first == new_low_ + 1) new_low_ = run.last;
  return {};
}

// Whether every position of the run has an outcome; `conflict` if only some have.
Expected<bool> SqliteStore::covered(const OutcomeBytes& run) {
  if (run.last <= new_low_) return true;
  Position missing = run.last;  // positions above it, up to run.last, are there
  bool any = run.first <= new_low_;
  Run earlier = statements_.runs_before.with(run.last);
  while (missing >= run.first) {
    TRY(const bool more, earlier.next());
    if (!more || earlier.u64(1) < run.first) break;
    any = true;
    if (earlier.u64(1) < missing) break;
    missing = earlier.u64(0) - 1;
  }
  if (missing < run.first || missing <= new_low_) return true;
  if (!any) return false;
  return conflict("outcomes " + std::to_string(run.first) + " to " + std::to_string(run.last) +
                  " are there in part; a run is committed as a whole");
}

Expected<void> SqliteStore::add_changes(const std::vector<OutcomeChange>& changes) {
  for (const OutcomeChange& change : changes) {
    const std::uint32_t crc = crc_of(change.position, change.position, change.bytes);
    TRY_DO(statements_.add_change.with(change.position, crc, Blob{change.bytes}).finish());
  }
  return {};
}

// From a row of first, last, crc, raw_size, body.
Expected<SqliteStore::OutcomeRun> SqliteStore::read_run(Run& row) {
  OutcomeRun out;
  out.run.first = row.u64(0);
  out.run.last = row.u64(1);
  TRY(out.run.bytes, unpack(row.bytes(4), row.i64(3)));
  if (crc_of(out.run.first, out.run.last, out.run.bytes) != row.u64(2)) {
    return broken("the outcomes of positions " + std::to_string(out.run.first) + " to " +
                  std::to_string(out.run.last) + " do not match their checksum");
  }
  TRY(Statement* const changes,
      read_.database.kept("SELECT position, crc, body FROM outcome_changes "
                          "WHERE position BETWEEN ?1 AND ?2 ORDER BY position"));
  Run change = changes->with(out.run.first, out.run.last);
  while (true) {
    TRY(const bool more, change.next());
    if (!more) return out;
    const Position position = change.u64(0);
    if (crc_of(position, position, change.bytes(2)) != change.u64(1)) {
      return broken("the changed outcome of position " + std::to_string(position) +
                    " does not match its checksum");
    }
    out.changes.push_back({position, change.text(2)});
  }
}

Expected<Position> SqliteStore::first_kept() {
  TRY(const std::int64_t kept, read_.database.number("SELECT kept_from FROM meta"));
  return static_cast<Position>(kept);
}

Expected<std::vector<SqliteStore::OutcomeRun>> SqliteStore::read_outcomes(Position from,
                                                                          std::size_t most_bytes) {
  const std::lock_guard lock(read_.mutex);
  from = std::max<Position>(from, 1);
  TRY(Statement* const statement,
      read_.database.kept(
          "SELECT first, last, crc, raw_size, body FROM outcomes WHERE first >= "
          "coalesce((SELECT max(first) FROM outcomes WHERE first <= ?1), ?1) ORDER BY first"));
  TRY(const Position kept, first_kept());
  std::vector<OutcomeRun> out;
  std::size_t bytes = 0;
  Run run = statement->with(from);
  while (out.empty() || bytes < most_bytes) {
    TRY(const bool more, run.next());
    if (!more) break;
    if (run.u64(1) < from) continue;
    if (out.empty() && run.u64(0) > from && from < kept) break;
    TRY(OutcomeRun one, read_run(run));
    bytes += one.run.bytes.size();
    out.push_back(std::move(one));
  }
  if (out.empty() && from < kept) return expired("outcomes begin at " + std::to_string(kept));
  return out;
}

Expected<std::optional<SqliteStore::OutcomeRun>> SqliteStore::outcome_run(Position position) {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement* const statement,
      read_.database.kept("SELECT first, last, crc, raw_size, body FROM outcomes "
                          "WHERE first <= ?1 ORDER BY first DESC LIMIT 1"));
  Run run = statement->with(position);
  TRY(const bool any, run.next());
  if (any && run.u64(1) >= position) {
    TRY(OutcomeRun one, read_run(run));
    return std::optional(std::move(one));
  }
  TRY(const Position kept, first_kept());
  if (position < kept) return expired("outcomes begin at " + std::to_string(kept));
  return std::optional<OutcomeRun>();
}

}  // namespace quintet::store
