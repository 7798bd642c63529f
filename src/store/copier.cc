#include "store/copier.h"

namespace quintet::store {

Copier::Copier(Database database) : database_(std::move(database)), thread_([this] { work(); }) {}

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
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || state_ == State::copying; });
      if (stopping_) return;
    }
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
}

}  // namespace quintet::store
