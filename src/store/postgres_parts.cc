// Snapshots, on a session of their own, and the base of a log whose beginning was removed.
#include "store/postgres_store.h"
#include "store/stored.h"

namespace quintet::store {

using stage::Snapshot;

Expected<void> PostgresStore::put_snapshots(const std::vector<Snapshot>& snapshots) {
  return derived_.run([&](PgSession& session) -> Expected<void> {
    session.add("BEGIN");
    for (const Snapshot& one : snapshots) {
      const Stored stored = pack(one.bytes, kCompressPartFrom);
      session.add(
          "INSERT INTO snapshots VALUES($1, $2, $3, $4, $5) ON CONFLICT (name, position) DO UPDATE "
          "SET crc = EXCLUDED.crc, raw_size = EXCLUDED.raw_size, body = EXCLUDED.body",
          std::string_view(one.name), one.position, crc_of(one), stored.raw_size, stored.body());
      session.add(
          "DELETE FROM snapshots WHERE name = $1 AND position NOT IN (SELECT position FROM "
          "snapshots WHERE name = $1 ORDER BY position DESC LIMIT 2)",
          std::string_view(one.name));
    }
    TRY_DO(session.commit());
    return {};
  });
}

// The table gets a file of its own anew, unless somebody reads it (a backup); then its rows go.
Expected<void> PostgresStore::remove_snapshots() {
  return derived_.run([&](PgSession& session) -> Expected<void> {
    session.add("BEGIN");
    session.add("SET LOCAL lock_timeout = '2s'");
    session.add("TRUNCATE snapshots");
    auto done = session.commit();
    if (!done && !session.lost()) {
      session.add("DELETE FROM snapshots");
      done = session.finish();
    }
    if (!done) return std::move(done).error();
    return {};
  });
}

Expected<void> PostgresStore::remove_snapshots(const std::vector<std::string>& names) {
  return derived_.run([&](PgSession& session) -> Expected<void> {
    session.add("BEGIN");
    for (const std::string& name : names) {
      session.add("DELETE FROM snapshots WHERE name = $1", std::string_view(name));
    }
    TRY_DO(session.commit());
    return {};
  });
}

// A damaged snapshot counts as none: an older one, or the log, takes its place.
Expected<std::vector<Snapshot>> PostgresStore::snapshots(Position most, std::string_view name) {
  return derived_.run([&](PgSession& session) -> Expected<std::vector<Snapshot>> {
    TRY(const PgResult rows,
        session.query("SELECT name, position, crc, raw_size, body FROM snapshots "
                      "WHERE position <= $1 AND ($2 = '' OR name = $2) "
                      "ORDER BY name, position DESC",
                      most, name));
    std::vector<Snapshot> out;
    for (int row = 0; row < rows.rows(); ++row) {
      Snapshot one{rows.text(row, 0), rows.u64(row, 1), {}};
      if (!out.empty() && out.back().name == one.name) continue;
      auto body = unpack(rows.bytes(row, 4), rows.i64(row, 3));
      if (!body) continue;
      one.bytes = *std::move(body);
      if (crc_of(one) != rows.u64(row, 2)) continue;
      out.push_back(std::move(one));
    }
    return out;
  });
}

Expected<void> PostgresStore::put_base(std::uint64_t number, const std::vector<Snapshot>& parts,
                                       Epoch epoch) {
  TRY_DO(transact(epoch, low_, [&](PgSession& session) {
    for (const Snapshot& part : parts) {
      const Stored stored = pack(part.bytes, kCompressPartFrom);
      session.add(
          "INSERT INTO base VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT (number, name) DO UPDATE "
          "SET "
          "position = EXCLUDED.position, crc = EXCLUDED.crc, raw_size = EXCLUDED.raw_size, "
          "body = EXCLUDED.body",
          number, std::string_view(part.name), part.position, crc_of(part), stored.raw_size,
          stored.body());
    }
  }));
  return {};
}

Expected<Snapshot> read_base_part(PgSession& session, std::uint64_t number, std::string_view name) {
  TRY(const PgResult rows, session.query("SELECT position, crc, raw_size, body FROM base "
                                         "WHERE number = $1 AND name = $2",
                                         number, name));
  const std::string what = "base " + std::to_string(number) + ", part " + std::string(name);
  if (rows.rows() == 0) return not_found(what + " is not there");
  Snapshot part{std::string(name), rows.u64(0, 0), {}};
  auto body = unpack(rows.bytes(0, 3), rows.i64(0, 2));
  if (body) part.bytes = *std::move(body);
  if (!body || crc_of(part) != rows.u64(0, 1)) return broken(what + " does not match its checksum");
  return part;
}

Expected<Snapshot> PostgresStore::base_part(std::uint64_t number, std::string_view name) {
  return read_.run([&](PgSession& session) { return read_base_part(session, number, name); });
}

Expected<std::vector<std::uint64_t>> PostgresStore::bases() {
  return read_.run([](PgSession& session) -> Expected<std::vector<std::uint64_t>> {
    TRY(const PgResult rows, session.query("SELECT DISTINCT number FROM base ORDER BY number"));
    std::vector<std::uint64_t> numbers;
    for (int row = 0; row < rows.rows(); ++row) numbers.push_back(rows.u64(row, 0));
    return numbers;
  });
}

Expected<bool> PostgresStore::remove_base(std::uint64_t number, std::size_t most, Epoch epoch) {
  TRY(const auto results, transact(epoch, low_, [&](PgSession& session) {
        session.add(
            "DELETE FROM base WHERE number = $1 AND name IN (SELECT name FROM base "
            "WHERE number = $1 ORDER BY name LIMIT $2)",
            number, static_cast<std::uint64_t>(most));
      }));
  return results[2].touched() == static_cast<std::int64_t>(most);
}

}  // namespace quintet::store
