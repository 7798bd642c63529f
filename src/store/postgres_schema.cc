// The tables of the store on PostgreSQL, and what a session finds before it uses them.
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/hash.h"
#include "store/postgres_store.h"

namespace quintet::store {
namespace {

constexpr int kOldestServer = 130000;  // 13: what is maintained when this is written, and newer
constexpr int kDropPatience = 60'000;  // ms
constexpr auto kLookAgain = std::chrono::milliseconds(20);

// Bodies are compressed by us or not at all, and lie beside the rows, which stay short.
// `in_charge` is written by every transaction of a writer as the answer to whether it still is one;
// the check makes its transaction fail where the answer is no.
constexpr const char* kTables[] = {
    R"(CREATE TABLE meta(one int8 PRIMARY KEY CHECK(one = 1), format int8 NOT NULL,
  semantics int8 NOT NULL, owner bytea NOT NULL, epoch int8 NOT NULL, low int8 NOT NULL,
  kept_from int8 NOT NULL, in_charge boolean NOT NULL CONSTRAINT in_charge CHECK(in_charge)))",
    R"(CREATE TABLE log(first int8 PRIMARY KEY, last int8 NOT NULL, epoch int8 NOT NULL,
  raw_size int8 NOT NULL, body bytea NOT NULL))",
    R"(CREATE TABLE outcomes(first int8 PRIMARY KEY, last int8 NOT NULL, crc int8 NOT NULL,
  raw_size int8 NOT NULL, body bytea NOT NULL))",
    R"(CREATE TABLE outcome_changes(position int8 PRIMARY KEY, crc int8 NOT NULL,
  body bytea NOT NULL))",
    R"(CREATE TABLE dead_letters(number int8 PRIMARY KEY, at int8 NOT NULL,
  event_type bytea NOT NULL, id bytea NOT NULL, code bytea NOT NULL, field bytea NOT NULL,
  message bytea NOT NULL, format bytea NOT NULL, bytes bytea NOT NULL, replayed int8 NOT NULL,
  discarded int8 NOT NULL))",
    R"(CREATE TABLE models(model bytea NOT NULL, version int8 NOT NULL, digest bytea NOT NULL,
  state int8 NOT NULL, created_at int8 NOT NULL, metrics bytea NOT NULL, card bytea NOT NULL,
  bytes bytea NOT NULL, PRIMARY KEY(model, version)))",
    R"(CREATE TABLE aliases(model bytea NOT NULL, alias bytea NOT NULL, version int8 NOT NULL,
  PRIMARY KEY(model, alias)))",
    R"(CREATE TABLE base(number int8 NOT NULL, name bytea NOT NULL, position int8 NOT NULL,
  crc int8 NOT NULL, raw_size int8 NOT NULL, body bytea NOT NULL, PRIMARY KEY(number, name)))",
    R"(CREATE TABLE snapshots(name bytea NOT NULL, position int8 NOT NULL, crc int8 NOT NULL,
  raw_size int8 NOT NULL, body bytea NOT NULL, PRIMARY KEY(name, position)))",
    "ALTER TABLE log ALTER COLUMN body SET STORAGE EXTERNAL",
    "ALTER TABLE outcomes ALTER COLUMN body SET STORAGE EXTERNAL",
    "ALTER TABLE models ALTER COLUMN bytes SET STORAGE EXTERNAL",
    "ALTER TABLE base ALTER COLUMN body SET STORAGE EXTERNAL",
    "ALTER TABLE snapshots ALTER COLUMN body SET STORAGE EXTERNAL",
};

// A session whose client is gone ends soon, however it went: who comes next waits for that. No
// statement of ours waits long for a lock of somebody else's.
constexpr const char* kSettings[] = {
    "SET client_min_messages = warning",
    "SET lock_timeout = '30s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    "SET bytea_output = hex",
};

std::string name_of_this(std::string_view purpose) {
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  // PostgreSQL keeps 63 bytes: what tells two apart comes first.
  return "quintet " + std::to_string(::getpid()) + " " + std::string(purpose) + " on " + host;
}

Expected<std::string> setting(PgSession& session, const std::string& name) {
  TRY(const PgResult found, session.query("SHOW " + name));
  return found.text(0, 0);
}

Expected<void> make_tables(PgSession& session, const PostgresOptions& options) {
  // Who may not make schemas may be given one.
  TRY(const PgResult there,
      session.query("SELECT count(*) FROM pg_namespace WHERE nspname = convert_from($1, 'UTF8')",
                    std::string_view(options.schema)));
  session.add("BEGIN");
  if (there.i64(0, 0) == 0) session.add("CREATE SCHEMA " + quoted(options.schema));
  for (const char* sql : kTables) session.add(sql);
  session.add("INSERT INTO meta VALUES(1, $1, $2, $3, 0, 0, 1, true)", kPostgresFormat,
              static_cast<std::int64_t>(kSemanticsVersion), std::string_view(options.owner));
  auto made = session.commit();
  if (!made) return std::move(made).error().during("making the schema " + options.schema);
  return {};
}

Expected<void> check_format(PgSession& session, const PostgresOptions& options) {
  TRY(const PgResult meta, session.query("SELECT format, semantics, owner FROM meta"));
  const std::string where = "the schema " + options.schema;
  if (meta.rows() != 1) return broken(where + ": its table meta has no row");
  if (meta.i64(0, 0) > kPostgresFormat) {
    return conflict(where + " has store format " + std::to_string(meta.i64(0, 0)) +
                    "; this build knows formats up to " + std::to_string(kPostgresFormat) +
                    ", use a newer one");
  }
  if (meta.i64(0, 1) != kSemanticsVersion) {
    return conflict(where + " has semantics version " + std::to_string(meta.i64(0, 1)) +
                    "; this build computes version " + std::to_string(kSemanticsVersion) +
                    ", use the build that fits");
  }
  if (!options.owner.empty() && meta.bytes(0, 2) != options.owner) {
    return conflict(where + " is the store of " + meta.text(0, 2) + ", not of " + options.owner +
                    ": give each a database of its own")
        .with_id("other_application");
  }
  return {};
}

Expected<std::int64_t> count_tables(PgSession& session, const std::string& schema) {
  TRY(const PgResult found,
      session.query("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "WHERE n.nspname = convert_from($1, 'UTF8') AND c.relkind IN ('r', 'p')",
                    std::string_view(schema)));
  return found.i64(0, 0);
}

}  // namespace

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

Expected<PgSession> open_session(const PostgresOptions& options, std::string_view purpose) {
  TRY(PgSession session, PgSession::open({options.url, name_of_this(purpose), options.answer_ms}));
  if (session.server_version() < kOldestServer) {
    return invalid("PostgreSQL 13 or newer is needed; " + session.place() + " is older");
  }
  for (const char* sql : kSettings) session.add(sql);
  // 14 and newer; looks whether we are still there while a statement runs.
  if (session.server_version() >= 140000)
    session.add("SET client_connection_check_interval = '2s'");
  session.add("SET search_path = " + quoted(options.schema));
  TRY_DO(session.finish());
  return session;
}

Expected<std::vector<std::string>> check_promises(PgSession& session) {
  TRY(const std::string fsync, setting(session, "fsync"));
  if (fsync == "off") {
    return invalid("the server at " + session.place() +
                   " runs with fsync = off: it would lose what was acknowledged; switch it on");
  }
  std::vector<std::string> less;
  TRY(const std::string synchronous, setting(session, "synchronous_commit"));
  if (synchronous == "off") {
    // Ours to decide, as every session's.
    TRY_DO(session.query("SET synchronous_commit = on"));
  }
  TRY(const std::string pages, setting(session, "full_page_writes"));
  if (pages == "off") {
    less.emplace_back(
        "full_page_writes is off: a loss of power can tear pages, unless the file system writes "
        "them whole");
  }
  TRY(const std::string again, setting(session, "data_sync_retry"));
  if (again == "on") {
    less.emplace_back(
        "data_sync_retry is on: after a failed fsync the server goes on as if nothing were lost");
  }
  TRY(const PgResult standbys,
      session.query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"));
  TRY(const std::string waits, setting(session, "synchronous_standby_names"));
  if (standbys.i64(0, 0) > 0 && (waits.empty() || synchronous == "local")) {
    less.emplace_back(
        "its standbys are asynchronous: what was acknowledged last is lost if one of them takes "
        "over");
  }
  return less;
}

Expected<void> lock_schema(PgSession& session, const PostgresOptions& options) {
  const auto key = static_cast<std::int64_t>(hash64("quintet " + options.schema));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.lock_ms);
  while (true) {
    TRY(const PgResult got, session.query("SELECT pg_try_advisory_lock($1)", key));
    if (got.i64(0, 0) == 1) return {};
    if (std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(kLookAgain);
  }
  TRY(const PgResult holder,
      session.query("SELECT coalesce(a.application_name, ''), l.pid::text FROM pg_locks l "
                    "LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
                    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND "
                    "l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                    "AND l.classid = (($1 >> 32) & 4294967295)::oid "
                    "AND l.objid = ($1 & 4294967295)::oid",
                    key));
  std::string who = "another program";
  if (holder.rows() > 0) who = holder.text(0, 0) + " (session " + holder.text(0, 1) + ")";
  return conflict("the schema " + options.schema + " at " + session.place() + " is open in " + who);
}

Expected<bool> has_store(PgSession& session, const std::string& schema) {
  TRY(const PgResult found,
      session.query("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "WHERE n.nspname = convert_from($1, 'UTF8') AND c.relname = 'meta'",
                    std::string_view(schema)));
  return found.i64(0, 0) > 0;
}

Expected<void> prepare_schema(PgSession& session, const PostgresOptions& options) {
  TRY(const bool there, has_store(session, options.schema));
  TRY(const std::int64_t tables, count_tables(session, options.schema));
  if (!there && tables > 0) {
    return invalid("the schema " + options.schema + " holds tables of another program");
  }
  if (!there) TRY_DO(make_tables(session, options));
  return check_format(session, options);
}

Expected<PostgresFacts> look_at_postgres(const std::string& url) {
  PostgresOptions options;
  options.url = url;
  options.schema = "pg_catalog";
  TRY(PgSession session, open_session(options, "doctor"));
  PostgresFacts facts;
  facts.place = session.place();
  TRY(facts.version, setting(session, "server_version"));
  TRY(facts.shortfall, check_promises(session));
  TRY(const PgResult may,
      session.query("SELECT has_database_privilege(current_database(), 'CREATE')"));
  facts.may_create = may.i64(0, 0) == 1;
  return facts;
}

Expected<void> drop_schemas(const std::string& url, const std::vector<std::string>& names) {
  PostgresOptions options;
  options.url = url;
  options.schema = "pg_catalog";
  options.lock_ms = kDropPatience;
  TRY(PgSession session, open_session(options, "drop"));
  for (const std::string& name : names) {
    options.schema = name;
    TRY_DO(lock_schema(session, options));
    TRY_DO(session.query("DROP SCHEMA IF EXISTS " + quoted(name) + " CASCADE"));
  }
  return {};
}

}  // namespace quintet::store
