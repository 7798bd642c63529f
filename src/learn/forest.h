// The forest laid out for speed. A node is eight bytes, the children of a node are neighbours, and
// a leaf leads to itself, so that a walk has no branch to mispredict: eight trees advance together,
// as many steps as the deepest of them needs, and their leaves are then added in tree order, in
// float32, which is XGBoost's sum bit for bit.
//
// A missing value costs nothing: the row is copied twice, once as it is, where a comparison with
// NaN leads right, and once with -infinity for NaN, where it leads left. A node reads from the copy
// that its default direction names.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "learn/model.h"
#include "learn/trees.h"

namespace quintet::learn {

class Forest final : public Model {
 public:
  // Trees are as read_xgboost() gives them, with a name for each feature.
  static std::shared_ptr<const Forest> make(Trees trees);

  // Bytes that scoring a row may touch.
  std::size_t bytes() const;
  // False if a tree or the row is too large for the layout; then the trees are walked naively.
  bool laid_out() const { return plain_.trees.empty(); }

 private:
  // row[feature] < value leads to this + step, anything else to this + step + 1. A leaf reads the
  // place that is always NaN, and its step is -1.
  struct Node {
    float value;  // threshold, or the leaf's value
    std::uint16_t feature;
    std::int16_t step;
  };
  class Row;

  Forest(Face face, Trees trees);
  void score_one(const float* row, float* out) const override;
  void score_many(const float* rows, std::size_t n, float* out) const override;
  bool lay_out(const Trees& trees);
  bool lay_out(const Tree& tree, std::uint32_t n_features);
  void add_block(std::size_t block, const float* row, float* margins) const;

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;   // index of each tree's root
  std::vector<std::uint16_t> groups_;  // of each tree
  std::vector<std::uint8_t> steps_;    // that each block of eight trees needs
  std::vector<float> base_;
  Link link_;
  std::size_t n_outputs_ = 0;
  Trees plain_;  // empty if laid out
};

}  // namespace quintet::learn
