#include "sim/world.h"

namespace quintet::sim {

namespace {

class SimTimer final : public Timer {
 public:
  explicit SimTimer(std::shared_ptr<bool> on) : on_(std::move(on)) {}
  ~SimTimer() override { *on_ = false; }

 private:
  std::shared_ptr<bool> on_;
};

void repeat(World& world, std::shared_ptr<bool> alive, std::shared_ptr<bool> on, Micros period,
            std::function<void()> job) {
  world.at(world.now() + period, alive, [&world, alive, on, period, job] {
    if (!*on) return;
    repeat(world, alive, on, period, job);
    job();
  });
}

}  // namespace

void World::at(Micros time, std::shared_ptr<const bool> alive, Job job) {
  queue_.push({std::max(time, now_), given_++, std::move(alive),
               std::make_shared<Job>(std::move(job))});
}

void World::after(Micros delay, Job job) {
  at(now_ + delay, nullptr, std::move(job));
}

bool World::step() {
  if (queue_.empty()) return false;
  const Entry entry = queue_.top();
  queue_.pop();
  now_ = entry.time;
  if (entry.alive == nullptr || *entry.alive) (*entry.job)();
  return true;
}

void Thread::post(Job job) {
  last_ = std::max(last_, world_.now()) + world_.random().below(slowness_ + 1);
  world_.at(last_, alive_, std::move(job));
}

std::unique_ptr<Timer> Thread::after(Micros delay, std::function<void()> job) {
  auto on = std::make_shared<bool>(true);
  world_.at(world_.now() + delay, alive_, [on, job] {
    if (*on) job();
  });
  return std::make_unique<SimTimer>(on);
}

std::unique_ptr<Timer> Thread::every(Micros period, std::function<void()> job) {
  auto on = std::make_shared<bool>(true);
  repeat(world_, alive_, on, period, std::move(job));
  return std::make_unique<SimTimer>(on);
}

}  // namespace quintet::sim
