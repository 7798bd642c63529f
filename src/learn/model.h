// A model: named float inputs in, named float outputs out. Scoring is a pure function of the row,
// the same bits on every machine (DESIGN 6.4); it starts no thread, reads no clock and allocates
// nothing.
//
// A model file is hostile input (DESIGN 6.13): read_model() checks every size, index and number
// before anything is walked, and refuses what it does not know by name. After that scoring cannot
// fail.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace quintet::learn {

// Immutable after reading; share it as std::shared_ptr<const Model> over any number of threads.
class Model {
 public:
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // The word of the application file: "xgboost" or "linear".
  const std::string& type() const { return face_.type; }
  // What the model was trained for, in XGBoost's words ("binary:logistic", "reg:squarederror").
  const std::string& objective() const { return face_.objective; }
  // Input names in the order in which score() wants the values. Never empty, no name twice.
  const std::vector<std::string>& features() const { return face_.features; }
  // Output names in the order in which score() gives the values:
  //   binary               probability
  //   multi-class, k > 1   class_0 .. class_{k-1} (probabilities), then class (the likeliest index,
  //                        the first of equals)
  //   regression, rank     value
  const std::vector<std::string>& outputs() const { return face_.outputs; }
  std::size_t n_features() const { return face_.features.size(); }
  std::size_t n_outputs() const { return face_.outputs.size(); }
  // SHA-256 in hex over our own canonical form of what is scored (features, outputs, trees or
  // weights, link), not over the file: the same model as JSON and as UBJ has one digest.
  const std::string& digest() const { return face_.digest; }

  // Scores one row of n_features() values into out[0, n_outputs()). NaN means missing. Any thread.
  void score(std::span<const float> row, std::span<float> out) const;
  // Scores row after row: rows holds n * n_features() values, out n * n_outputs(). The same bits as
  // score() on each. Any thread.
  void score_rows(std::span<const float> rows, std::span<float> out) const;

 protected:
  struct Face {
    std::string type;
    std::string objective;
    std::vector<std::string> features;
    std::vector<std::string> outputs;
    std::string digest;
  };
  explicit Model(Face face) : face_(std::move(face)) {}

 private:
  // Sizes are checked by the caller.
  virtual void score_one(const float* row, float* out) const = 0;

 protected:
  // One after another, unless a model knows better.
  virtual void score_many(const float* rows, std::size_t n, float* out) const;

 private:
  Face face_;
};

// Limits of a model file; beyond any of them it is refused as `exhausted`.
inline constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20;
inline constexpr std::size_t kMaxTrees = 10'000;
inline constexpr std::size_t kMaxFeatures = 16'384;
inline constexpr std::size_t kMaxClasses = 1'024;
inline constexpr std::size_t kMaxTreeDepth = 64;

struct ModelFile {
  std::string_view type;   // "xgboost" or "linear"
  std::string_view bytes;  // the file: XGBoost JSON or UBJ (1.7 to 3.x), or our linear JSON
  // The application's input names. If the file names its features, both must be the same set, in
  // any order: the model takes its row in the application's. If it does not, these are its names
  // in this order. May be empty: then the file's own names are taken, or f0, f1, ...
  std::span<const std::string> features;
};

// Fails with `invalid` (what is wrong and where in the model) or `exhausted` (which limit).
Expected<std::shared_ptr<const Model>> read_model(const ModelFile& file);

}  // namespace quintet::learn
