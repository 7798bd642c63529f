// rooms: host
// libraries: pthread
//
// Twice as many events as can be served, for a minute, under each pattern: the fraud application
// without a model, single events over 900 connections. The peak is what they get, each sending the
// next event once the one before is answered; goodput is what is acknowledged while twice the peak
// arrives. Then half of the peak arrives: how long until an event takes no more than twice what it
// took before. At the end the log must have one event for each that was acknowledged, and no other.
#include "bench/drive.h"

namespace {

using namespace quintet;
using namespace quintet::bench;

constexpr std::size_t kMany = 900;  // connections; the door takes 1,000

double seconds_of_overload() {
  const char* given = std::getenv("QUINTET_OVERLOAD_SECONDS");
  return given == nullptr ? 60 : std::atof(given);
}

double figure_of(const Running& server, const std::string& name) {
  auto client = host::HttpClient::connect("127.0.0.1", server.port(), kMinute);
  if (!client) fail(client.error().message());
  const auto answer = client->ask({"GET", "/metrics", {}, {}});
  if (!answer || answer->status != 200) fail("no metrics");
  std::istringstream lines(answer->body);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) sum += std::atof(line.c_str() + line.rfind(' '));
  }
  return sum;
}

void overload(const std::string& pattern) {
  Events events;
  const Running server("overload-" + pattern, -1, {"--pattern", pattern});
  std::uint64_t acknowledged = 0;
  const auto drive = [&](std::size_t connections, double rate, double seconds) {
    Driven driven = Driver(server, events, connections).drive(rate, seconds);
    acknowledged += driven.good;
    return driven;
  };
  (void)drive(kMany, 0, 3);
  const double peak = std::max(drive(kMany, 0, 5).rate(), drive(kMany, 0, 5).rate());
  Driven calm = drive(kMany, peak / 2, 5);
  const double before = quantile(calm.micros, .5);
  const Driven over = drive(kMany, 2 * peak, seconds_of_overload());
  double normal = -1;
  for (int i = 1; i <= 20 && normal < 0; ++i) {
    Driven after = drive(kMany, peak / 2, .5);
    if (!after.micros.empty() && quantile(after.micros, .5) <= 2 * before) normal = .5 * i;
  }
  const double admitted = figure_of(server, "quintet_events_total");
  std::printf(
      "%s: peak %.0f/s; offered %.0f/s: goodput %.0f/s, refused %.0f/s, given up %.0f/s; "
      "p50 %.0f us before, normal again after %.1f s; acknowledged %llu, admitted %.0f\n",
      pattern.c_str(), peak, 2 * peak, over.rate(),
      static_cast<double>(over.refused) / over.seconds,
      static_cast<double>(over.given_up) / over.seconds, before, normal,
      static_cast<unsigned long long>(acknowledged), admitted);
  if (admitted != static_cast<double>(acknowledged)) fail("acknowledged is not admitted");
  Figure goodput(pattern + ", goodput at twice the peak", "events/s", "its peak",
                 {{"ours/floor", "at_least", .9}});
  goodput.add({peak, {over.rate()}, peak});
  goodput.print();
  Figure recovery(pattern + ", until it is normal again", "s", "", {{"ours", "at_most", 5}});
  recovery.add({0, {normal}, 0});
  recovery.print();
}

}  // namespace

int main() {
  for (const char* pattern : {"monolithic", "microservices"}) overload(pattern);
  return 0;
}
