// The way from a library's threads to a scheduler that may end before them. What many threads post
// while the scheduler is busy it takes as one job.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/scheduler.h"

namespace quintet::link {

class Postbox : public std::enable_shared_from_this<Postbox> {
 public:
  explicit Postbox(Scheduler& scheduler) : scheduler_(&scheduler) {}

  // Any thread. After close() the job is destroyed and not run.
  void post(Job job);
  // On the scheduler. Jobs that have not run are destroyed.
  void close();

 private:
  void run();

  std::mutex mutex_;
  Scheduler* scheduler_;  // null once closed
  std::vector<Job> jobs_;
  bool closed_ = false;  // the same, for jobs of the scheduler
};

}  // namespace quintet::link
