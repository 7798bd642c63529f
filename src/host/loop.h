// One event loop and the thread it runs on. Everything that lives on a Loop is touched from its
// thread alone, so it needs no lock; other threads reach it by post(), which is one thread hop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/scheduler.h"

namespace boost::asio {
class io_context;
}

namespace quintet::host {

// Threads: post(), stop() and is_current() from any thread; the rest from the loop's own thread, or
// before the loop runs. A Loop outlives all that lives on it.
class Loop final : public Scheduler {
 public:
  Loop();
  ~Loop() override;  // stops, joins its thread and drops the jobs not yet run
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs on a thread of its own, named for the debugger (at most 15 bytes of it are kept).
  void start(const std::string& name);
  // Runs on the calling thread until stop(); may be called again after that.
  void run();
  // Ends run() after the job under way. Later posts are kept but not run.
  void stop();
  // After stop(): waits for the thread of start(). Not on the loop's thread.
  void join();

  void post(Job job) override;
  bool is_current() const;
  [[nodiscard]] std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) override;
  [[nodiscard]] std::unique_ptr<Timer> every(Micros period, std::function<void()> job) override;

  // Calls back on the loop, with the number, for each SIGINT and SIGTERM to this process. One Loop
  // of a process may do so.
  void on_termination(std::function<void(int)> callback);

  // The same for each SIGUSR2. One Loop of a process may do so.
  void on_renewal(std::function<void()> callback);

  // Calls back on the loop once standard input is closed; what it says until then is ignored. One
  // Loop of a process may do so.
  void on_input_end(std::function<void()> callback);

  // For the sockets of this room only.
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
};

}  // namespace quintet::host
