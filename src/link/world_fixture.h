// What the tests of this room share: a scheduler run by the test's own thread, and a transport of
// each kind. With the direct transport time is simulated: it jumps to the next timer as soon as
// nothing else is to be done, so nothing is waited for and each run is the same. With gRPC it is
// the machine's.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>

#include "link/call_stream.h"
#include "link/direct.h"
#include "link/grpc.h"

namespace quintet::link {

class Pump final : public Scheduler, public Clock {
 public:
  explicit Pump(bool simulated) : simulated_(simulated) {}

  void post(Job job) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    more_.notify_one();
  }
  std::unique_ptr<Timer> after(Micros delay, std::function<void()> job) override {
    return start(delay, 0, std::move(job));
  }
  std::unique_ptr<Timer> every(Micros period, std::function<void()> job) override {
    return start(period, period, std::move(job));
  }
  Micros steady() override { return simulated_ ? now_ : SystemClock().steady(); }
  Micros wall() override { return steady(); }

  // Runs jobs until the condition holds. False if it cannot come to hold: with simulated time when
  // nothing is left to do, else after two minutes.
  bool run_until(const std::function<bool()>& condition) {
    const Micros end = steady() + 2 * kMinute;
    while (!condition()) {
      if (steady() > end || !step(end)) return condition();
    }
    return true;
  }
  // Simulated time: everything that would happen within this time happens.
  void run_for(Micros time) {
    bool over = false;
    const auto timer = after(time, [&] { over = true; });
    run_until([&] { return over; });
  }

 private:
  struct Entry {
    std::function<void()> job;
    Micros period;
    bool off = false;
  };
  struct Handle final : Timer {
    explicit Handle(std::shared_ptr<Entry> to) : entry(std::move(to)) {}
    ~Handle() override { entry->off = true; }
    std::shared_ptr<Entry> entry;
  };

  std::unique_ptr<Timer> start(Micros delay, Micros period, std::function<void()> job) {
    auto entry = std::make_shared<Entry>(Entry{std::move(job), period});
    timers_.emplace(steady() + delay, entry);
    return std::make_unique<Handle>(entry);
  }

  // Runs one job, or waits for one; false if there will be none.
  bool step(Micros end) {
    while (!timers_.empty() && timers_.begin()->second->off) timers_.erase(timers_.begin());
    std::unique_lock lock(mutex_);
    if (jobs_.empty()) {
      const Micros due = timers_.empty() ? end : std::min(end, timers_.begin()->first);
      if (simulated_) {
        if (timers_.empty()) return false;
        now_ = std::max(now_, due);
      } else {
        // Some conditions are flags that another thread sets without posting: they are looked at
        // again and again.
        const Micros wait = std::clamp<Micros>(due - steady(), 0, 5000);
        more_.wait_for(lock, std::chrono::microseconds(wait), [&] { return !jobs_.empty(); });
      }
    }
    if (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      return true;
    }
    lock.unlock();
    if (timers_.empty() || timers_.begin()->first > steady()) return true;
    const auto [due, entry] = *timers_.begin();
    timers_.erase(timers_.begin());
    if (entry->period > 0) timers_.emplace(due + entry->period, entry);
    entry->job();
    return true;
  }

  const bool simulated_;
  Micros now_ = kDay;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> jobs_;
  std::multimap<Micros, std::shared_ptr<Entry>> timers_;
};

// A transport, and whether calls go one by one or share a stream.
struct Kind {
  const char* name;
  bool direct;
  const char* address;  // "unix:": a socket in a directory of the test's own
  bool stream;
};
inline constexpr Kind kKinds[] = {{"direct", true, "here", false},
                                  {"tcp", false, "127.0.0.1:0", false},
                                  {"unix", false, "unix:", false}};
inline constexpr Kind kStreams[] = {{"direct_stream", true, "here", true},
                                    {"unix_stream", false, "unix:", true}};

inline std::string name_of_kind(const ::testing::TestParamInfo<Kind>& info) {
  return info.param.name;
}
inline void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

// A directory that goes with the object, short enough for the path of a socket.
class Directory {
 public:
  Directory() {
    std::string name = "/tmp/quintet-link-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A transport, one server at one address, and its end in order.
class World : public ::testing::TestWithParam<Kind> {
 protected:
  World() : pump_(GetParam().direct), address_(GetParam().address) {
    if (GetParam().direct) {
      transport_ = std::make_unique<DirectTransport>();
    } else {
      transport_ = std::make_unique<GrpcTransport>();
    }
    if (address_ == "unix:") address_ += directory_.path() + "/socket";
  }
  void TearDown() override {
    disconnect();
    server_.reset();
  }

  Local local() { return {pump_, pump_}; }
  void serve(std::shared_ptr<const Service> service, ServerOptions options = {}) {
    auto server = transport_->listen(local(), address_, std::move(service), options);
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
    address_ = server_->address();
  }
  std::unique_ptr<Channel> connected(ChannelOptions options = {}) {
    auto channel = transport_->connect(local(), address_, options);
    if (!channel) {
      ADD_FAILURE() << channel.error().message();
      std::abort();
    }
    return *std::move(channel);
  }
  void connect(ChannelOptions options = {}) {
    disconnect();
    channel_ = connected(options);
    if (!GetParam().stream) return;
    stream_ = std::make_unique<CallStream>(
        local(), *channel_,
        CallStream::Options{.calls = options.calls, .request_bytes = options.message_bytes});
  }
  void disconnect() {
    stream_.reset();
    channel_.reset();
  }
  Caller& caller() { return stream_ ? static_cast<Caller&>(*stream_) : *channel_; }
  bool run_until(const std::function<bool()>& condition) { return pump_.run_until(condition); }
  Micros in(Micros time) { return pump_.steady() + time; }

  // The answer to one call, waited for.
  Expected<std::string> ask(Caller& caller, Call call) {
    std::optional<Expected<std::string>> got;
    caller.call(std::move(call), [&](Expected<std::string> answer) { got = std::move(answer); });
    if (!run_until([&] { return got.has_value(); })) return broken("no answer came");
    return *std::move(got);
  }

  Directory directory_;
  Pump pump_;
  std::unique_ptr<Transport> transport_;
  std::string address_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<CallStream> stream_;
};

}  // namespace quintet::link
