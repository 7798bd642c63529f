#include <charconv>
#include <cmath>

#include "base/real.h"
#include "learn/train/trainer.h"

namespace quintet::learn {
namespace {

constexpr std::size_t kMaxLinearInputs = 512;  // the normal matrix grows with the square
constexpr double kEnough = 1e-10;              // of a step, in standardised units

struct Settings {
  double l2 = 1;
  double max_iterations = 50;
};

Expected<Settings> settings_of(const Request& request) {
  Settings settings;
  for (const auto& [name, text] : request.parameters) {
    double& to = name == "l2" ? settings.l2 : settings.max_iterations;
    const auto [at, failure] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (failure != std::errc() || !(to >= 0))
      return invalid("the parameter " + name + " is no number");
  }
  return settings;
}

// Each input less its mean and over its deviation, so that one penalty suits all; missing is 0.
struct Standard {
  std::vector<double> mean;
  std::vector<double> scale;    // 1 / deviation; 0 for a constant
  std::vector<double> columns;  // row-major, the last of each row is 1 for the bias
};

Standard standardise(const Rows& train) {
  const std::size_t n = train.size();
  const std::size_t d = train.features.size();
  Standard standard{std::vector<double>(d, 0), std::vector<double>(d, 0), {}};
  for (std::size_t j = 0; j < d; ++j) {
    double sum = 0, count = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = train.values[i * d + j];
      if (std::isnan(x)) continue;
      sum += x;
      count += 1;
    }
    const double mean = count > 0 ? sum / count : 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = train.values[i * d + j];
      if (!std::isnan(x)) squares += (x - mean) * (x - mean);
    }
    standard.mean[j] = mean;
    standard.scale[j] = squares > 0 ? 1 / std::sqrt(squares / count) : 0;
  }
  standard.columns.reserve(n * (d + 1));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const double x = train.values[i * d + j];
      standard.columns.push_back(std::isnan(x) ? 0 : (x - standard.mean[j]) * standard.scale[j]);
    }
    standard.columns.push_back(1);
  }
  return standard;
}

// Solves A x = b for a symmetric positive definite A (Cholesky, in place); false if it is not.
bool solve(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t k = 0; k < j; ++k) {
      for (std::size_t i = j; i < n; ++i) a[i * n + j] -= a[i * n + k] * a[j * n + k];
    }
    if (!(a[j * n + j] > 0)) return false;
    const double root = std::sqrt(a[j * n + j]);
    for (std::size_t i = j; i < n; ++i) a[i * n + j] /= root;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return true;
}

// One Newton step: the gradient into `step`, the Hessian's lower half into `matrix`, solved.
bool newton_step(const Rows& train, const Standard& standard, bool logistic, double l2,
                 std::span<const double> weights, std::vector<double>& step) {
  const std::size_t d = weights.size();
  std::vector<double> matrix(d * d, 0);
  step.assign(d, 0);
  for (std::size_t i = 0; i < train.size(); ++i) {
    const double* x = &standard.columns[i * d];
    double margin = 0;
    for (std::size_t j = 0; j < d; ++j) margin += weights[j] * x[j];
    const double p = logistic ? 1 / (1 + real::exp(-margin)) : margin;
    const double weight = train.weights.empty() ? 1 : train.weights[i];
    const double error = weight * (train.labels[i] - p);
    const double curve = weight * (logistic ? p * (1 - p) : 1);
    for (std::size_t j = 0; j < d; ++j) {
      step[j] += error * x[j];
      for (std::size_t k = 0; k <= j; ++k) matrix[j * d + k] += curve * x[j] * x[k];
    }
  }
  for (std::size_t j = 0; j + 1 < d; ++j) {
    step[j] -= l2 * weights[j];
    matrix[j * d + j] += l2;
  }
  // Keeps a constant input, or perfectly split rows, solvable.
  for (std::size_t j = 0; j < d; ++j) matrix[j * d + j] += 1e-9;
  return solve(matrix, step);
}

}  // namespace

Expected<LinearParts> fit_linear(const Request& request, const Rows& train) {
  TRY(const Settings settings, settings_of(request));
  const std::size_t d = train.features.size();
  if (d > kMaxLinearInputs) return exhausted("a linear model takes at most 512 inputs in training");
  const bool logistic = request.objective == "binary:logistic";
  const Standard standard = standardise(train);
  std::vector<double> weights(d + 1, 0);
  std::vector<double> step;
  for (int i = 0; i < settings.max_iterations; ++i) {
    if (!newton_step(train, standard, logistic, settings.l2, weights, step)) {
      return invalid("the regression has no single solution: raise l2");
    }
    double most = 0;
    for (std::size_t j = 0; j <= d; ++j) {
      weights[j] +=
          std::clamp(step[j], -10.0, 10.0) * (logistic ? 1 : 0) + (logistic ? 0 : step[j]);
      most = std::max(most, std::abs(step[j]));
    }
    if (most < kEnough) break;
  }
  LinearParts parts;
  parts.logistic = logistic;
  parts.bias = weights[d];
  for (std::size_t j = 0; j < d; ++j) {
    const double weight = weights[j] * standard.scale[j];
    parts.bias -= weight * standard.mean[j];
    parts.inputs.push_back({train.features[j], weight, standard.mean[j]});
  }
  for (const LinearInput& input : parts.inputs) {
    if (!std::isfinite(input.weight)) return invalid("the regression did not converge: raise l2");
  }
  return parts;
}

}  // namespace quintet::learn
