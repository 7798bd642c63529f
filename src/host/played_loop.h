// For tests: a scheduler whose jobs and times are played by hand.
#pragma once

#include <vector>

#include "base/scheduler.h"

namespace quintet::host {

class PlayedLoop final : public Scheduler {
 public:
  void post(Job job) override { jobs_.push_back(std::move(job)); }
  std::unique_ptr<Timer> after(Micros, std::function<void()> job) override {
    later_.push_back(std::move(job));
    return std::make_unique<Timer>();
  }
  std::unique_ptr<Timer> every(Micros, std::function<void()> job) override {
    period_ = std::move(job);
    return std::make_unique<Timer>();
  }
  void play() {
    while (!jobs_.empty()) {
      auto jobs = std::exchange(jobs_, {});
      for (Job& job : jobs) job();
    }
  }
  void a_period() { period_(); }
  void what_was_put_off() {
    for (auto& job : std::exchange(later_, {})) job();
  }

 private:
  std::vector<Job> jobs_;
  std::vector<std::function<void()>> later_;
  std::function<void()> period_;
};

}  // namespace quintet::host
