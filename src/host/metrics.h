// Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4). A
// Metrics object is made and owned by the host; there is no global one.
//
// Names end in _total for counters and in a base unit (_seconds, _bytes) for what has one; labels
// are few and never a key or an id. Any thread may count and may ask for the text; the references
// that counter(), gauge() and histogram() return live as long as the Metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quintet::host {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double change) { value_.fetch_add(change, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Counts observations by upper bounds that are fixed when it is made; observe() costs a short
// search and two atomic additions.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);  // rising; +Inf is added

  void observe(double value);
  const std::vector<double>& bounds() const { return bounds_; }
  std::uint64_t count_at(std::size_t bucket) const;  // not cumulative; the last is +Inf
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// Bounds for latencies in seconds, from 50 microseconds to 10 seconds.
std::vector<double> latency_bounds();
// Bounds for sizes and batches: powers of four from 1 to 4^10.
std::vector<double> size_bounds();

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric of that name and those labels; made on the first call. Registering one name with
  // two kinds, helps or sets of bounds, or a name that promtool would refuse, is our mistake. Takes
  // a lock: look metrics up once and keep the reference.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                       std::vector<double> bounds);

  // A counter that someone else keeps: read() is called by text(), on its thread, and never falls.
  void counter_from(std::string_view name, std::string_view help, const Labels& labels,
                    std::function<double()> read);
  // Called at the start of each text(), on its thread, to set gauges that are read on demand.
  void before_text(std::function<void()> refresh);
  // Registers memory, CPU, descriptors, threads and start time of this process.
  void add_process_metrics();

  // The exposition: families in order of name, each contiguous with its HELP and TYPE.
  std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Family;
  Family& family(std::string_view name, std::string_view help, std::string_view kind);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;  // sorted by name
  std::vector<std::function<void()>> refreshes_;
};

}  // namespace quintet::host
