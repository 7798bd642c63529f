// Copies a database's write-ahead log back into its file on a thread and a connection of its own,
// so that commits need not wait for it. Used inside this room only.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "store/sql.h"

namespace quintet::store {

class Copier {
 public:
  explicit Copier(Database database);
  // Waits for a copy under way.
  ~Copier();
  Copier(const Copier&) = delete;

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

  Database database_;
  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  State state_ = State::idle;
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::thread thread_;
};

}  // namespace quintet::store
