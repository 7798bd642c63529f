// Copies a database's write-ahead log back into its file on a thread and a connection of its own,
// so that commits need not wait for it. Until then it makes the log's file as long as it will get:
// a sync that changes a file's length costs twice. Used inside this room only.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "store/sql.h"

namespace quintet::store {

class Copier {
 public:
  // The log is made `log_bytes` long, in steps between commits.
  Copier(Database database, std::string log_path, std::int64_t log_bytes);
  // Waits for a copy under way.
  ~Copier();
  Copier(const Copier&) = delete;

  // Who writes to the database holds this while it does.
  std::mutex& writing() { return writing_; }

  // The methods are for one thread, the writer's.
  enum class State {
    idle,
    copying,
    copied,  // what the log held when it was asked for is in the file and durable
    failed,
  };
  State state();
  // Begins a copy; only when idle.
  void start();
  // From copied to idle.
  void taken();
  // Until it is not copying.
  void wait();
  // Of the copy that failed.
  Error failure();

 private:
  void work();
  void copy();
  bool grow();

  Database database_;
  const std::string log_path_;
  const std::int64_t log_bytes_;
  bool growing_ = true;  // of our thread
  std::mutex writing_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  State state_ = State::idle;
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::thread thread_;
};

}  // namespace quintet::store
