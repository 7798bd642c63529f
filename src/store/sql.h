// SQLite behind three small types; the one place that sees its header is sql.cc. Used inside this
// room only. A Database and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.h"

struct sqlite3;
struct sqlite3_stmt;

namespace quintet::store {

// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

// One execution of a statement: values bound, rows read. Resets the statement when it goes, which
// ends the read that it may hold.
class Run {
 public:
  explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
  Run(Run&& other) noexcept;
  Run& operator=(Run&&) = delete;
  ~Run();

  // Values for ?1, ?2, ... in order. Text and bytes must live until the last next().
  Run& bind(std::int64_t value);
  Run& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Run& bind(std::uint32_t value) { return bind(static_cast<std::int64_t>(value)); }
  Run& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Run& bind(std::string_view text);
  Run& bind(Blob blob);

  // True if there is a row; columns may be read until the next call.
  Expected<bool> next();
  // For what gives no rows.
  Expected<void> finish();

  std::int64_t i64(int column) const;
  std::uint64_t u64(int column) const { return static_cast<std::uint64_t>(i64(column)); }
  // A view that is good until next().
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
  int failure_ = 0;
};

// A prepared statement; made once, run often.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  template <class... Values>
  Run with(const Values&... values) {
    Run run(statement_.get());
    (run.bind(values), ...);
    return run;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

struct DatabaseOptions {
  std::string path;
  std::string vfs;  // empty: the system's
  int busy_ms = 5000;
};

class Database {
 public:
  Database() = default;  // none: to be assigned to
  // Opens, makes the file if it is not there, and forbids what a damaged schema could do.
  static Expected<Database> open(const DatabaseOptions& options);

  // One or more statements that give no rows of interest.
  Expected<void> run(const std::string& sql);
  Expected<Statement> prepare(std::string_view sql);
  // The same, made once and kept: for what is run often, and never while it runs. `sql` is a
  // literal: it is known by its address.
  Expected<Statement*> kept(const char* sql);
  // The first column of the first row as a number; 0 without a row.
  Expected<std::int64_t> number(std::string_view sql);
  // The same as text.
  Expected<std::string> text(std::string_view sql);

  // Copies what it can of the write-ahead log into the file, waiting for nobody. Pages that the
  // log holds afterwards. A failure is an error, but nothing is lost by it.
  Expected<int> checkpoint();
  // Pages that the write-ahead log holds, as of the last commit of this connection.
  int log_pages() const { return *log_pages_; }
  std::int64_t last_row() const;
  // Rows that the last insert, update or delete touched.
  int changed() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);  // told by SQLite at each commit
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<const char*, Statement> kept_;  // go before the handle
};

// Writes what a write-ahead log holds over itself and syncs it, through the VFS; no file is fine.
// Only while no connection has it open.
Expected<void> write_again(const std::string& path, const std::string& vfs);

}  // namespace quintet::store
