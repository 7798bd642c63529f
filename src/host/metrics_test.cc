#include "host/metrics.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace quintet::host {
namespace {

TEST(Metrics, PrintsFamiliesInOrderWithTheirHelpAndType) {
  Metrics metrics;
  metrics.counter("quintet_b_total", "B.", {{"route", "/v1"}}).add(3);
  metrics.gauge("quintet_a", "A.").set(1.5);
  metrics.counter("quintet_b_total", "B.", {{"route", "/v0"}}).add();
  EXPECT_EQ(metrics.text(),
            "# HELP quintet_a A.\n# TYPE quintet_a gauge\nquintet_a 1.5\n"
            "# HELP quintet_b_total B.\n# TYPE quintet_b_total counter\n"
            "quintet_b_total{route=\"/v0\"} 1\nquintet_b_total{route=\"/v1\"} 3\n");
}

TEST(Metrics, GivesTheSameCounterForTheSameNameAndLabels) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("x_total", "X.", {{"a", "1"}}),
            &metrics.counter("x_total", "X.", {{"a", "1"}}));
}

TEST(Metrics, EscapesQuotesBackslashesAndNewlinesInLabels) {
  Metrics metrics;
  metrics.gauge("g", "G.", {{"a", "x\"y\\z\n"}}).set(1);
  EXPECT_NE(metrics.text().find("g{a=\"x\\\"y\\\\z\\n\"} 1\n"), std::string::npos);
}

TEST(Metrics, CountsAHistogramCumulativelyAndABoundIsInclusive) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("h_seconds", "H.", {{"m", "x"}}, {0.5, 1});
  for (double value : {0.5, 0.75, 3.0}) histogram.observe(value);
  EXPECT_EQ(metrics.text(),
            "# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
            "h_seconds_bucket{m=\"x\",le=\"0.5\"} 1\nh_seconds_bucket{m=\"x\",le=\"1\"} 2\n"
            "h_seconds_bucket{m=\"x\",le=\"+Inf\"} 3\nh_seconds_sum{m=\"x\"} 4.25\n"
            "h_seconds_count{m=\"x\"} 3\n");
}

TEST(Metrics, CountsFromSeveralThreadsWithoutLoss) {
  Metrics metrics;
  Counter& counter = metrics.counter("x_total", "X.");
  Histogram& histogram = metrics.histogram("h_seconds", "H.", {}, {1});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k) {
        counter.add();
        histogram.observe(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000U);
  EXPECT_EQ(histogram.count_at(0), 40'000U);
  EXPECT_EQ(histogram.sum(), 40'000);
}

TEST(MetricsDeathTest, RefusesNamesThatPromtoolWouldRefuse) {
  Metrics metrics;
  EXPECT_DEATH(metrics.gauge("x_total", "X."), "_total");
  EXPECT_DEATH(metrics.counter("x", "X."), "_total");
  EXPECT_DEATH(metrics.gauge("X-y", "X."), "metric name");
}

TEST(Metrics, AreAcceptedByPromtool) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is absent";
  Metrics metrics;
  metrics.add_process_metrics();
  metrics.counter("quintet_events_total", "Events.", {{"pattern", "monolithic"}}).add();
  metrics.histogram("quintet_predict_seconds", "Time.", {}, latency_bounds()).observe(.1);
  const std::string file = ::testing::TempDir() + "metrics.txt";
  std::ofstream(file) << metrics.text();
  EXPECT_EQ(std::system(("promtool check metrics <" + file).c_str()), 0) << metrics.text();
  std::remove(file.c_str());
}

TEST(Metrics, KnowTheProcess) {
  Metrics metrics;
  metrics.add_process_metrics();
  const std::string text = metrics.text();
  for (const char* name : {"process_resident_memory_bytes", "process_open_fds",
                           "process_cpu_seconds_total", "process_start_time_seconds"}) {
    const std::size_t at = text.find(std::string("\n") + name + " ");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GE(std::strtod(text.c_str() + at + 2 + std::string(name).size(), nullptr), 0) << name;
  }
}

}  // namespace
}  // namespace quintet::host
