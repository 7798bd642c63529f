// The linear model: link(bias + sum of weight * input), in double and then rounded to float32. The
// sum runs in input order, with one product and one addition after another, so it is the same
// everywhere. Its file is ours:
//
//   {"quintet_linear": 1, "link": "logistic", "objective": "binary:logistic", "bias": -1.5,
//    "inputs": [{"name": "amount", "weight": 0.25, "missing": 3.1}, ...]}
//
// `link` is logistic (output `probability`) or identity (output `value`). `missing` takes the place
// of a missing value; it is 0 if left out. Numbers are doubles, written with 17 digits.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "learn/model.h"

namespace quintet::learn {

struct LinearInput {
  std::string name;
  double weight = 0;
  double missing = 0;
};

struct LinearParts {
  bool logistic = true;
  double bias = 0;
  std::vector<LinearInput> inputs;
};

class Linear final : public Model {
 public:
  // All numbers are finite, and there is an input.
  static std::shared_ptr<const Linear> make(LinearParts parts);

 private:
  Linear(Face face, LinearParts parts) : Model(std::move(face)), parts_(std::move(parts)) {}
  void score_one(const float* row, float* out) const override;

  LinearParts parts_;
};

Expected<LinearParts> read_linear(std::string_view json);
std::string to_json(const LinearParts& parts);

}  // namespace quintet::learn
