// A PostgreSQL server for the tests of this program: made at first use in a temporary directory, on
// a socket there, and ended with the program. Each test has a schema of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "store/postgres.h"

namespace quintet::store {

class PostgresServer {
 public:
  // The one of this program. Fails the test, with the package that is missing, if there can be
  // none; then url() is empty.
  static PostgresServer& shared();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;

  const std::string& url() const { return url_; }
  // Options for a schema that no other test has.
  PostgresOptions options(const std::string& owner = "test");
  // Runs SQL as its superuser, in the schema if one is named.
  void run(const std::string& sql, const std::string& schema = "public");
  // The first column of the first row, as text.
  std::string ask(const std::string& sql, const std::string& schema = "public");
  // Ends it as a crash does, and begins anew; some seconds. From the main thread alone: the server
  // ends with the thread that made it.
  void crash();
  // Changes a setting of the whole server and waits until it is in force.
  void set(const std::string& name, const std::string& value);

 private:
  PostgresServer();
  void start();
  void stop(int signal);
  bool accepts();

  std::string directory_, url_;
  pid_t process_ = -1;
  int schemas_ = 0;
};

}  // namespace quintet::store
