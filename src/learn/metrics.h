// How good a model's answers are. Every figure is a deterministic function of its input in its
// order: counts are integers, sums are carried with a compensation term in row order, and
// logarithms are our own, so the same rows give the same bits everywhere. All functions are pure;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace quintet::learn {

// One score and one truth a row. For binary metrics a label is 0 or 1, and a greater score means 1.
struct Scored {
  std::span<const float> scores;
  std::span<const float> labels;
};

// Area under the ROC curve: the share of (positive, negative) pairs in which the positive scores
// higher, ties counting half, from integer rank sums. Fails without both classes.
Expected<double> auc(const Scored& rows);
// Sum over distinct scores, from the highest, of (recall gained) * (precision there), as
// scikit-learn's average_precision_score. Fails without a positive.
Expected<double> average_precision(const Scored& rows);
// Mean of -ln(p of the truth), p clipped to [2^-23, 1 - 2^-23] (the epsilon of float32).
Expected<double> log_loss(const Scored& rows);
// Mean of (score - label)^2.
Expected<double> brier(const Scored& rows);
// Share of positives among the k highest scores; rows tied at the edge count in proportion, so the
// order of rows does not matter. Fails if k is 0 or above the number of rows.
Expected<double> precision_at(const Scored& rows, std::size_t k);
Expected<double> rmse(const Scored& rows);
Expected<double> mae(const Scored& rows);
// Scores are class indexes for these two. Macro F1 is the plain mean over the classes that occur in
// labels or scores; a class without a hit has F1 0.
Expected<double> accuracy(const Scored& rows);
Expected<double> macro_f1(const Scored& rows);

// Scores in [low, high) (the last bin includes 1) against how often the label was 1.
struct CalibrationBin {
  double low = 0;
  double high = 0;
  std::uint64_t count = 0;
  double mean_score = 0;      // 0 if empty
  double positive_share = 0;  // 0 if empty
};
// Ten bins of equal width over [0, 1].
Expected<std::vector<CalibrationBin>> calibration(const Scored& rows);

// A metric by its name in the application file: auc, average_precision, log_loss, brier,
// precision_at_K (as precision_at_100), rmse, mae, accuracy, macro_f1.
Expected<double> measure(std::string_view metric, const Scored& rows);
// True if a greater figure is better, false if a smaller one is, nothing for an unknown name.
std::optional<bool> greater_is_better(std::string_view metric);
// "binary", "multiclass" or "regression": what the metric is for; empty for an unknown name.
std::string_view task_of_metric(std::string_view metric);
// The metrics computed for an objective when the application names none.
std::vector<std::string> default_metrics(std::string_view objective);

}  // namespace quintet::learn
