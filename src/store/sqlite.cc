#include "store/sqlite.h"

#include <cstdio>

#include "store/sqlite_store.h"

namespace quintet::store {
namespace {

// "Qnt1": SQLite's place for the name of the program a file belongs to.
constexpr int kApplicationId = 0x516e7431;
// The low mark is written this seldom; the rest is found again from the outcomes.
constexpr int kCommitsBetweenMarks = 64;
// A page in the write-ahead log, with its header.
constexpr std::int64_t kWalFrameBytes = 8192 + 24;

constexpr const char* kSchema = R"(
CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), format INTEGER NOT NULL,
  semantics INTEGER NOT NULL, epoch INTEGER NOT NULL, low INTEGER NOT NULL,
  kept_from INTEGER NOT NULL);
CREATE TABLE log(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, epoch INTEGER NOT NULL,
  raw_size INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE outcomes(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, crc INTEGER NOT NULL,
  raw_size INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE outcome_changes(position INTEGER PRIMARY KEY, crc INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE TABLE dead_letters(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, event_type TEXT NOT NULL,
  id TEXT NOT NULL, code TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL,
  format TEXT NOT NULL, bytes BLOB NOT NULL, replayed INTEGER NOT NULL, discarded INTEGER NOT NULL);
CREATE TABLE models(model TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL,
  state INTEGER NOT NULL, created_at INTEGER NOT NULL, metrics TEXT NOT NULL, card TEXT NOT NULL,
  bytes BLOB NOT NULL, PRIMARY KEY(model, version));
CREATE TABLE aliases(model TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY(model, alias)) WITHOUT ROWID;
)";

// Came with format 2.
constexpr const char* kBaseSchema = R"(
CREATE TABLE IF NOT EXISTS base(number INTEGER NOT NULL, name TEXT NOT NULL,
  position INTEGER NOT NULL, crc INTEGER NOT NULL, raw_size INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY(number, name));
)";

constexpr const char* kDerivedSchema = R"(
CREATE TABLE IF NOT EXISTS snapshots(name TEXT NOT NULL, position INTEGER NOT NULL,
  crc INTEGER NOT NULL, raw_size INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY(name, position));
)";

// Makes the tables under EXTRA: in WAL mode no journal remains whose loss could matter, but until
// then an unlinked rollback journal might rise again after a loss of power and undo everything.
Expected<void> make_tables(Database& database) {
  TRY_DO(database.run("PRAGMA page_size = 8192; PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE;"));
  TRY_DO(database.run(kSchema));
  TRY_DO(database.run(kBaseSchema));
  TRY_DO(database.run("INSERT INTO meta VALUES(1, " + std::to_string(kStoreFormat) + ", " +
                      std::to_string(kSemanticsVersion) + ", 0, 0, 1);" +
                      "PRAGMA application_id = " + std::to_string(kApplicationId) + "; COMMIT;"));
  return {};
}

Expected<void> check_format(Database& database, const std::string& path) {
  TRY(const std::int64_t id, database.number("PRAGMA application_id"));
  if (id != kApplicationId) return invalid(path + " belongs to another program");
  TRY(const std::int64_t format, database.number("SELECT format FROM meta"));
  TRY(const std::int64_t semantics, database.number("SELECT semantics FROM meta"));
  if (format > kStoreFormat) {
    return conflict(path + " has store format " + std::to_string(format) +
                    "; this build knows formats up to " + std::to_string(kStoreFormat) +
                    ", use a newer one");
  }
  if (semantics != kSemanticsVersion) {
    return conflict(path + " has semantics version " + std::to_string(semantics) +
                    "; this build computes version " + std::to_string(kSemanticsVersion) +
                    ", use the build that fits");
  }
  return {};
}

Expected<Database> open_truth(const std::string& directory, const SqliteOptions& options) {
  const std::string path = directory + "/quintet.db";
  // What the write-ahead log holds may not be on the disk: the process died before its sync, or the
  // sync failed and left pages that count as clean. SQLite would show it as committed, so it is
  // written anew and synced before anybody sees it.
  TRY_DO(write_again(path + "-wal", options.vfs));
  TRY(Database database, Database::open({path, options.vfs, options.busy_ms}));
  TRY(const std::int64_t tables, database.number("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) TRY_DO(make_tables(database));
  TRY_DO(check_format(database, path));
  TRY_DO(database.run("PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL"));
  TRY_DO(database.run(kBaseSchema));
  TRY_DO(sync_directory(directory));
  TRY_DO(database.run("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384"));
  return database;
}

Expected<Database> open_snapshots(const std::string& path, const SqliteOptions& options) {
  TRY(Database database, Database::open({path, options.vfs, options.busy_ms}));
  TRY_DO(
      database.run("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
                   "PRAGMA synchronous = NORMAL;"));
  TRY_DO(database.run(kDerivedSchema));
  return database;
}

// Snapshots can be made again, so a damaged file is replaced by an empty one.
Expected<Database> open_derived(const std::string& directory, const SqliteOptions& options) {
  const std::string path = directory + "/derived.db";
  auto opened = open_snapshots(path, options);
  if (opened || opened.error().code() == Code::exhausted || !options.vfs.empty()) return opened;
  for (const char* end : {"", "-wal", "-shm"}) (void)std::remove((path + end).c_str());
  return open_snapshots(path, options);
}

}  // namespace

Expected<std::unique_ptr<stage::Store>> open_sqlite(const std::string& directory,
                                                    const SqliteOptions& options) {
  return SqliteStore::open(directory, options);
}

Expected<std::unique_ptr<stage::Store>> SqliteStore::open(const std::string& directory,
                                                          const SqliteOptions& options) {
  TRY_DO(make_directory(directory, 0700));
  TRY(DirectoryLock lock, DirectoryLock::take(directory, "lock"));
  TRY(Database write, open_truth(directory, options));
  const std::string path = directory + "/quintet.db";
  TRY(Database read, Database::open({path, options.vfs, options.busy_ms}));
  TRY_DO(read.run("PRAGMA query_only = 1; PRAGMA cache_size = -8192"));
  TRY(Database derived, open_derived(directory, options));
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(lock), std::move(write),
                                                     std::move(read), std::move(derived), options));
  TRY_DO(store->prepare());
  TRY_DO(store->find_low_mark());
  if (!options.copy_between_commits) {
    TRY(Database copies, Database::open({path, options.vfs, options.busy_ms}));
    TRY_DO(copies.run("PRAGMA synchronous = FULL; PRAGMA query_only = 1"));
    store->copier_ = std::make_unique<Copier>(std::move(copies), path + "-wal",
                                              options.checkpoint_pages * kWalFrameBytes);
  }
  return std::unique_ptr<stage::Store>(std::move(store));
}

SqliteStore::SqliteStore(DirectoryLock lock, Database write, Database read, Database derived,
                         const SqliteOptions& options)
    : lock_(std::move(lock)),
      options_(options),
      write_(std::move(write)),
      read_{std::move(read), {}},
      derived_{std::move(derived), {}} {}

SqliteStore::~SqliteStore() {
  copier_.reset();
  // Only to open faster next time.
  (void)derived_.database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  if (failure_) return;
  statements_ = {};
  (void)write_.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Expected<void> SqliteStore::prepare() {
  struct Prepared {
    Statement& statement;
    const char* sql;
  };
  Statements& s = statements_;
  const Prepared all[] = {
      {s.begin, "BEGIN IMMEDIATE"},
      {s.commit, "COMMIT"},
      {s.rollback, "ROLLBACK"},
      {s.epoch, "SELECT epoch FROM meta"},
      {s.set_epoch, "UPDATE meta SET epoch = ?1"},
      {s.log_end, "SELECT last FROM log ORDER BY first DESC LIMIT 1"},
      {s.add_block, "INSERT INTO log VALUES(?1, ?2, ?3, ?4, ?5)"},
      {s.add_run, "INSERT INTO outcomes VALUES(?1, ?2, ?3, ?4, ?5)"},
      {s.runs_before, "SELECT first, last FROM outcomes WHERE first <= ?1 ORDER BY first DESC"},
      {s.set_mark, "UPDATE meta SET low = ?1"},
      {s.add_change, "INSERT OR REPLACE INTO outcome_changes VALUES(?1, ?2, ?3)"},
      {s.add_letter, "INSERT INTO dead_letters VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0)"},
      {s.replay_letter,
       "UPDATE dead_letters SET replayed = ?2 WHERE number = ?1 AND replayed = 0 AND NOT "
       "discarded"},
      {s.add_model, "INSERT INTO models VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      {s.next_version, "SELECT coalesce(max(version), 0) + 1 FROM models WHERE model = ?1"},
      {s.set_alias,
       "INSERT OR REPLACE INTO aliases SELECT ?1, ?2, version FROM models "
       "WHERE model = ?1 AND version = ?3"},
  };
  for (const Prepared& one : all) {
    TRY(one.statement, write_.prepare(one.sql));
  }
  return {};
}

Expected<void> SqliteStore::roll_back(Error error) {
  const auto back = statements_.rollback.with().finish();
  const Code code = error.code();
  const bool refused = code == Code::conflict || code == Code::invalid || code == Code::not_found;
  if (!refused || !back) failure_ = error;
  return error;
}

Expected<Epoch> SqliteStore::open_epoch() {
  Epoch epoch = 0;
  TRY_DO(transact([&]() -> Expected<void> {
    {
      Run run = statements_.epoch.with();
      TRY_DO(run.next());
      epoch = run.u64(0) + 1;
    }
    return statements_.set_epoch.with(epoch).finish();
  }));
  return epoch;
}

Expected<void> SqliteStore::commit(stage::Commit& commit, Epoch epoch) {
  new_low_ = low_;
  new_greatest_ = greatest_;
  auto done = transact([&] { return write_all(commit, epoch); });
  if (!done) {
    for (stage::DeadLetter& letter : commit.dead_letters) letter.number = 0;
    return done;
  }
  low_ = new_low_;
  greatest_ = new_greatest_;
  return {};
}

Expected<void> SqliteStore::write_all(stage::Commit& commit, Epoch epoch) {
  TRY_DO(check_epoch(epoch));
  TRY_DO(add_blocks(commit, epoch));
  TRY_DO(add_runs(commit.outcomes));
  TRY_DO(add_changes(commit.changes));
  TRY_DO(add_letters(commit.dead_letters));
  TRY_DO(replay_letters(commit.replayed));
  if (++commits_since_mark_ < kCommitsBetweenMarks) return {};
  commits_since_mark_ = 0;
  return statements_.set_mark.with(new_low_).finish();
}

Expected<void> SqliteStore::check_epoch(Epoch epoch) {
  Run run = statements_.epoch.with();
  TRY_DO(run.next());
  if (run.u64(0) == epoch) return {};
  return conflict("epoch " + std::to_string(epoch) + " has been replaced by epoch " + run.text(0));
}

// Called before a transaction, when the answers to the one before are on their way. The copier does
// the bulk beside commits; what came in meanwhile is little, and only when nothing is left does
// SQLite begin the log anew.
void SqliteStore::keep_log_short() {
  if (write_.log_pages() < options_.checkpoint_pages) return;
  if (!copier_) return copy_rest();
  constexpr int kMostTimes = 8;
  if (write_.log_pages() >= kMostTimes * options_.checkpoint_pages) copier_->wait();
  switch (copier_->state()) {
    case Copier::State::idle: return copier_->start();
    case Copier::State::copying: return;
    case Copier::State::copied: copier_->taken(); return copy_rest();
    case Copier::State::failed: failure_ = copier_->failure(); return;
  }
}

void SqliteStore::copy_rest() {
  // Nothing is lost by a failure here, and a full disk may have room again; but a disk that fails
  // to sync must not be trusted with more.
  const auto left = write_.checkpoint();
  if (!left && left.error().code() == Code::broken) failure_ = left.error();
}

}  // namespace quintet::store
