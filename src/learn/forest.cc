#include "learn/forest.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"
#include "base/digest.h"

namespace quintet::learn {
namespace {

constexpr std::size_t kMaxRow = 1'024;          // features of a row that is prepared on the stack
constexpr std::size_t kPreparedAtOnce = 4'096;  // integers of the prepared rows of a batch
constexpr std::uint32_t kMaxEvenSteps = 8;
constexpr std::size_t kMaxEvenGrowth = 3;  // how much larger than linked an even block may be

// Of rows in lanes: columns prepared at once, batches of kLanes rows, margins of a row. A batch
// with fewer rows than the least is walked.
constexpr std::size_t kLaneColumns = 512;
constexpr std::size_t kLaneBatches = 16;
constexpr std::size_t kLaneGroups = 16;
constexpr std::size_t kLeastLanes = 3;

constexpr std::int32_t kGreatest = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();

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

// Integers of one prepared row: both copies and a place that leads right.
std::size_t prepared_size(std::size_t n_features) {
  return 2 * n_features + 1;
}

// An integer of the same order as the float, which is no NaN: 0 is that of -0, too.
std::int32_t ordered(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x == 0.0f ? 0.0f : x);
  return bits ^ (bits >> 31 & kGreatest);
}

void prepare(const float* row, std::size_t n, std::int32_t* to) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool missing = row[i] != row[i];
    const std::int32_t key = ordered(row[i]);
    to[i] = missing ? kGreatest : key;
    to[n + i] = missing ? kLeast : key;
  }
  to[2 * n] = kGreatest;
}

void prepare_lane(const float* row, std::size_t n, std::size_t lane, LaneInts* to) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool missing = row[i] != row[i];
    const std::int32_t key = ordered(row[i]);
    to[i].of[lane] = missing ? kGreatest : key;
    to[n + i].of[lane] = missing ? kLeast : key;
  }
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
    blocks_.clear();
    even_.clear();
    even_leaves_.clear();
    linked_.clear();
    plain_ = std::move(trees);
  }
}

bool Forest::lay_out(const Trees& trees) {
  if (trees.n_features > kMaxRow) return false;
  for (std::size_t i = 0; i < trees.trees.size(); i += kBlock) {
    Block block;
    block.first = static_cast<std::uint32_t>(i);
    block.count = static_cast<std::uint32_t>(std::min(kBlock, trees.trees.size() - i));
    const std::span<const Tree> part = std::span(trees.trees).subspan(i, block.count);
    std::size_t nodes = 0;
    for (const Tree& tree : part) {
      block.steps = std::max(block.steps, static_cast<std::uint32_t>(steps_of(tree)));
      nodes += tree.nodes.size();
      groups_.push_back(static_cast<std::uint16_t>(tree.group));
    }
    // A last block may be short and is not judged by the places that nobody fills.
    const std::size_t places = std::size_t{block.count} << block.steps;
    block.even =
        block.steps >= 1 && block.steps <= kMaxEvenSteps &&
        places * (sizeof(EvenNode) + sizeof(float)) <= kMaxEvenGrowth * nodes * sizeof(LinkedNode);
    block.at = static_cast<std::uint32_t>(even_.size());
    for (const Tree& tree : part) {
      roots_.push_back(static_cast<std::uint32_t>(linked_.size()));
      if (block.even) {
        lay_out_even(tree, trees.n_features, block.steps);
      } else if (!lay_out_linked(tree, trees.n_features)) {
        return false;
      }
    }
    if (block.even) {
      // A last block may be short: its walk goes on through trees of zeros, whose leaves nobody
      // adds.
      even_.resize(block.at + (kBlock << block.steps));
      even_leaves_.resize(block.at + (kBlock << block.steps));
    }
    blocks_.push_back(block);
  }
  const auto fits = [](const Block& block) { return block.even && block.steps <= kMostLaneSteps; };
  takes_lanes_ = has_lanes() && 2 * trees.n_features <= kLaneColumns &&
                 base_.size() <= kLaneGroups && std::all_of(blocks_.begin(), blocks_.end(), fits);
  return true;
}

void Forest::lay_out_even(const Tree& tree, std::uint32_t n_features, std::uint32_t steps) {
  const std::size_t width = std::size_t{1} << steps;
  const std::size_t base = even_.size();
  even_.resize(base + width);
  even_leaves_.resize(base + width);
  // The node of the tree that stands at each place. Below a leaf, both ways lead to the leaf again.
  std::vector<std::size_t> at(2 * width, 0);
  for (std::size_t i = 1; i < width; ++i) {
    const TreeNode& node = tree.nodes[at[i]];
    if (node.is_leaf()) {
      at[2 * i] = at[2 * i + 1] = at[i];
      continue;
    }
    at[2 * i + 1] = static_cast<std::size_t>(node.left);
    at[2 * i] = static_cast<std::size_t>(node.right);
    even_[base + i].key = ordered(node.value);
    even_[base + i].feature = node.feature + (node.default_left ? n_features : 0);
  }
  for (std::size_t i = 0; i < width; ++i) {
    even_leaves_[base + i] = tree.nodes[at[width + i]].value;
  }
}

bool Forest::lay_out_linked(const Tree& tree, std::uint32_t n_features) {
  // The reader numbers nodes breadth first, a node's children together: its order is ours.
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const TreeNode& from = tree.nodes[i];
    LinkedNode to;
    if (from.is_leaf()) {
      to.key = std::bit_cast<std::int32_t>(from.value);
      to.feature = static_cast<std::uint16_t>(2 * n_features);
      to.step = -1;
    } else {
      check(from.right == from.left + 1, "children that are no neighbours");
      const auto step = from.left - static_cast<std::int64_t>(i);
      if (step > std::numeric_limits<std::int16_t>::max()) return false;
      to.key = ordered(from.value);
      to.feature = static_cast<std::uint16_t>(from.feature + (from.default_left ? n_features : 0));
      to.step = static_cast<std::int16_t>(step);
    }
    linked_.push_back(to);
  }
  return true;
}

std::size_t Forest::bytes() const {
  return linked_.size() * sizeof(LinkedNode) + even_.size() * sizeof(EvenNode) +
         even_leaves_.size() * sizeof(float);
}

std::size_t Forest::even_blocks() const {
  return static_cast<std::size_t>(
      std::count_if(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.even; }));
}

template <int kSteps>
void Forest::walk_even(const Block& block, const std::int32_t* row, float* leaves) const {
  constexpr std::size_t kWidth = std::size_t{1} << kSteps;
  const EvenNode* nodes = even_.data() + block.at;
  const auto next = [nodes, row](std::size_t tree, std::size_t i) {
    const EvenNode& node = nodes[tree * kWidth + i];
    return i + i + (row[node.feature] < node.key ? 1 : 0);
  };
  std::size_t a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1;
#pragma GCC unroll 8
  for (int step = 0; step < kSteps; ++step) {
    a = next(0, a), b = next(1, b), c = next(2, c), d = next(3, d);
    e = next(4, e), f = next(5, f), g = next(6, g), h = next(7, h);
  }
  const std::size_t at[kBlock] = {a, b, c, d, e, f, g, h};
  const float* from = even_leaves_.data() + block.at;
  for (std::size_t i = 0; i < kBlock; ++i) leaves[i] = from[i * kWidth + at[i] - kWidth];
}

void Forest::walk_linked(const Block& block, const std::int32_t* row, float* leaves) const {
  const auto next = [row](const LinkedNode* at) {
    return at + at->step + (row[at->feature] < at->key ? 0 : 1);
  };
  const LinkedNode* at[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i) {
    at[i] = linked_.data() + roots_[block.first + std::min<std::size_t>(i, block.count - 1)];
  }
  const LinkedNode *a = at[0], *b = at[1], *c = at[2], *d = at[3];
  const LinkedNode *e = at[4], *f = at[5], *g = at[6], *h = at[7];
  for (std::uint32_t step = 0; step < block.steps; ++step) {
    a = next(a), b = next(b), c = next(c), d = next(d);
    e = next(e), f = next(f), g = next(g), h = next(h);
  }
  const LinkedNode* ends[kBlock] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < kBlock; ++i) leaves[i] = std::bit_cast<float>(ends[i]->key);
}

void Forest::walk(const Block& block, const std::int32_t* row, float* leaves) const {
  if (!block.even) return walk_linked(block, row, leaves);
  switch (block.steps) {
    case 1: return walk_even<1>(block, row, leaves);
    case 2: return walk_even<2>(block, row, leaves);
    case 3: return walk_even<3>(block, row, leaves);
    case 4: return walk_even<4>(block, row, leaves);
    case 5: return walk_even<5>(block, row, leaves);
    case 6: return walk_even<6>(block, row, leaves);
    case 7: return walk_even<7>(block, row, leaves);
    case 8: return walk_even<8>(block, row, leaves);
    default: check(false, "an even block of unknown depth");
  }
}

void Forest::add_block(const Block& block, const std::int32_t* row, float* margins) const {
  float leaves[kBlock];
  walk(block, row, leaves);
  if (base_.size() == 1) {
    float sum = margins[0];
    for (std::uint32_t i = 0; i < block.count; ++i) sum = sum + leaves[i];
    margins[0] = sum;
    return;
  }
  const std::uint16_t* group = groups_.data() + block.first;
  for (std::uint32_t i = 0; i < block.count; ++i) {
    margins[group[i]] = margins[group[i]] + leaves[i];
  }
}

void Forest::score_one(const float* row, float* out) const {
  if (!laid_out()) return score_naively(plain_, row, out);
  std::int32_t prepared[2 * kMaxRow + 1];
  prepare(row, n_features(), prepared);
  std::copy(base_.begin(), base_.end(), out);
  for (const Block& block : blocks_) add_block(block, prepared, out);
  apply_link(link_, base_.size(), out);
}

void Forest::score_many(const float* rows, std::size_t n, float* out) const {
  const std::size_t done = takes_lanes_ ? score_in_lanes(rows, n, out) : 0;
  if (done < n) score_walking(rows + done * n_features(), n - done, out + done * n_outputs_);
}

// As many of the rows as fill their lanes well enough.
std::size_t Forest::score_in_lanes(const float* rows, std::size_t n, float* out) const {
  const std::size_t width = n_features(), groups = base_.size();
  const std::size_t rest = n % kLanes, total = rest < kLeastLanes ? n - rest : n;
  const std::size_t at_once =
      kLanes * std::min(kLaneBatches, kLaneColumns / std::max<std::size_t>(1, 2 * width));
  LaneInts columns[kLaneColumns];
  LaneFloats margins[kLaneBatches * kLaneGroups];
  for (std::size_t start = 0; start < total; start += at_once) {
    const std::size_t count = std::min(at_once, total - start);
    const std::size_t batches = (count + kLanes - 1) / kLanes;
    for (std::size_t i = 0; i < batches * kLanes; ++i) {
      // Lanes beyond the end hold the last row, and nobody reads their margins.
      const float* row = rows + (start + std::min(i, count - 1)) * width;
      const std::size_t batch = i / kLanes, lane = i % kLanes;
      prepare_lane(row, width, lane, columns + batch * 2 * width);
      for (std::size_t g = 0; g < groups; ++g) margins[batch * groups + g].of[lane] = base_[g];
    }
    for (const Block& block : blocks_) {
      const EvenTrees trees{even_.data() + block.at, even_leaves_.data() + block.at,
                            groups_.data() + block.first, block.count, block.steps};
      for (std::size_t b = 0; b < batches; ++b) {
        add_trees(trees, columns + b * 2 * width, margins + b * groups);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      float* to = out + (start + i) * n_outputs_;
      const LaneFloats* sums = margins + i / kLanes * groups;
      for (std::size_t g = 0; g < groups; ++g) to[g] = sums[g].of[i % kLanes];
      apply_link(link_, groups, to);
    }
  }
  return total;
}

// Many rows by one block of trees, then by the next, so that the block stays in the nearest cache.
void Forest::score_walking(const float* rows, std::size_t n, float* out) const {
  const std::size_t width = n_features();
  const std::size_t size = prepared_size(width);
  const std::size_t at_once = kPreparedAtOnce / size;
  if (!laid_out() || at_once < 2) return Model::score_many(rows, n, out);
  std::int32_t prepared[kPreparedAtOnce];
  for (std::size_t start = 0; start < n; start += at_once) {
    const std::size_t count = std::min(at_once, n - start);
    float* to = out + start * n_outputs_;
    for (std::size_t i = 0; i < count; ++i) {
      prepare(rows + (start + i) * width, width, prepared + i * size);
      std::copy(base_.begin(), base_.end(), to + i * n_outputs_);
    }
    for (const Block& block : blocks_) {
      for (std::size_t i = 0; i < count; ++i) {
        add_block(block, prepared + i * size, to + i * n_outputs_);
      }
    }
    for (std::size_t i = 0; i < count; ++i) apply_link(link_, base_.size(), to + i * n_outputs_);
  }
}

}  // namespace quintet::learn
