// rooms: host
// libraries: pthread
//
// Durable ingestion of `quintet run` (the fraud application without a model), over HTTP. Single
// events arrive at a fixed mean rate whether or not earlier ones were answered, and a time counts
// from the arrival; the floor is a bare group committer with the same arrivals and bytes: take
// what has arrived, write it into a preallocated file, fdatasync. Then lines of NDJSON in one
// request, beside one fdatasync an event. Server and floor run on core 0, arrivals on core 1.
#include <fcntl.h>
#include <sys/prctl.h>

#include <condition_variable>
#include <mutex>
#include <random>

#include "bench/load.h"

namespace {

using namespace quintet;
using namespace quintet::bench;

constexpr double kRate = 1'000;  // arrivals a second
constexpr int kArrivals = 2'500, kRounds = 9, kConnections = 64;
constexpr int kLines = 30'000, kSingles = 500;

// Seconds from the beginning, the same in each call.
std::vector<double> arrivals() {
  std::mt19937 random(5);
  std::exponential_distribution<double> pause(kRate);
  std::vector<double> times(kArrivals);
  double at = 0;
  for (double& time : times) time = at += pause(random);
  return times;
}

void write_all(int file, const std::string& bytes) {
  good(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
}

double one_sync_an_event(std::size_t bytes) {
  const std::string path = scratch() + "/single.tmp", event(bytes, 'x');
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
  const double begin = now();
  for (int i = 0; i < kSingles; ++i) {
    write_all(file, event);
    good(fdatasync(file) == 0, "fdatasync");
  }
  const double rate = kSingles / (now() - begin);
  close(file);
  unlink(path.c_str());
  return rate;
}

// --- arrivals ---------------------------------------------------------------------------------

struct Times {
  double p50 = 0, p99 = 0, cpu = 0;  // microseconds
};

Times times_of(std::vector<double>& micros) {
  return {quantile(micros, .5), quantile(micros, .99), 0};
}

void sleep_until(double when) {
  timespec at{};
  at.tv_sec = static_cast<time_t>(when);
  at.tv_nsec = static_cast<long>(1e9 * (when - static_cast<double>(at.tv_sec)));
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

Times bare_committer(std::size_t bytes) {
  const std::string path = scratch() + "/bare.tmp", event(bytes, 'x');
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  // Written, not only reserved: else each first write changes metadata.
  const std::string zeros(bytes * kArrivals, '\0');
  write_all(file, zeros);
  good(fsync(file) == 0 && lseek(file, 0, SEEK_SET) == 0, "preallocation");
  std::mutex mutex;
  std::condition_variable ready;
  std::vector<double> arrived, micros;
  std::thread committer([&] {
    pin(0);
    while (micros.size() < kArrivals) {
      std::vector<double> taken;
      {
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return !arrived.empty(); });
        taken.swap(arrived);
      }
      std::string group;
      for (std::size_t i = 0; i < taken.size(); ++i) group += event;
      write_all(file, group);
      good(fdatasync(file) == 0, "fdatasync");
      const double end = now();
      for (const double from : taken) micros.push_back(1e6 * (end - from));
    }
  });
  const double begin = now() + .01;
  for (const double at : arrivals()) {
    sleep_until(begin + at);
    {
      const std::lock_guard lock(mutex);
      arrived.push_back(begin + at);
    }
    ready.notify_one();
  }
  committer.join();
  close(file);
  unlink(path.c_str());
  return times_of(micros);
}

Times single_events(const Running& server, Events& events) {
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<pollfd> waits;
  std::vector<std::size_t> idle;
  for (std::size_t i = 0; i < kConnections; ++i) {
    connections.push_back(std::make_unique<Connection>(server.port()));
    waits.push_back({connections[i]->socket_number(), POLLIN, 0});
    idle.push_back(i);
  }
  const std::vector<double> due = arrivals();
  std::vector<double> micros;
  std::size_t next = 0;
  const double cpu = server.cpu(), begin = now() + .01;
  while (micros.size() < kArrivals) {
    for (; next < due.size() && !idle.empty() && begin + due[next] <= now(); ++next) {
      connections[idle.back()]->send(events.next(), begin + due[next]);
      idle.pop_back();
    }
    const bool waits_for_time = next < due.size() && !idle.empty();
    const double pause = waits_for_time ? std::max(0.0, begin + due[next] - now()) : 1;
    const timespec most{
        static_cast<time_t>(pause),
        static_cast<long>(1e9 * (pause - static_cast<double>(static_cast<time_t>(pause))))};
    if (ppoll(waits.data(), waits.size(), &most, nullptr) <= 0) continue;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      double took = 0;
      const int status = (waits[i].revents & POLLIN) != 0 ? connections[i]->take(took) : 0;
      if (status == 0) continue;
      if (status != 200) fail("an event was answered " + std::to_string(status));
      micros.push_back(took);
      idle.push_back(i);
    }
  }
  Times times = times_of(micros);
  times.cpu = 1e6 * (server.cpu() - cpu) / kArrivals;
  return times;
}

// Of a database that was closed: what an event takes in it.
std::size_t bytes_per_event(Events& events) {
  Running server("durable", 0);
  (void)send_lines(server, events, kLines);
  server.stop();
  return static_cast<std::size_t>(server.bytes() / kLines);
}

}  // namespace

int main() {
  prctl(PR_SET_TIMERSLACK, 1);
  pin(1);
  Events events;
  const std::size_t bytes = bytes_per_event(events);
  std::printf("an event takes %zu bytes in the store, and so in both floors\n", bytes);
  Running server("durable", 0);
  (void)send_lines(server, events, kLines);
  Figure p50("durable event at 1,000 arrivals/s, p50", "us", "bare group committer",
             {{"ours/floor", "at_most", 1.3}});
  Figure p99("durable event at 1,000 arrivals/s, p99", "us", "bare group committer",
             {{"ours/floor", "at_most", 1.5}});
  Figure cpu("durable event at 1,000 arrivals/s, server CPU an event", "us", "");
  Figure lines("durable events as NDJSON", "events/s", "one fdatasync an event",
               {{"ours/floor", "at_least", 40}});
  Figure lines_cpu("durable events as NDJSON, server CPU an event", "us", "");
  for (int round = 0; round < kRounds; ++round) {
    const Times a = bare_committer(bytes), b = single_events(server, events);
    const Times c = single_events(server, events), d = bare_committer(bytes);
    p50.add({a.p50, {b.p50, c.p50}, d.p50});
    p99.add({a.p99, {b.p99, c.p99}, d.p99});
    cpu.add({0, {b.cpu, c.cpu}, 0});
    const double first = one_sync_an_event(bytes);
    const Pace e = send_lines(server, events, kLines), f = send_lines(server, events, kLines);
    lines.add({first, {e.rate, f.rate}, one_sync_an_event(bytes)});
    lines_cpu.add({0, {e.cpu, f.cpu}, 0});
  }
  for (const Figure* figure : {&p50, &p99, &cpu, &lines, &lines_cpu}) figure->print();
  return 0;
}
