#include "learn/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/real.h"

namespace quintet::learn {
namespace {

// A sum in the order given, with what each addition lost carried along (Neumaier).
class Sum {
 public:
  void add(double x) {
    const double next = sum_ + x;
    lost_ = lost_ + (std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_);
    sum_ = next;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

Expected<void> check_rows(const Scored& rows) {
  if (rows.scores.size() != rows.labels.size())
    return invalid("scores and labels differ in number");
  if (rows.scores.empty()) return invalid("there is no row to judge");
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    if (!std::isfinite(rows.scores[i])) return invalid("a score is not finite");
    if (!std::isfinite(rows.labels[i])) return invalid("a label is not finite");
  }
  return {};
}

Expected<void> check_binary(const Scored& rows) {
  TRY_DO(check_rows(rows));
  for (const float label : rows.labels) {
    if (label != 0 && label != 1) return invalid("a label is neither 0 nor 1");
  }
  return {};
}

// The rows that share one score.
struct Tied {
  float score = 0;
  std::uint64_t positive = 0;
  std::uint64_t negative = 0;
};

// From the highest score to the lowest.
std::vector<Tied> by_score(const Scored& rows) {
  std::vector<std::pair<float, bool>> sorted;
  sorted.reserve(rows.scores.size());
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    sorted.emplace_back(rows.scores[i], rows.labels[i] != 0);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Tied> groups;
  for (const auto& [score, positive] : sorted) {
    if (groups.empty() || groups.back().score != score) groups.push_back({score, 0, 0});
    ++(positive ? groups.back().positive : groups.back().negative);
  }
  return groups;
}

double mean_of(const Scored& rows, double (*loss)(double score, double label)) {
  Sum sum;
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    sum.add(loss(rows.scores[i], rows.labels[i]));
  }
  return sum.value() / static_cast<double>(rows.scores.size());
}

double squared(double score, double label) {
  return (score - label) * (score - label);
}

struct Metric {
  std::string_view name;
  std::string_view task;
  bool greater;
  Expected<double> (*of)(const Scored&);
};

constexpr Metric kMetrics[] = {
    {"auc", "binary", true, auc},
    {"average_precision", "binary", true, average_precision},
    {"log_loss", "binary", false, log_loss},
    {"brier", "binary", false, brier},
    {"rmse", "regression", false, rmse},
    {"mae", "regression", false, mae},
    {"accuracy", "multiclass", true, accuracy},
    {"macro_f1", "multiclass", true, macro_f1},
};

const Metric* find(std::string_view name) {
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

// The K of precision_at_K.
std::optional<std::size_t> rank_of(std::string_view name) {
  constexpr std::string_view kPrefix = "precision_at_";
  if (!name.starts_with(kPrefix)) return {};
  name.remove_prefix(kPrefix.size());
  std::size_t k = 0;
  const auto [at, failure] = std::from_chars(name.data(), name.data() + name.size(), k);
  if (failure != std::errc() || at != name.data() + name.size() || k == 0) return {};
  return k;
}

}  // namespace

Expected<double> auc(const Scored& rows) {
  TRY_DO(check_binary(rows));
  std::uint64_t above = 0;  // positives with a higher score
  std::uint64_t negatives = 0;
  std::uint64_t won_twice = 0;  // at most n * n / 2 for n rows
  for (const Tied& tied : by_score(rows)) {
    won_twice += tied.negative * (2 * above + tied.positive);
    above += tied.positive;
    negatives += tied.negative;
  }
  if (above == 0 || negatives == 0) return invalid("auc needs rows of both classes");
  const auto pairs = above * negatives;
  return static_cast<double>(won_twice) / (2 * static_cast<double>(pairs));
}

Expected<double> average_precision(const Scored& rows) {
  TRY_DO(check_binary(rows));
  std::uint64_t positives = 0;
  std::uint64_t seen = 0;
  Sum sum;
  for (const Tied& tied : by_score(rows)) {
    positives += tied.positive;
    seen += tied.positive + tied.negative;
    const double precision = static_cast<double>(positives) / static_cast<double>(seen);
    sum.add(static_cast<double>(tied.positive) * precision);
  }
  if (positives == 0) return invalid("average_precision needs a positive row");
  return sum.value() / static_cast<double>(positives);
}

Expected<double> log_loss(const Scored& rows) {
  TRY_DO(check_binary(rows));
  return mean_of(rows, [](double score, double label) {
    constexpr double kLeast = 0x1p-23;
    const double p = std::clamp(score, kLeast, 1 - kLeast);
    return -real::log(label != 0 ? p : 1 - p);
  });
}

Expected<double> brier(const Scored& rows) {
  TRY_DO(check_binary(rows));
  return mean_of(rows, squared);
}

Expected<double> precision_at(const Scored& rows, std::size_t k) {
  TRY_DO(check_binary(rows));
  if (k == 0 || k > rows.scores.size())
    return invalid("there are fewer rows than the rank asked for");
  std::uint64_t left = k;
  std::uint64_t hits = 0;
  for (const Tied& tied : by_score(rows)) {
    const std::uint64_t size = tied.positive + tied.negative;
    if (size >= left) {
      const double share = static_cast<double>(tied.positive) / static_cast<double>(size);
      return (static_cast<double>(hits) + static_cast<double>(left) * share) /
             static_cast<double>(k);
    }
    hits += tied.positive;
    left -= size;
  }
  return static_cast<double>(hits) / static_cast<double>(k);
}

Expected<double> rmse(const Scored& rows) {
  TRY_DO(check_rows(rows));
  return std::sqrt(mean_of(rows, squared));
}

Expected<double> mae(const Scored& rows) {
  TRY_DO(check_rows(rows));
  return mean_of(rows, [](double score, double label) { return std::abs(score - label); });
}

Expected<double> accuracy(const Scored& rows) {
  TRY_DO(check_rows(rows));
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < rows.scores.size(); ++i) hits += rows.scores[i] == rows.labels[i];
  return static_cast<double>(hits) / static_cast<double>(rows.scores.size());
}

Expected<double> macro_f1(const Scored& rows) {
  TRY_DO(check_rows(rows));
  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t missed_or_false = 0;
  };
  std::map<float, Counts> classes;
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    if (rows.scores[i] == rows.labels[i]) {
      ++classes[rows.labels[i]].hits;
    } else {
      ++classes[rows.labels[i]].missed_or_false;
      ++classes[rows.scores[i]].missed_or_false;
    }
  }
  Sum sum;
  for (const auto& [label, counts] : classes) {
    const double twice = 2 * static_cast<double>(counts.hits);
    sum.add(twice / (twice + static_cast<double>(counts.missed_or_false)));
  }
  return sum.value() / static_cast<double>(classes.size());
}

Expected<std::vector<CalibrationBin>> calibration(const Scored& rows) {
  TRY_DO(check_binary(rows));
  constexpr std::size_t kBins = 10;
  std::vector<CalibrationBin> bins(kBins);
  std::vector<Sum> sums(kBins);
  std::vector<std::uint64_t> positives(kBins, 0);
  for (std::size_t i = 0; i < rows.scores.size(); ++i) {
    const double score = rows.scores[i];
    if (score < 0 || score > 1) return invalid("a score is outside [0, 1]");
    const std::size_t bin = std::min(static_cast<std::size_t>(score * kBins), kBins - 1);
    ++bins[bin].count;
    sums[bin].add(score);
    positives[bin] += rows.labels[i] != 0;
  }
  for (std::size_t i = 0; i < kBins; ++i) {
    bins[i].low = static_cast<double>(i) / kBins;
    bins[i].high = static_cast<double>(i + 1) / kBins;
    if (bins[i].count == 0) continue;
    const auto count = static_cast<double>(bins[i].count);
    bins[i].mean_score = sums[i].value() / count;
    bins[i].positive_share = static_cast<double>(positives[i]) / count;
  }
  return bins;
}

Expected<double> measure(std::string_view metric, const Scored& rows) {
  if (const auto k = rank_of(metric)) return precision_at(rows, *k);
  if (const Metric* known = find(metric)) return known->of(rows);
  return invalid("there is no metric " + std::string(metric));
}

std::optional<bool> greater_is_better(std::string_view metric) {
  if (rank_of(metric)) return true;
  if (const Metric* known = find(metric)) return known->greater;
  return {};
}

std::string_view task_of_metric(std::string_view metric) {
  if (rank_of(metric)) return "binary";
  if (const Metric* known = find(metric)) return known->task;
  return {};
}

std::vector<std::string> default_metrics(std::string_view objective) {
  if (objective == "binary:logistic") return {"auc", "average_precision", "log_loss", "brier"};
  if (objective.starts_with("multi:")) return {"accuracy", "macro_f1"};
  return {"rmse", "mae"};
}

}  // namespace quintet::learn
