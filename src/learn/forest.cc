#include "learn/forest.h"

#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"
#include "base/digest.h"

namespace quintet::learn {
namespace {

constexpr std::size_t kBlock = 8;           // trees that advance together
constexpr std::size_t kMaxRow = 1'024;      // features of a row that is copied to the stack
constexpr std::size_t kRowsAtOnce = 4'096;  // floats of the copies of a batch

std::vector<std::string> output_names(const Trees& trees) {
  if (trees.link != Link::softmax) return {trees.binary ? "probability" : "value"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < trees.base.size(); ++i) names.push_back("class_" + std::to_string(i));
  names.push_back("class");
  return names;
}

// The canonical form: what is scored and nothing else, each part with its length.
std::string canonical_digest(const Trees& trees, const std::vector<std::string>& outputs) {
  std::string bytes;
  ByteWriter to(bytes);
  to.text("quintet forest 1");
  to.u8(static_cast<std::uint8_t>(trees.link));
  to.varint(trees.features.size());
  for (const std::string& name : trees.features) to.text(name);
  to.varint(outputs.size());
  for (const std::string& name : outputs) to.text(name);
  to.varint(trees.base.size());
  for (const float margin : trees.base) to.f32(margin);
  to.varint(trees.trees.size());
  for (const Tree& tree : trees.trees) {
    to.varint(tree.group);
    to.varint(tree.nodes.size());
    for (const TreeNode& node : tree.nodes) {
      to.f32(node.value);
      to.zigzag(node.left);
      if (node.is_leaf()) continue;
      to.zigzag(node.right);
      to.varint(node.feature);
      to.u8(node.default_left ? 1 : 0);
    }
  }
  return sha256_hex(bytes);
}

// Nodes from the root to the deepest leaf, less one. Children follow their parents.
std::size_t steps_of(const Tree& tree) {
  std::vector<std::uint8_t> depth(tree.nodes.size(), 0);
  std::size_t most = 0;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const TreeNode& node = tree.nodes[i];
    most = std::max<std::size_t>(most, depth[i]);
    if (node.is_leaf()) continue;
    depth[static_cast<std::size_t>(node.left)] = static_cast<std::uint8_t>(depth[i] + 1);
    depth[static_cast<std::size_t>(node.right)] = static_cast<std::uint8_t>(depth[i] + 1);
  }
  return most;
}

// Floats of one prepared row: both copies and the place that is always NaN.
std::size_t prepared_size(std::size_t n_features) {
  return 2 * n_features + 1;
}

void prepare(const float* row, std::size_t n, float* to) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kLeast = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = row[i];
    to[n + i] = row[i] != row[i] ? kLeast : row[i];
  }
  to[2 * n] = kNaN;
}

}  // namespace

std::shared_ptr<const Forest> Forest::make(Trees trees) {
  check(trees.features.size() == trees.n_features, "a forest without a name for each feature");
  Face face;
  face.type = "xgboost";
  face.objective = trees.objective;
  face.features = trees.features;
  face.outputs = output_names(trees);
  face.digest = canonical_digest(trees, face.outputs);
  return std::shared_ptr<const Forest>(new Forest(std::move(face), std::move(trees)));
}

Forest::Forest(Face face, Trees trees)
    : Model(std::move(face)), base_(trees.base), link_(trees.link) {
  n_outputs_ = output_count(link_, base_.size());
  if (!lay_out(trees)) {
    nodes_.clear();
    plain_ = std::move(trees);
  }
}

bool Forest::lay_out(const Trees& trees) {
  if (trees.n_features > kMaxRow) return false;
  std::size_t total = 0;
  for (const Tree& tree : trees.trees) total += tree.nodes.size();
  if (total > std::numeric_limits<std::uint32_t>::max()) return false;
  nodes_.reserve(total);
  for (std::size_t i = 0; i < trees.trees.size(); ++i) {
    const Tree& tree = trees.trees[i];
    if (i % kBlock == 0) steps_.push_back(0);
    steps_.back() = std::max(steps_.back(), static_cast<std::uint8_t>(steps_of(tree)));
    roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
    groups_.push_back(static_cast<std::uint16_t>(tree.group));
    if (!lay_out(tree, trees.n_features)) return false;
  }
  return true;
}

bool Forest::lay_out(const Tree& tree, std::uint32_t n_features) {
  // The reader numbers nodes breadth first, a node's children together: its order is ours.
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const TreeNode& from = tree.nodes[i];
    Node to;
    to.value = from.value;
    if (from.is_leaf()) {
      to.feature = static_cast<std::uint16_t>(2 * n_features);
      to.step = -1;
    } else {
      check(from.right == from.left + 1, "children that are no neighbours");
      const auto step = from.left - static_cast<std::int64_t>(i);
      if (step > std::numeric_limits<std::int16_t>::max()) return false;
      to.feature = static_cast<std::uint16_t>(from.feature + (from.default_left ? n_features : 0));
      to.step = static_cast<std::int16_t>(step);
    }
    nodes_.push_back(to);
  }
  return true;
}

std::size_t Forest::bytes() const {
  return nodes_.size() * sizeof(Node) + roots_.size() * sizeof(roots_[0]);
}

void Forest::add_block(std::size_t block, const float* row, float* margins) const {
  const std::size_t first = block * kBlock;
  const Node* nodes = nodes_.data();
  const auto next = [row](const Node* at) {
    return at + at->step + (row[at->feature] < at->value ? 0 : 1);
  };
  const int steps = steps_[block];
  if (roots_.size() - first < kBlock) {
    for (std::size_t i = first; i < roots_.size(); ++i) {
      const Node* at = nodes + roots_[i];
      for (int step = 0; step < steps; ++step) at = next(at);
      margins[groups_[i]] = margins[groups_[i]] + at->value;
    }
    return;
  }
  const std::uint32_t* root = roots_.data() + first;
  const Node *a = nodes + root[0], *b = nodes + root[1], *c = nodes + root[2], *d = nodes + root[3],
             *e = nodes + root[4], *f = nodes + root[5], *g = nodes + root[6], *h = nodes + root[7];
  for (int step = 0; step < steps; ++step) {
    a = next(a), b = next(b), c = next(c), d = next(d);
    e = next(e), f = next(f), g = next(g), h = next(h);
  }
  const Node* leaves[kBlock] = {a, b, c, d, e, f, g, h};
  const std::uint16_t* group = groups_.data() + first;
  for (std::size_t i = 0; i < kBlock; ++i) {
    margins[group[i]] = margins[group[i]] + leaves[i]->value;
  }
}

void Forest::score_one(const float* row, float* out) const {
  if (!laid_out()) return score_naively(plain_, row, out);
  float prepared[2 * kMaxRow + 1];
  prepare(row, n_features(), prepared);
  std::copy(base_.begin(), base_.end(), out);
  for (std::size_t block = 0; block < steps_.size(); ++block) add_block(block, prepared, out);
  apply_link(link_, base_.size(), out);
}

// Many rows by one block of trees, then by the next, so that the block stays in the nearest cache.
void Forest::score_many(const float* rows, std::size_t n, float* out) const {
  const std::size_t width = n_features();
  const std::size_t size = prepared_size(width);
  const std::size_t at_once = kRowsAtOnce / size;
  if (!laid_out() || at_once < 2) return Model::score_many(rows, n, out);
  float prepared[kRowsAtOnce];
  for (std::size_t start = 0; start < n; start += at_once) {
    const std::size_t count = std::min(at_once, n - start);
    float* to = out + start * n_outputs_;
    for (std::size_t i = 0; i < count; ++i) {
      prepare(rows + (start + i) * width, width, prepared + i * size);
      std::copy(base_.begin(), base_.end(), to + i * n_outputs_);
    }
    for (std::size_t block = 0; block < steps_.size(); ++block) {
      for (std::size_t i = 0; i < count; ++i) {
        add_block(block, prepared + i * size, to + i * n_outputs_);
      }
    }
    for (std::size_t i = 0; i < count; ++i) apply_link(link_, base_.size(), to + i * n_outputs_);
  }
}

}  // namespace quintet::learn
