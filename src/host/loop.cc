#include "host/loop.h"

#include <pthread.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <optional>

#include "base/check.h"

namespace quintet::host {

namespace asio = boost::asio;
using boost::system::error_code;

struct Loop::Impl {
  // One thread runs the context, but others post to it, so its locking stays on.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::optional<asio::signal_set> signals;
  std::function<void(int)> on_signal;

  std::optional<asio::signal_set> renewals;
  std::function<void()> on_renewal;

  std::optional<asio::posix::stream_descriptor> input;
  std::function<void()> on_input_end;
  std::array<char, 256> ignored;

  void wait_for_input_end() {
    input->async_read_some(asio::buffer(ignored), [this](error_code failed, std::size_t) {
      if (!failed) return wait_for_input_end();
      if (failed != asio::error::operation_aborted) on_input_end();
    });
  }

  void wait_for_renewal() {
    renewals->async_wait([this](error_code failed, int) {
      if (failed) return;
      on_renewal();
      wait_for_renewal();
    });
  }

  void wait_for_signal() {
    signals->async_wait([this](error_code failed, int number) {
      if (failed) return;
      on_signal(number);
      wait_for_signal();
    });
  }
};

namespace {

// The state is shared with the handler that asio holds, so that a cancelled wait whose handler is
// already queued finds `off` set.
struct TimerState : std::enable_shared_from_this<TimerState> {
  TimerState(asio::io_context& context, std::function<void()> f, Micros again)
      : timer(context), job(std::move(f)), period(again) {}

  void wait() {
    timer.async_wait([self = shared_from_this()](error_code failed) {
      if (failed || self->off) return;
      if (self->period > 0) {
        self->timer.expires_at(self->timer.expiry() + std::chrono::microseconds(self->period));
        self->wait();
      }
      self->job();
    });
  }

  asio::steady_timer timer;
  std::function<void()> job;
  Micros period;
  bool off = false;
};

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(std::shared_ptr<TimerState> state) : state_(std::move(state)) {}
  ~AsioTimer() override {
    state_->off = true;
    state_->timer.cancel();
  }

 private:
  std::shared_ptr<TimerState> state_;
};

std::unique_ptr<Timer> start_timer(asio::io_context& context, Micros delay, Micros period,
                                   std::function<void()> job) {
  auto state = std::make_shared<TimerState>(context, std::move(job), period);
  state->timer.expires_after(std::chrono::microseconds(delay));
  state->wait();
  return std::make_unique<AsioTimer>(std::move(state));
}

}  // namespace

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() {
  stop();
  join();
}

void Loop::start(const std::string& name) {
  check(!thread_.joinable(), "Loop::start twice");
  // Here and not on the thread: it must not undo a stop() that comes before it runs.
  impl_->context.restart();
  thread_ = std::thread([this] { impl_->context.run(); });
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

void Loop::run() {
  impl_->context.restart();
  impl_->context.run();
}

void Loop::stop() {
  impl_->context.stop();
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::post(Job job) {
  asio::post(impl_->context, std::move(job));
}

bool Loop::is_current() const {
  return impl_->context.get_executor().running_in_this_thread();
}

std::unique_ptr<Timer> Loop::after(Micros delay, std::function<void()> job) {
  return start_timer(impl_->context, delay, 0, std::move(job));
}

std::unique_ptr<Timer> Loop::every(Micros period, std::function<void()> job) {
  check(period > 0, "Loop::every with no period");
  return start_timer(impl_->context, period, period, std::move(job));
}

void Loop::on_termination(std::function<void(int)> callback) {
  impl_->on_signal = std::move(callback);
  impl_->signals.emplace(impl_->context, SIGINT, SIGTERM);
  impl_->wait_for_signal();
}

void Loop::on_renewal(std::function<void()> callback) {
  impl_->on_renewal = std::move(callback);
  impl_->renewals.emplace(impl_->context, SIGUSR2);
  impl_->wait_for_renewal();
}

void Loop::on_input_end(std::function<void()> callback) {
  check(!impl_->input, "Loop::on_input_end twice");
  impl_->on_input_end = std::move(callback);
  impl_->input.emplace(impl_->context, ::dup(STDIN_FILENO));
  impl_->wait_for_input_end();
}

boost::asio::io_context& Loop::context() {
  return impl_->context;
}

}  // namespace quintet::host
