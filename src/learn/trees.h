// A forest as it was read and checked, one plain node after another: what forest.h lays out for
// speed, what the digest is taken over, and what the naive walk below scores, as the oracle of the
// tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/expected.h"
#include "learn/document.h"

namespace quintet::learn {

// How the margins of the groups become the outputs.
enum class Link : unsigned char {
  identity,  // value = margin
  logistic,  // 1 / (expf(-margin) + 1)
  exponent,  // expf(margin)
  softmax,   // one probability a group, and the likeliest class
};

struct TreeNode {
  std::int32_t left = -1;  // -1 in a leaf
  std::int32_t right = -1;
  std::uint32_t feature = 0;
  bool default_left = false;  // where a missing value goes
  float value = 0;  // threshold (left if the row's value is below it), or the leaf's value

  bool is_leaf() const { return left < 0; }
};

// The root is nodes[0]; a child's index is greater than its parent's, each node has one parent,
// every number is finite: established by the reader, relied upon by all who walk.
struct Tree {
  std::vector<TreeNode> nodes;
  std::uint32_t group = 0;  // the margin that it adds to
};

struct Trees {
  std::string objective;
  Link link = Link::identity;
  bool binary = false;                // the one output is called `probability`
  std::vector<std::string> features;  // empty if the file names none
  std::uint32_t n_features = 0;
  std::vector<float> base;  // the margin that each group starts from; its size is the group count
  std::vector<Tree> trees;
};

// Reads XGBoost's model, versions 1.7 to 3.x. Fails with `invalid` or `exhausted`, naming the
// place; refuses by name: DART, linear boosters, categorical splits, leaves with several values,
// objectives that we do not know.
Expected<Trees> read_xgboost(const Value& document);
// Members of the file that scoring does not need.
IgnoredKeys xgboost_ignored_keys();

// Margins to outputs, in place: `out` holds the margins in its first places and room for all
// outputs.
void apply_link(Link link, std::size_t groups, float* out);
std::size_t output_count(Link link, std::size_t groups);

// The margin from which XGBoost starts for this base_score.
float base_margin(Link link, bool logit, float base_score);

// One tree after another, one node after another, as plainly as can be. Out has output_count()
// places.
void score_naively(const Trees& trees, const float* row, float* out);

}  // namespace quintet::learn
