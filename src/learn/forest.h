// The forest laid out for speed, without a branch to mispredict: blocks of eight trees advance
// together, step by step, and their leaves are then added in tree order, in float32, which is
// XGBoost's sum bit for bit.
//
// A row is prepared once: each float becomes an integer of the same order, so that comparing is
// cheap; -0 becomes 0. A missing value costs nothing, because the row is kept twice: in the first
// copy it is the greatest integer, which leads right at every threshold, in the second the least,
// which leads left. A node reads from the copy that its default direction names.
//
// Two layouts, chosen block by block: *even*, complete trees whose nodes need no links, for trees
// that are shallow and bushy; *linked*, where the two children of a node are neighbours and a leaf
// leads to itself, for all others. Where all are even and not deep, many rows go through them eight
// at a time (lanes.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "learn/lanes.h"
#include "learn/model.h"
#include "learn/trees.h"

namespace quintet::learn {

class Forest final : public Model {
 public:
  // Trees are as read_xgboost() gives them, with a name for each feature.
  static std::shared_ptr<const Forest> make(Trees trees);

  // Bytes that scoring a row may touch.
  std::size_t bytes() const;
  // False if a tree or the row is too large for both layouts; then the trees are walked naively.
  bool laid_out() const { return plain_.trees.empty(); }
  // Of the blocks of eight trees, those in the even layout.
  std::size_t even_blocks() const;

  static constexpr std::size_t kBlock = 8;

 private:
  // row[feature] < key leads to this + step, anything else to this + step + 1. In a leaf the key is
  // the value's bits, the feature the place that holds the greatest integer, and the step -1.
  struct LinkedNode {
    std::int32_t key;
    std::uint16_t feature;
    std::int16_t step;
  };
  struct Block {
    std::uint32_t first = 0;  // tree
    std::uint32_t count = 0;  // of trees, at most kBlock
    std::uint32_t at = 0;     // where an even block begins, in nodes and in leaves
    std::uint32_t steps = 0;
    bool even = false;
  };

  Forest(Face face, Trees trees);
  void score_one(const float* row, float* out) const override;
  void score_many(const float* rows, std::size_t n, float* out) const override;
  std::size_t score_in_lanes(const float* rows, std::size_t n, float* out) const;
  void score_walking(const float* rows, std::size_t n, float* out) const;
  bool lay_out(const Trees& trees);
  bool lay_out_linked(const Tree& tree, std::uint32_t n_features);
  void lay_out_even(const Tree& tree, std::uint32_t n_features, std::uint32_t steps);
  void add_block(const Block& block, const std::int32_t* row, float* margins) const;
  void walk(const Block& block, const std::int32_t* row, float* leaves) const;
  void walk_linked(const Block& block, const std::int32_t* row, float* leaves) const;
  template <int kSteps>
  void walk_even(const Block& block, const std::int32_t* row, float* leaves) const;

  std::vector<Block> blocks_;
  bool takes_lanes_ = false;  // many rows can go through all blocks as lanes.h does it
  std::vector<EvenNode> even_;
  std::vector<float> even_leaves_;
  std::vector<LinkedNode> linked_;
  std::vector<std::uint32_t> roots_;   // of each tree, in linked_; kept for even ones too
  std::vector<std::uint16_t> groups_;  // of each tree
  std::vector<float> base_;
  Link link_;
  std::size_t n_outputs_ = 0;
  Trees plain_;  // empty if laid out
};

}  // namespace quintet::learn
