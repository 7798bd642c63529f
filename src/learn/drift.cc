#include "learn/drift.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/real.h"

namespace quintet::learn {

namespace {

constexpr std::size_t kBins = 10;

// Upper edges of all bins but the last, each once.
std::vector<float> edges_of(std::vector<float>& values) {
  std::sort(values.begin(), values.end());
  std::vector<float> edges;
  for (std::size_t i = 1; i < kBins && !values.empty(); ++i) {
    const float edge = values[(values.size() - 1) * i / kBins];
    if (edges.empty() || edges.back() < edge) edges.push_back(edge);
  }
  return edges;
}

// Rows by bin; the last is that of the missing ones.
std::vector<std::size_t> count(std::span<const float> rows, std::size_t width, std::size_t input,
                               const std::vector<float>& edges) {
  std::vector<std::size_t> counts(edges.size() + 2);
  for (std::size_t i = input; i < rows.size(); i += width) {
    const float value = rows[i];
    const auto bin = std::isnan(value)
                         ? counts.size() - 1
                         : static_cast<std::size_t>(
                               std::lower_bound(edges.begin(), edges.end(), value) - edges.begin());
    ++counts[bin];
  }
  return counts;
}

double share(std::size_t count, std::size_t rows) {
  return (count == 0 ? 0.5 : static_cast<double>(count)) / static_cast<double>(rows);
}

double index_of(std::span<const float> before, std::span<const float> after, std::size_t width,
                std::size_t input) {
  std::vector<float> values;
  for (std::size_t i = input; i < before.size(); i += width) {
    if (!std::isnan(before[i])) values.push_back(before[i]);
  }
  const std::vector<float> edges = edges_of(values);
  const auto expected = count(before, width, input, edges);
  const auto actual = count(after, width, input, edges);
  double index = 0;
  for (std::size_t bin = 0; bin < expected.size(); ++bin) {
    if (expected[bin] == 0 && actual[bin] == 0) continue;
    const double e = share(expected[bin], before.size() / width);
    const double a = share(actual[bin], after.size() / width);
    index += (a - e) * real::log(a / e);
  }
  return index;
}

}  // namespace

std::optional<Drift> measure_drift(std::span<const float> before, std::span<const float> after,
                                   std::size_t width) {
  check(width > 0 && before.size() % width == 0 && after.size() % width == 0, "rows are whole");
  if (before.size() / width < kDriftRows || after.size() / width < kDriftRows) return {};
  Drift most;
  for (std::size_t input = 0; input < width; ++input) {
    const double index = index_of(before, after, width, input);
    if (input == 0 || index > most.index) most = {input, index};
  }
  return most;
}

}  // namespace quintet::learn
