#include "store/copier.h"

#include "store/lock.h"

namespace quintet::store {

Copier::Copier(Database database, std::string log_path, std::int64_t log_bytes)
    : database_(std::move(database)),
      log_path_(std::move(log_path)),
      log_bytes_(log_bytes),
      thread_([this] { work(); }) {}

Copier::~Copier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Copier::State Copier::state() {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Copier::start() {
  {
    const std::lock_guard lock(mutex_);
    check(state_ == State::idle, "one copy at a time");
    state_ = State::copying;
  }
  changed_.notify_all();
}

void Copier::taken() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::copied) state_ = State::idle;
}

void Copier::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ != State::copying; });
}

Error Copier::failure() {
  const std::lock_guard lock(mutex_);
  check(failure_.has_value(), "asked for a failure that is not there");
  return *failure_;
}

void Copier::work() {
  while (true) {
    bool asked = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || growing_ || state_ == State::copying; });
      if (stopping_) return;
      asked = state_ == State::copying;
    }
    if (asked) {
      copy();
    } else {
      growing_ = grow();
    }
  }
}

void Copier::copy() {
  const auto left = database_.checkpoint();
  {
    const std::lock_guard lock(mutex_);
    // A full disk may have room again; a disk that fails must not be trusted with more.
    const bool failed = !left && left.error().code() == Code::broken;
    if (failed) failure_ = left.error();
    state_ = failed ? State::failed : State::copied;
  }
  changed_.notify_all();
}

// Zeros behind the end are no frames of a log. Each step is synced here, or else the next commit
// would have to. False when there is nothing more to do, or it cannot be done: it is no more than
// a preparation.
bool Copier::grow() {
  {
    const std::lock_guard lock(writing_);
    if (!append_zeros(log_path_, log_bytes_)) return false;
  }
  return sync_file(log_path_);
}

}  // namespace quintet::store
