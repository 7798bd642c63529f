// Where jobs run, one after the other: the seam between what a process does and what runs it. A
// host's loop is the real one, a thread and its sockets; the simulator has one that picks the next
// job by seed. What lives on a Scheduler is touched by its jobs alone, so it needs no lock.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"

namespace quintet {

// A function to run once. Unlike std::function it may own what cannot be copied.
template <class... Args>
class Function {
 public:
  Function() = default;  // holds none
  template <class F>
  Function(F function)  // NOLINT(implicit)
      : body_(std::make_unique<Body<F>>(std::move(function))) {}

  explicit operator bool() const { return body_ != nullptr; }
  void operator()(Args... args) { body_->run(std::forward<Args>(args)...); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void run(Args... args) = 0;
  };
  template <class F>
  struct Body final : Base {
    explicit Body(F f) : function(std::move(f)) {}
    void run(Args... args) override { function(std::forward<Args>(args)...); }
    F function;
  };
  std::unique_ptr<Base> body_;
};

using Job = Function<>;

// A job to come. Destroying the Timer, in a job of its scheduler, calls the job off.
class Timer {
 public:
  virtual ~Timer() = default;
};

// post() from any thread; the rest from the scheduler's own jobs, or before any runs.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Runs the job, never inside this call; jobs of one poster keep their order. The queue has no
  // limit: what a client can cause to be posted must be limited by the poster.
  virtual void post(Job job) = 0;

  // Runs the job once, `delay` microseconds from now, or again and again until the Timer goes.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) = 0;
  [[nodiscard]] virtual std::unique_ptr<Timer> every(Micros period, std::function<void()> job) = 0;
};

}  // namespace quintet
