#include "learn/trees.h"

#include <cmath>

#include "learn/expf.h"

namespace quintet::learn {
namespace {

// The class is chosen among the margins, before rounding can make two probabilities equal.
void apply_softmax(std::size_t groups, float* out) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < groups; ++i) {
    if (out[i] > out[best]) best = i;
  }
  const float most = out[best];
  double sum = 0;
  for (std::size_t i = 0; i < groups; ++i) {
    out[i] = expf_of_xgboost(out[i] - most);
    sum = sum + out[i];
  }
  const float divisor = static_cast<float>(sum);
  for (std::size_t i = 0; i < groups; ++i) out[i] = out[i] / divisor;
  out[groups] = static_cast<float>(best);
}

}  // namespace

std::size_t output_count(Link link, std::size_t groups) {
  return link == Link::softmax ? groups + 1 : groups;
}

void apply_link(Link link, std::size_t groups, float* out) {
  switch (link) {
    case Link::identity: return;
    case Link::logistic: {
      // XGBoost's own: it keeps expf from overflowing, and adds 1e-16, which float32 swallows.
      const float x = std::min(-out[0], 88.7f);
      out[0] = 1.0f / (expf_of_xgboost(x) + 1.0f);
      return;
    }
    case Link::exponent: out[0] = expf_of_xgboost(out[0]); return;
    case Link::softmax: apply_softmax(groups, out); return;
  }
}

// The one place that asks the C library for a logarithm, once when a model is read, because
// XGBoost does, and its logf is not the correctly rounded one for 0.02 % of all floats. Over all
// positive floats its answer was the same with and without fused multiply-add; should another
// library disagree, the margin is part of the model's digest, which then refuses the model.
float base_margin(Link link, bool logit, float base_score) {
  if (logit) return -logf(1.0f / base_score - 1.0f);
  if (link == Link::exponent) return logf(base_score);
  return base_score;
}

void score_naively(const Trees& trees, const float* row, float* out) {
  std::copy(trees.base.begin(), trees.base.end(), out);
  for (const Tree& tree : trees.trees) {
    const TreeNode* node = tree.nodes.data();
    while (!node->is_leaf()) {
      const float x = row[node->feature];
      const bool left = std::isnan(x) ? node->default_left : x < node->value;
      node = tree.nodes.data() + (left ? node->left : node->right);
    }
    out[tree.group] = out[tree.group] + node->value;
  }
  apply_link(trees.link, trees.base.size(), out);
}

}  // namespace quintet::learn
