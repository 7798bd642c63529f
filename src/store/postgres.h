// The store on a PostgreSQL server: one schema a store, one transaction a commit, which is one
// round trip. What commit() said yes to survives the death of this process, of the server, and the
// loss of power of either, as far as the server's disk keeps what its fsync promised.
//
// docs/decisions/0026-postgresql.md says why.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stage/store.h"

namespace quintet::store {

struct PostgresOptions {
  std::string url;     // postgres://...; what it leaves out, PGHOST, PGPASSWORD, ~/.pgpass say
  std::string schema;  // made if it is not there; see schema_of()
  // Whose store it is, as "card-fraud" or "card-fraud/ingest": written at its making and compared
  // afterwards. Empty: not compared.
  std::string owner;
  bool must_exist = false;  // `not_found` instead of making it
  // Blocks and outcome runs of at least this many bytes are compressed; 0: none.
  std::size_t compress_from = 0;
  // How long an opening waits for a session that has the schema. The session of a program that died
  // ends at once, or when the server has finished what it was doing for it.
  int lock_ms = 5000;
  int answer_ms = 60'000;            // until a server that says nothing counts as lost
  std::shared_ptr<const void> held;  // kept as long as the store
  // What this server promises less of than we would like, a sentence each.
  std::function<void(const std::string&)> tell;
};

struct Location;
PostgresOptions options_of(const Location& location);

// The schema of an application, or of one of its services: quintet_APP or quintet_APP_SERVICE, of
// letters, digits and `_`; cut, with a hash at its end, where PostgreSQL would cut it.
std::string schema_of(std::string_view application, std::string_view service = {});
// The same where the schemas of an application are given another name than quintet_APP.
std::string named_schema(std::string_view name, std::string_view service = {});
// `invalid` if a person may not give that name: one that PostgreSQL would fold, cut or refuse.
Expected<void> check_schema_name(std::string_view name);
// Removes these schemas with all that is in them, where they are; for what was made to be thrown
// away. Of each it waits, up to a minute, until nobody has it open: what a session of a program
// that died still does is over then.
Expected<void> drop_schemas(const std::string& url, const std::vector<std::string>& names);

// Makes schema and tables if they are not there. Fails with
//   conflict     another session (named) has the schema, it is another application's, or a newer
//                build wrote it;
//   invalid      no such database, no rights in it, a schema with other tables, or a server that
//                loses what it said yes to (fsync = off);
//   unavailable  no server answers;
//   broken       tables are missing.
// No message holds a password.
//
// What this store adds to the contract:
//   - A session holds an advisory lock on the schema as long as the store is open, and writes all
//     that commit() writes: who has lost the lock cannot commit. Epochs fence beside it, in the
//     transaction.
//   - An outcome run that is covered in part is a `conflict`, because a run cannot be cut.
//   - After a failed transaction (`unavailable`, `exhausted`, `broken`) every commit() fails with
//     the same error until the store is opened anew, and nothing is tried again: nobody knows
//     whether it was committed. Opening waits until the server has ended the session that asked,
//     and so finds what became of it.
//   - Reads may come from any thread; they wait for each other, never for a commit. A connection
//     of reads or snapshots that was lost is made anew by the next of them.
//   - put_snapshots() has a connection of its own and may be called from a thread of its own.
Expected<std::unique_ptr<stage::Store>> open_postgres(const PostgresOptions& options);

// A second look at the log, as open_log_reader(); `not_found` if there is no store.
Expected<std::unique_ptr<stage::LogSource>> open_postgres_reader(const PostgresOptions& options);

// A URL without its password: what may be shown and written down. `invalid` if it is no URL of
// PostgreSQL, which is said without quoting it.
struct PostgresUrl {
  std::string url, password;
};
Expected<PostgresUrl> split_password(const std::string& url);

// What a server is, without touching anything of it: for `quintet doctor`.
struct PostgresFacts {
  std::string place;                   // postgres://USER@HOST:PORT/DATABASE
  std::string version;                 // "15.6"
  bool may_create = false;             // schemas, in this database
  std::vector<std::string> shortfall;  // what it promises less of, a sentence each
};
Expected<PostgresFacts> look_at_postgres(const std::string& url);

}  // namespace quintet::store
