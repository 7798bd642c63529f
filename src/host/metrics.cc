#include "host/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace quintet::host {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  check(std::is_sorted(bounds_.begin(), bounds_.end()), "histogram bounds that do not rise");
}

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count_at(std::size_t bucket) const {
  return counts_[bucket].load(std::memory_order_relaxed);
}

std::vector<double> latency_bounds() {
  return {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
          50e-3, 100e-3, 250e-3, 500e-3, 1,    2.5,    5,    10};
}

std::vector<double> size_bounds() {
  return {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576};
}

struct Metrics::Family {
  std::string name, help, kind;
  std::vector<double> bounds;
  struct Series {
    std::string labels;  // as they are printed, without braces
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> read;
  };
  std::vector<std::unique_ptr<Series>> series;  // sorted by labels

  Series& at(const std::string& labels) {
    const auto place = std::lower_bound(
        series.begin(), series.end(), labels,
        [](const auto& one, const std::string& text) { return one->labels < text; });
    if (place != series.end() && (*place)->labels == labels) return **place;
    auto made = std::make_unique<Series>();
    made->labels = labels;
    return **series.insert(place, std::move(made));
  }
};

namespace {

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[40];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    check(is_name(name), "a label name outside [a-z_][a-z0-9_]*");
    if (!out.empty()) out.push_back(',');
    out += name + "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') out.push_back('\\');
      if (c == '\n') {
        out += "\\n";
      } else {
        out.push_back(c);
      }
    }
    out.push_back('"');
  }
  return out;
}

struct Line {
  std::string_view name, suffix, labels, more;  // more: a label that the kind adds
  double value;
};

void append_line(std::string& out, const Line& line) {
  out += line.name;
  out += line.suffix;
  if (!line.labels.empty() || !line.more.empty()) {
    out.push_back('{');
    out += line.labels;
    if (!line.labels.empty() && !line.more.empty()) out.push_back(',');
    out += line.more;
    out.push_back('}');
  }
  out.push_back(' ');
  append_number(out, line.value);
  out.push_back('\n');
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const Histogram& histogram) {
  double cumulative = 0;  // whole numbers below 2^53
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    cumulative = cumulative + static_cast<double>(histogram.count_at(i));
    std::string bound = "le=\"";
    append_number(bound, i < histogram.bounds().size() ? histogram.bounds()[i] : INFINITY);
    bound.push_back('"');
    append_line(out, {name, "_bucket", labels, bound, cumulative});
  }
  append_line(out, {name, "_sum", labels, {}, histogram.sum()});
  append_line(out, {name, "_count", labels, {}, cumulative});
}

}  // namespace

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family& Metrics::family(std::string_view name, std::string_view help,
                                 std::string_view kind) {
  const auto place =
      std::lower_bound(families_.begin(), families_.end(), name,
                       [](const auto& one, std::string_view text) { return one->name < text; });
  if (place != families_.end() && (*place)->name == name) {
    check((*place)->kind == kind && (*place)->help == help, "one metric name with two meanings");
    return **place;
  }
  check(is_name(name), "a metric name outside [a-z_][a-z0-9_]*");
  check((kind == "counter") == name.ends_with("_total"), "_total names counters and only them");
  check(!help.empty() && help.find('\n') == help.npos, "a metric needs one line of help");
  auto made = std::make_unique<Family>();
  made->name = name;
  made->help = help;
  made->kind = kind;
  return **families_.insert(place, std::move(made));
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = family(name, help, "counter").at(labels_text(labels));
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

void Metrics::counter_from(std::string_view name, std::string_view help, const Labels& labels,
                           std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  family(name, help, "counter").at(labels_text(labels)).read = std::move(read);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = family(name, help, "gauge").at(labels_text(labels));
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return *series.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              std::vector<double> bounds) {
  const std::lock_guard lock(mutex_);
  Family& all = family(name, help, "histogram");
  if (all.series.empty()) all.bounds = bounds;
  check(all.bounds == bounds, "one histogram name with two sets of bounds");
  auto& series = all.at(labels_text(labels));
  if (!series.histogram) series.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *series.histogram;
}

void Metrics::before_text(std::function<void()> refresh) {
  const std::lock_guard lock(mutex_);
  refreshes_.push_back(std::move(refresh));
}

std::string Metrics::text() const {
  std::vector<std::function<void()>> refreshes;
  {
    const std::lock_guard lock(mutex_);
    refreshes = refreshes_;
  }
  for (const auto& refresh : refreshes) refresh();
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& family : families_) {
    out += "# HELP " + family->name + " " + family->help + "\n";
    out += "# TYPE " + family->name + " " + family->kind + "\n";
    for (const auto& series : family->series) {
      if (series->counter) {
        append_line(
            out,
            {family->name, {}, series->labels, {}, static_cast<double>(series->counter->value())});
      } else if (series->read) {
        append_line(out, {family->name, {}, series->labels, {}, series->read()});
      } else if (series->gauge) {
        append_line(out, {family->name, {}, series->labels, {}, series->gauge->value()});
      } else {
        append_histogram(out, family->name, series->labels, *series->histogram);
      }
    }
  }
  return out;
}

}  // namespace quintet::host
