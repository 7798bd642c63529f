// rooms: host
// libraries: pthread
//
// What the microservices pattern costs against the monolith: the fraud application without a model,
// the same events over HTTP, all processes on the two cores that there are, the client beside them.
// Lines of NDJSON in one request; single events over 64 connections, each the next one as soon as
// it is answered; and single events one after the other. CPU is that of all its processes.
#include "bench/drive.h"

namespace {

using namespace quintet;
using namespace quintet::bench;

constexpr int kRounds = 5, kLines = 60'000;
constexpr std::size_t kConnections = 64;
constexpr double kSeconds = 3;

struct Cost {
  Pace lines;
  double singles = 0, cpu = 0, p50 = 0;  // events a second, microseconds
};

class Pattern {
 public:
  explicit Pattern(const std::string& name) : server_(name, -1, {"--pattern", name}) {
    (void)send_lines(server_, events_, kLines / 4);
  }

  Cost measure() {
    Cost cost;
    cost.lines = send_lines(server_, events_, kLines);
    const double cpu = server_.cpu();
    const Driven many = Driver(server_, events_, kConnections).drive(0, kSeconds);
    cost.singles = many.rate();
    cost.cpu = 1e6 * (server_.cpu() - cpu) / static_cast<double>(many.good);
    Driven one = Driver(server_, events_, 1).drive(0, kSeconds / 3);
    cost.p50 = quantile(one.micros, .5);
    if (many.refused + one.refused > 0) fail("an event was refused");
    return cost;
  }

  // CPU of each process for an event, by lines and by single events.
  void say_by_process() {
    const auto before = server_.cpu_by_name();
    (void)send_lines(server_, events_, kLines);
    const auto between = server_.cpu_by_name();
    const Driven many = Driver(server_, events_, kConnections).drive(0, kSeconds);
    for (const auto& [name, seconds] : server_.cpu_by_name()) {
      std::printf("CPU of %s an event: %.1f us of lines, %.1f us of single events\n", name.c_str(),
                  1e6 * (between.at(name) - before.at(name)) / kLines,
                  1e6 * (seconds - between.at(name)) / static_cast<double>(many.good));
    }
  }

 private:
  Events events_;
  Running server_;
};

}  // namespace

int main() {
  Pattern monolith("monolithic"), services("microservices");
  services.say_by_process();
  Figure lines("microservices, events as NDJSON", "events/s", "the monolith",
               {{"ours/floor", "at_least", .5}});
  Figure singles("microservices, single events over 64 connections", "events/s", "the monolith",
                 {{"ours/floor", "at_least", .25}});
  Figure p50("microservices, a single event, p50", "us", "the monolith");
  Figure lines_cpu("microservices, events as NDJSON, CPU an event", "us", "the monolith");
  Figure singles_cpu("microservices, single events, CPU an event", "us", "the monolith");
  for (int round = 0; round < kRounds; ++round) {
    const Cost a = monolith.measure(), b = services.measure(), c = services.measure();
    const Cost d = monolith.measure();
    lines.add({a.lines.rate, {b.lines.rate, c.lines.rate}, d.lines.rate});
    singles.add({a.singles, {b.singles, c.singles}, d.singles});
    p50.add({a.p50, {b.p50, c.p50}, d.p50});
    lines_cpu.add({a.lines.cpu, {b.lines.cpu, c.lines.cpu}, d.lines.cpu});
    singles_cpu.add({a.cpu, {b.cpu, c.cpu}, d.cpu});
  }
  for (const Figure* figure : {&lines, &singles, &p50, &lines_cpu, &singles_cpu}) figure->print();
  return 0;
}
