// Simulated time and simulated threads. A World runs jobs one after the other, in the order of
// their times; a Thread is a Scheduler whose jobs keep their order and take times by chance,
// so that jobs of several threads interleave in every way. Nothing here reads a clock.
#pragma once

#include <queue>

#include "base/scheduler.h"
#include "sim/random.h"

namespace quintet::sim {

class World {
 public:
  explicit World(Random& random) : random_(random) {}

  Micros now() const { return now_; }
  Random& random() { return random_; }
  // Runs `job` at that time, unless `alive` is false by then.
  void at(Micros time, std::shared_ptr<const bool> alive, Job job);
  void after(Micros delay, Job job);
  // Runs the earliest job; false if there is none.
  bool step();

 private:
  struct Entry {
    Micros time;
    std::uint64_t order;  // of equal times, the one given first
    std::shared_ptr<const bool> alive;
    std::shared_ptr<Job> job;
    bool operator>(const Entry& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  Random& random_;
  Micros now_ = 0;
  std::uint64_t given_ = 0;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

class Thread final : public Scheduler {
 public:
  // Each job comes up to `slowness` after the one before it.
  Thread(World& world, Micros slowness) : world_(world), slowness_(slowness) {}
  ~Thread() override { *alive_ = false; }  // what was posted is never run

  // True while the thread is there; for World::at().
  std::shared_ptr<const bool> alive() const { return alive_; }

  void post(Job job) override;
  std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) override;
  std::unique_ptr<Timer> every(Micros period, std::function<void()> job) override;

 private:
  World& world_;
  const Micros slowness_;
  Micros last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The clocks of one process: wall time may jump.
class WorldClock final : public Clock {
 public:
  WorldClock(World& world, Micros begin, std::int64_t pace)
      : world_(world), begin_(begin), pace_(pace) {}
  Micros wall() override { return begin_ + pace_ * world_.now() + jumped; }
  Micros steady() override { return world_.now(); }

  Micros jumped = 0;

 private:
  World& world_;
  const Micros begin_;
  const std::int64_t pace_;
};

}  // namespace quintet::sim
