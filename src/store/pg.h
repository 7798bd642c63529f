// PostgreSQL behind three small types; the one place that sees libpq's header is pg.cc. Used inside
// this room only. A PgSession and its results belong to one thread at a time.
//
// All numbers go and come as int8 and all else as bytea, in their binary forms: what an event held
// need not be text of the database's encoding, and bytes are in the same order everywhere.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

struct pg_conn;
struct pg_result;

namespace quintet::store {

// The rows of one statement.
class PgResult {
 public:
  explicit PgResult(pg_result* result) : result_(result) {}
  int rows() const;
  std::int64_t i64(int row, int column) const;
  std::uint64_t u64(int row, int column) const {
    return static_cast<std::uint64_t>(i64(row, column));
  }
  // A view that is good as long as the result; of text columns too.
  std::string_view bytes(int row, int column) const;
  std::string text(int row, int column) const { return std::string(bytes(row, column)); }
  // Rows that an insert, update or delete touched.
  std::int64_t touched() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// Values for $1, $2, ... in order. Bytes must live until the statement is added.
class PgValues {
 public:
  struct Value {
    std::int64_t number = 0;
    std::string_view bytes;
    bool is_number = false;
  };
  void add(std::int64_t value) { all_.push_back({value, {}, true}); }
  void add(std::uint64_t value) { add(static_cast<std::int64_t>(value)); }
  void add(std::uint32_t value) { add(static_cast<std::int64_t>(value)); }
  void add(int value) { add(static_cast<std::int64_t>(value)); }
  void add(std::string_view bytes) { all_.push_back({0, bytes, false}); }
  const std::vector<Value>& all() const { return all_; }

 private:
  std::vector<Value> all_;
};

struct PgSettings {
  std::string url;   // as libpq takes it; what it leaves out, PGHOST, PGPASSWORD, ... may say
  std::string name;  // as pg_stat_activity shows it
  // Between a request and the first bytes of its answer, and between two pieces of it. Then the
  // session is given up: whether the server did what was asked is not known.
  int answer_ms = 60'000;
};

class PgSession {
 public:
  // Fails with
  //   unavailable  no server answers there, or it is starting or stopping;
  //   invalid      it refuses us (no such database or role, a wrong password), or the URL is none.
  // No message holds the password.
  static Expected<PgSession> open(const PgSettings& settings);
  PgSession(PgSession&&) noexcept;
  PgSession& operator=(PgSession&&) noexcept;
  ~PgSession();

  // Adds a statement to the next round trip. Its text is parsed by the server once a session.
  template <class... Values>
  void add(std::string_view sql, const Values&... values) {
    PgValues list;
    (list.add(values), ...);
    queue(sql, list);
  }
  // Sends what was added and waits for all of it. The first error is given, and what came after it
  // was not done; what was a transaction is rolled back. `conflict` where a check named `in_charge`
  // did not hold. After `unavailable` the session may be lost().
  Expected<std::vector<PgResult>> finish();
  // Adds COMMIT and finishes: anything but an error is a transaction that was committed. If the
  // session is lost on the way, nobody knows.
  Expected<std::vector<PgResult>> commit();

  template <class... Values>
  Expected<PgResult> query(std::string_view sql, const Values&... values) {
    add(sql, values...);
    TRY(auto results, finish());
    return std::move(results.back());
  }

  // Of no use any more: the connection is gone, and with it every lock and setting.
  bool lost() const { return lost_; }
  int server_version() const;
  // Who is connected to what: postgres://USER@HOST:PORT/DATABASE.
  std::string place() const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  // What is on its way, in order.
  struct Sent {
    bool parses;       // the answer is to a parse, not to an execution
    std::string name;  // of the prepared statement
  };

  explicit PgSession(int answer_ms) : answer_ms_(answer_ms) {}
  void queue(std::string_view sql, const PgValues& values);
  bool wait();
  std::unique_ptr<pg_result, void (*)(pg_result*)> next();
  Error lose(std::string_view why);
  Expected<std::vector<PgResult>> collect();
  void roll_back();

  std::unique_ptr<pg_conn, Close> connection_;
  int answer_ms_;
  bool lost_ = false;
  bool unsent_ = false;  // libpq took no more
  std::vector<Sent> sent_;
  std::map<std::string, std::string, std::less<>> prepared_;  // names, by text
  std::uint64_t names_ = 0;
};

}  // namespace quintet::store
