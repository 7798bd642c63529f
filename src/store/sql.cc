#include "store/sql.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstddef>

namespace quintet::store {
namespace {

std::string path_of(sqlite3* handle) {
  const char* name = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  return name == nullptr ? "a database" : name;
}

// What a caller can do about a result code of SQLite.
Error error_of(sqlite3* handle, int result, const std::string& path) {
  const char* text = handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle);
  const std::string what = path + ": " + text;
  const int system = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  switch (result & 0xff) {
    case SQLITE_FULL: return exhausted(path + ": the disk is full");
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return exhausted(what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return unavailable(path + ": another program has locked it");
    case SQLITE_IOERR:
      if (system == ENOSPC || system == EDQUOT) return exhausted(path + ": the disk is full");
      return broken(what);
    case SQLITE_NOTADB: return invalid(path + " is no SQLite database");
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH: return invalid(what);
    default: return broken(what);
  }
}

}  // namespace

Run::Run(Run&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_),
      failure_(other.failure_) {}

Run::~Run() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Run& Run::bind(std::int64_t value) {
  if (const int result = sqlite3_bind_int64(statement_, ++bound_, value); failure_ == SQLITE_OK) {
    failure_ = result;
  }
  return *this;
}

Run& Run::bind(std::string_view text) {
  // A null pointer would be NULL, not an empty text.
  const char* start = text.empty() ? "" : text.data();
  const int result =
      sqlite3_bind_text64(statement_, ++bound_, start, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (failure_ == SQLITE_OK) failure_ = result;
  return *this;
}

Run& Run::bind(Blob blob) {
  const char* start = blob.bytes.empty() ? "" : blob.bytes.data();
  const int result =
      sqlite3_bind_blob64(statement_, ++bound_, start, blob.bytes.size(), SQLITE_STATIC);
  if (failure_ == SQLITE_OK) failure_ = result;
  return *this;
}

Expected<bool> Run::next() {
  const int result = failure_ != SQLITE_OK ? failure_ : sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(statement_);
  return error_of(handle, result, path_of(handle));
}

Expected<void> Run::finish() {
  TRY_DO(next());
  return {};
}

std::int64_t Run::i64(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Run::bytes(int column) const {
  const void* start = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(start), start == nullptr ? 0 : static_cast<std::size_t>(size)};
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Expected<Database> Database::open(const DatabaseOptions& options) {
  Database database;
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(
      options.path.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      options.vfs.empty() ? nullptr : options.vfs.c_str());
  database.handle_.reset(handle);
  if (result != SQLITE_OK) return error_of(handle, result, options.path);
  sqlite3_busy_timeout(handle, options.busy_ms);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // After a failed sync nothing more may be copied, so checkpoints are ours alone: no automatic one
  // (the hook replaces it) and none on closing.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_hook(
      handle,
      [](void* pages, sqlite3*, const char*, int now) {
        *static_cast<int*>(pages) = now;
        return SQLITE_OK;
      },
      database.log_pages_.get());
  return database;
}

Expected<void> Database::run(const std::string& sql) {
  const int result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return error_of(handle_.get(), result, path_of(handle_.get()));
  return {};
}

Expected<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return error_of(handle_.get(), result, path_of(handle_.get()));
  return Statement(statement);
}

Expected<Statement*> Database::kept(const char* sql) {
  const auto found = kept_.find(sql);
  if (found != kept_.end()) return &found->second;
  TRY(Statement made, prepare(sql));
  return &kept_.emplace(sql, std::move(made)).first->second;
}

Expected<std::int64_t> Database::number(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  Run run = statement.with();
  TRY(const bool row, run.next());
  return row ? run.i64(0) : 0;
}

Expected<std::string> Database::text(std::string_view sql) {
  TRY(Statement statement, prepare(sql));
  Run run = statement.with();
  TRY(const bool row, run.next());
  return row ? run.text(0) : std::string();
}

Expected<int> Database::checkpoint() {
  int pages = 0;
  int copied = 0;
  const int result =
      sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
  if ((result & 0xff) == SQLITE_BUSY) return *log_pages_;
  if (result != SQLITE_OK) return error_of(handle_.get(), result, path_of(handle_.get()));
  *log_pages_ = pages - copied;
  return *log_pages_;
}

std::int64_t Database::last_row() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

int Database::changed() const {
  return sqlite3_changes(handle_.get());
}

namespace {

// The system's VFS takes no more than 128 KiB less one byte at once.
constexpr sqlite3_int64 kPiece = 1 << 16;

constexpr sqlite3_int64 kLogHeader = 32;
constexpr sqlite3_int64 kFrameHeader = 24;

// Where the frames that are in force may end: from there on they carry the salts of an older round,
// or are zeros. The salts stand at 16 in the log's header and at 8 in each frame's.
int end_of_log(sqlite3_file* file, sqlite3_int64* end) {
  sqlite3_int64 size = 0;
  int result = file->pMethods->xFileSize(file, &size);
  *end = 0;
  if (result != SQLITE_OK || size < kLogHeader) return result;
  std::string header(kLogHeader, '\0');
  result = file->pMethods->xRead(file, header.data(), static_cast<int>(kLogHeader), 0);
  sqlite3_int64 page = 0;
  for (int i = 8; i < 12; ++i) page = page * 256 + static_cast<unsigned char>(header[i]);
  // Then it is the header of no log.
  if (page < 512 || page > 65536) return result;
  *end = kLogHeader;
  std::string frame(kFrameHeader, '\0');
  while (result == SQLITE_OK && *end + kFrameHeader + page <= size) {
    result = file->pMethods->xRead(file, frame.data(), static_cast<int>(kFrameHeader), *end);
    if (frame.compare(8, 8, header, 16, 8) != 0) break;
    *end += kFrameHeader + page;
  }
  return result;
}

int copy_over_itself(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  int result = end_of_log(file, &size);
  std::string piece;
  for (sqlite3_int64 at = 0; at < size && result == SQLITE_OK; at += kPiece) {
    piece.resize(static_cast<std::size_t>(std::min(kPiece, size - at)));
    const int bytes = static_cast<int>(piece.size());
    result = file->pMethods->xRead(file, piece.data(), bytes, at);
    if (result == SQLITE_OK) result = file->pMethods->xWrite(file, piece.data(), bytes, at);
  }
  return result == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : result;
}

}  // namespace

Expected<void> write_again(const std::string& path, const std::string& vfs_name) {
  sqlite3_initialize();
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr) return invalid("there is no VFS " + vfs_name);
  int there = 0;
  int result = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there);
  if (result == SQLITE_OK && there == 0) return {};
  // A VFS wants a path with the parameters of a URI behind it: none, so one zero more.
  std::string name = path;
  name.append(2, '\0');
  std::vector<std::max_align_t> space(
      static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
  auto* file = reinterpret_cast<sqlite3_file*>(space.data());
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL;
  if (result == SQLITE_OK) result = vfs->xOpen(vfs, name.c_str(), file, flags, &flags);
  if (result == SQLITE_OK) result = copy_over_itself(file);
  if (file->pMethods != nullptr) file->pMethods->xClose(file);
  if (result != SQLITE_OK) return error_of(nullptr, result, path);
  return {};
}

}  // namespace quintet::store
