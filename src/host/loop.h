// One event loop and the thread it runs on. Everything that lives on a Loop is touched from its
// thread alone, so it needs no lock; other threads reach it by post(), which is one thread hop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace quintet::host {

// A function to run once. Unlike std::function it may own what cannot be copied.
class Job {
 public:
  template <class F>
  Job(F function) : body_(std::make_unique<Body<F>>(std::move(function))) {}  // NOLINT(implicit)

  void operator()() { body_->run(); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void run() = 0;
  };
  template <class F>
  struct Body final : Base {
    explicit Body(F f) : function(std::move(f)) {}
    void run() override { function(); }
    F function;
  };
  std::unique_ptr<Base> body_;
};

// A job to come. Destroying the Timer, on its loop's thread, calls the job off.
class Timer {
 public:
  virtual ~Timer() = default;
};

// Threads: post(), stop() and is_current() from any thread; the rest from the loop's own thread, or
// before the loop runs. A Loop outlives all that lives on it.
class Loop {
 public:
  Loop();
  ~Loop();  // stops, joins its thread and drops the jobs not yet run
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

  // Runs the job on the loop, never inside this call; jobs of one poster keep their order. The
  // queue has no limit: what a client can cause to be posted must be limited by the poster.
  void post(Job job);
  bool is_current() const;

  // Runs the job once, `delay` microseconds from now, or again and again until the Timer goes.
  [[nodiscard]] std::unique_ptr<Timer> after(Micros delay, std::function<void()> job);
  [[nodiscard]] std::unique_ptr<Timer> every(Micros period, std::function<void()> job);

  // Calls back on the loop, with the number, for each SIGINT and SIGTERM to this process. One Loop
  // of a process may do so.
  void on_termination(std::function<void(int)> callback);

  // For the sockets of this room only.
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
};

}  // namespace quintet::host
