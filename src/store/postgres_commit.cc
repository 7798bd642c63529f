// Commits of the store on PostgreSQL. A transaction is one round trip: BEGIN, the check that this
// writer is in charge, a statement a row, COMMIT, all sent before the first answer is taken.
#include "store/block_order.h"
#include "store/postgres_store.h"
#include "store/stored.h"

namespace quintet::store {

// The end of the log is compared too where blocks are added, which a fenced writer's memory no
// longer knows. Locks the row until the transaction ends, so epochs change between transactions.
void PostgresStore::begin(std::optional<Epoch> epoch, Position low) {
  write_.add("BEGIN");
  if (!epoch) return;
  write_.add(
      "UPDATE meta SET low = $1, in_charge = (epoch = $2 AND "
      "coalesce((SELECT last FROM log ORDER BY first DESC LIMIT 1), 0) = $3)",
      low, *epoch, last_);
}

PostgresStore::Results PostgresStore::end_transaction(std::optional<Epoch> epoch) {
  auto done = write_.commit();
  if (done) return done;
  if (done.error().code() != Code::conflict || write_.lost()) {
    failure_ = done.error();
    return done;
  }
  TRY(const PgResult meta, ask("SELECT epoch FROM meta"));
  if (epoch && meta.rows() > 0 && meta.u64(0, 0) != *epoch) {
    return conflict("epoch " + std::to_string(*epoch) + " has been replaced by epoch " +
                    std::to_string(meta.u64(0, 0)));
  }
  return conflict("the log does not end at " + std::to_string(last_) +
                  " any more: another program has written to it");
}

Expected<Epoch> PostgresStore::open_epoch() {
  TRY(const auto results, transact(std::nullopt, low_, [](PgSession& session) {
        session.add("UPDATE meta SET epoch = epoch + 1 RETURNING epoch");
      }));
  return results[1].u64(0, 0);
}

// Only this session changes letters, so what it reads holds until it writes.
Expected<void> PostgresStore::check_replays(const std::vector<stage::Commit::Replayed>& replayed) {
  for (const auto& [number, position] : replayed) {
    TRY(const PgResult found,
        ask("SELECT replayed <> 0 OR discarded <> 0 FROM dead_letters WHERE number = $1", number));
    if (found.rows() == 0) return not_found("there is no dead letter " + std::to_string(number));
    if (found.i64(0, 0) != 0) {
      return conflict("dead letter " + std::to_string(number) +
                      " was replayed or discarded before");
    }
  }
  return {};
}

void PostgresStore::add_rows(const stage::Commit& commit, const std::vector<bool>& fresh) {
  if (commit.anew) write_.add("DELETE FROM log");
  for (const event::BlockBytes& block : commit.blocks) {
    const Stored stored = pack(block.bytes, options_.compress_from);
    write_.add("INSERT INTO log VALUES($1, $2, $3, $4, $5)", block.first, block.last, block.epoch,
               stored.raw_size, stored.body());
  }
  for (std::size_t i = 0; i < commit.outcomes.size(); ++i) {
    if (!fresh[i]) continue;
    const stage::OutcomeBytes& run = commit.outcomes[i];
    const Stored stored = pack(run.bytes, options_.compress_from);
    write_.add("INSERT INTO outcomes VALUES($1, $2, $3, $4, $5)", run.first, run.last,
               crc_of(run.first, run.last, run.bytes), stored.raw_size, stored.body());
  }
  for (const stage::OutcomeChange& change : commit.changes) {
    write_.add(
        "INSERT INTO outcome_changes VALUES($1, $2, $3) ON CONFLICT (position) "
        "DO UPDATE SET crc = EXCLUDED.crc, body = EXCLUDED.body",
        change.position, crc_of(change.position, change.position, change.bytes),
        std::string_view(change.bytes));
  }
  for (const stage::DeadLetter& letter : commit.dead_letters) {
    write_.add("INSERT INTO dead_letters VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)",
               letter.number, letter.at, std::string_view(letter.event_type),
               std::string_view(letter.id), std::string_view(letter.code),
               std::string_view(letter.field), std::string_view(letter.message),
               std::string_view(letter.format), std::string_view(letter.bytes));
  }
  for (const auto& [number, position] : commit.replayed) {
    write_.add("UPDATE dead_letters SET replayed = $2 WHERE number = $1", number, position);
  }
}

Expected<void> PostgresStore::commit(stage::Commit& commit, Epoch epoch) {
  if (failure_) return *failure_;
  TRY_DO(check_blocks(commit, last_, epoch));
  TRY_DO(check_replays(commit.replayed));
  OutcomeRuns runs = runs_;
  std::vector<bool> fresh;
  for (const stage::OutcomeBytes& run : commit.outcomes) {
    TRY(const bool taken, runs.take(run.first, run.last));
    fresh.push_back(taken);
  }
  for (std::size_t i = 0; i < commit.dead_letters.size(); ++i) {
    commit.dead_letters[i].number = letters_ + 1 + i;
  }
  const auto done = transact(epoch, runs.low(), [&](PgSession&) { add_rows(commit, fresh); });
  if (!done) {
    for (stage::DeadLetter& letter : commit.dead_letters) letter.number = 0;
    return done.error();
  }
  runs_ = std::move(runs);
  low_ = runs_.low();
  letters_ += commit.dead_letters.size();
  if (!commit.blocks.empty()) last_ = commit.blocks.back().last;
  return {};
}

Expected<bool> PostgresStore::remove_below(Position position, std::size_t most, Epoch epoch) {
  TRY(const auto results, transact(epoch, low_, [&](PgSession& session) {
        session.add("UPDATE meta SET kept_from = greatest(kept_from, $1)", position);
        session.add(
            "DELETE FROM log WHERE first IN (SELECT first FROM log WHERE first < $1 AND last < $1 "
            "AND first < (SELECT max(first) FROM log) ORDER BY first LIMIT $2)",
            position, static_cast<std::uint64_t>(most));
        session.add(
            "DELETE FROM outcomes WHERE first IN (SELECT first FROM outcomes WHERE first < $1 AND "
            "last < $1 ORDER BY first LIMIT $2)",
            position, static_cast<std::uint64_t>(most));
        session.add(
            "DELETE FROM outcome_changes WHERE position < "
            "coalesce((SELECT min(first) FROM outcomes), $1)",
            position);
      }));
  // After BEGIN, the check and the first update.
  const auto full = static_cast<std::int64_t>(most);
  return results[3].touched() == full || results[4].touched() == full;
}

}  // namespace quintet::store
