#include "link/postbox.h"

namespace quintet::link {

void Postbox::post(Job job) {
  const std::lock_guard lock(mutex_);
  if (scheduler_ == nullptr) return;
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) scheduler_->post([self = shared_from_this()] { self->run(); });
}

// Jobs are destroyed without the lock: they may own what posts on its way out.
void Postbox::close() {
  closed_ = true;
  std::vector<Job> dropped;
  const std::lock_guard lock(mutex_);
  scheduler_ = nullptr;
  dropped.swap(jobs_);
}

void Postbox::run() {
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  for (Job& job : jobs) {
    if (closed_) return;
    job();
    job = {};
  }
}

}  // namespace quintet::link
