// libxgboost behind values and errors: the one file that sees it. Only the training program and
// tests link this; a serving process scores with learn/forest.h. Not thread-safe: one thread at a
// time.
//
// libxgboost keeps a random state for the whole process and trusts the bytes it loads, so we train
// in a process of its own, seed each round, and load only what this program wrote itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"

namespace quintet::learn {

struct MatrixData {
  std::span<const float> values;  // row-major; NaN is missing
  std::size_t columns = 0;
  std::span<const float> labels;          // one a row, or empty
  std::span<const float> weights;         // one a row, or empty
  std::span<const std::uint32_t> groups;  // rows in each query, for ranking; or empty
};

// Rows as libxgboost keeps them: a copy.
class Matrix {
 public:
  static Expected<Matrix> make(const MatrixData& data);
  ~Matrix();
  Matrix(Matrix&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Matrix& operator=(Matrix&&) = delete;

 private:
  friend class Booster;
  Matrix() = default;
  void* handle_ = nullptr;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Booster {
 public:
  // The matrices that will be trained on or judged must outlive the booster.
  static Expected<Booster> make(std::span<const Matrix* const> cached,
                                const Parameters& parameters);
  ~Booster();
  Booster(Booster&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Booster& operator=(Booster&&) = delete;

  Expected<void> set(const Parameters& parameters);
  Expected<void> set_features(std::span<const std::string> names);
  Expected<void> load(std::string_view model);
  // Format is "ubj" or "json".
  Expected<std::string> save(std::string_view format) const;
  // One round of boosting; `round` counts from 0 over all segments.
  Expected<void> update(int round, const Matrix& rows);
  // "[3]\ttrain-logloss:0.25", libxgboost's own line.
  Expected<std::string> evaluate(int round, const Matrix& rows, std::string_view name) const;
  enum class Output : unsigned char { value, margin };
  Expected<std::vector<float>> predict(const Matrix& rows, Output output) const;
  // In place, without a Matrix: what a server would call for a row.
  Expected<std::vector<float>> predict_dense(std::span<const float> values,
                                             std::size_t columns) const;

 private:
  Booster() = default;
  void* handle_ = nullptr;
};

// "1.7.4".
std::string xgboost_version();

}  // namespace quintet::learn
