// What the store on PostgreSQL reads of its log and of outcomes.
#include "store/postgres_store.h"
#include "store/stored.h"

namespace quintet::store {
namespace {

using event::BlockBytes;
using OutcomeRun = stage::Store::OutcomeRun;

// Rows asked for at once, of which the server sends as many as the bytes allow.
constexpr std::int64_t kRowsAtOnce = 256;

// The rows of `from`, a subquery with columns `first` and `body`, until so many bytes are passed;
// one at least. The sizes of bodies that lie beside their rows are known without reading them.
std::string within(std::string_view columns, std::string_view table, std::string_view where) {
  const std::string all(columns);
  return "SELECT " + all + " FROM (SELECT " + all +
         ", sum(greatest(raw_size, octet_length(body))) OVER (ORDER BY first) - "
         "greatest(raw_size, octet_length(body)) AS before FROM (SELECT " +
         all + " FROM " + std::string(table) + " WHERE " + std::string(where) +
         " ORDER BY first LIMIT " + std::to_string(kRowsAtOnce) +
         ") piece) sized WHERE before < $2 OR before = 0 ORDER BY first";
}

constexpr std::string_view kRun = "first, last, crc, raw_size, body";

Expected<OutcomeRun> run_of(const PgResult& rows, int row) {
  OutcomeRun out;
  out.run.first = rows.u64(row, 0);
  out.run.last = rows.u64(row, 1);
  TRY(out.run.bytes, unpack(rows.bytes(row, 4), rows.i64(row, 3)));
  if (crc_of(out.run.first, out.run.last, out.run.bytes) != rows.u64(row, 2)) {
    return broken("the outcomes of positions " + std::to_string(out.run.first) + " to " +
                  std::to_string(out.run.last) + " do not match their checksum");
  }
  return out;
}

// The changes of all the runs, which are in order.
Expected<void> add_changes(PgSession& session, std::vector<OutcomeRun>& runs) {
  if (runs.empty()) return {};
  TRY(const PgResult rows, session.query("SELECT position, crc, body FROM outcome_changes "
                                         "WHERE position BETWEEN $1 AND $2 ORDER BY position",
                                         runs.front().run.first, runs.back().run.last));
  auto run = runs.begin();
  for (int row = 0; row < rows.rows(); ++row) {
    const Position position = rows.u64(row, 0);
    if (crc_of(position, position, rows.bytes(row, 2)) != rows.u64(row, 1)) {
      return broken("the changed outcome of position " + std::to_string(position) +
                    " does not match its checksum");
    }
    while (run != runs.end() && run->run.last < position) ++run;
    if (run == runs.end()) break;
    if (run->run.first <= position) run->changes.push_back({position, rows.text(row, 2)});
  }
  return {};
}

Expected<Position> first_kept(PgSession& session) {
  TRY(const PgResult meta, session.query("SELECT kept_from FROM meta"));
  return meta.rows() > 0 ? meta.u64(0, 0) : 1;
}

// The rows with positions from `from` on, in pieces, as long as `take` wants more.
template <class Take>
Expected<void> each_piece(PgSession& session, std::string_view sql, Position from,
                          std::size_t most_bytes, Take take) {
  while (true) {
    TRY(const PgResult rows, session.query(sql, from, static_cast<std::uint64_t>(most_bytes)));
    if (rows.rows() == 0) return {};
    TRY(const bool more, take(rows));
    if (!more) return {};
    from = rows.u64(rows.rows() - 1, 1) + 1;
  }
}

Expected<std::vector<OutcomeRun>> read_runs(PgSession& session, Position from,
                                            std::size_t most_bytes) {
  from = std::max<Position>(from, 1);
  // A run that holds `from` begins at or before it.
  static const std::string sql =
      within(kRun, "outcomes",
             "last >= $1 AND first >= coalesce((SELECT max(first) FROM outcomes WHERE first <= $1),"
             " $1)");
  TRY(const Position kept, first_kept(session));
  std::vector<OutcomeRun> out;
  std::size_t bytes = 0;
  TRY_DO(each_piece(session, sql, from, most_bytes, [&](const PgResult& rows) -> Expected<bool> {
    for (int row = 0; row < rows.rows(); ++row) {
      if (!out.empty() && bytes >= most_bytes) return false;
      if (out.empty() && rows.u64(row, 0) > from && from < kept) return false;
      TRY(OutcomeRun one, run_of(rows, row));
      bytes += one.run.bytes.size();
      out.push_back(std::move(one));
    }
    return bytes < most_bytes;
  }));
  if (out.empty() && from < kept) return expired("outcomes begin at " + std::to_string(kept));
  TRY_DO(add_changes(session, out));
  return out;
}

Expected<std::optional<OutcomeRun>> find_run(PgSession& session, Position position) {
  TRY(const PgResult rows, session.query("SELECT first, last, crc, raw_size, body FROM outcomes "
                                         "WHERE first <= $1 ORDER BY first DESC LIMIT 1",
                                         position));
  if (rows.rows() > 0 && rows.u64(0, 1) >= position) {
    std::vector<OutcomeRun> one(1);
    TRY(one[0], run_of(rows, 0));
    TRY_DO(add_changes(session, one));
    return std::optional(std::move(one[0]));
  }
  TRY(const Position kept, first_kept(session));
  if (position < kept) return expired("outcomes begin at " + std::to_string(kept));
  return std::optional<OutcomeRun>();
}

}  // namespace

Expected<stage::LogEnd> read_end(PgSession& session) {
  stage::LogEnd end;
  TRY(const PgResult newest,
      session.query("SELECT last, raw_size, body, (SELECT min(first) FROM log) FROM log "
                    "ORDER BY first DESC LIMIT 1"));
  if (newest.rows() == 0) return end;
  end.last = newest.u64(0, 0);
  TRY(const std::string bytes, unpack(newest.bytes(0, 2), newest.i64(0, 1)));
  end.hash = event::block_hash(bytes);
  end.first = newest.u64(0, 3);
  return end;
}

Expected<std::vector<BlockBytes>> read_blocks(PgSession& session, Position from,
                                              std::size_t most_bytes) {
  from = std::max<Position>(from, 1);
  // The block that holds `from` begins at or before it.
  static const std::string sql = within(
      "first, last, epoch, raw_size, body", "log",
      "last >= $1 AND first >= coalesce((SELECT max(first) FROM log WHERE first <= $1), $1)");
  std::vector<BlockBytes> out;
  std::size_t bytes = 0;
  TRY_DO(each_piece(session, sql, from, most_bytes, [&](const PgResult& rows) -> Expected<bool> {
    for (int row = 0; row < rows.rows(); ++row) {
      if (!out.empty() && bytes >= most_bytes) return false;
      const Position first = rows.u64(row, 0);
      if (out.empty() && first > from) {
        return expired("the log begins at " + std::to_string(first) + ", position " +
                       std::to_string(from) + " has been removed");
      }
      auto body = unpack(rows.bytes(row, 4), rows.i64(row, 3));
      if (!body) {
        return std::move(body).error().during("the block at position " + std::to_string(first));
      }
      bytes += body->size();
      out.push_back({first, rows.u64(row, 1), rows.u64(row, 2), *std::move(body)});
    }
    return bytes < most_bytes;
  }));
  return out;
}

Expected<stage::LogEnd> PostgresStore::end() {
  return read_.run([](PgSession& session) { return read_end(session); });
}

Expected<std::vector<BlockBytes>> PostgresStore::read_log(Position from, std::size_t most_bytes) {
  return read_.run([&](PgSession& session) { return read_blocks(session, from, most_bytes); });
}

Expected<std::vector<OutcomeRun>> PostgresStore::read_outcomes(Position from,
                                                               std::size_t most_bytes) {
  return read_.run([&](PgSession& session) { return read_runs(session, from, most_bytes); });
}

Expected<std::optional<OutcomeRun>> PostgresStore::outcome_run(Position position) {
  return read_.run([&](PgSession& session) { return find_run(session, position); });
}

}  // namespace quintet::store
