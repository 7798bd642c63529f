#include "learn/lanes.h"

#include <cstring>

#include "base/check.h"

namespace quintet::learn {

#if defined(__x86_64__)

namespace {

using Ints = std::int32_t __attribute__((vector_size(32)));
using Floats = float __attribute__((vector_size(32)));

#define QUINTET_LANES __attribute__((target("avx2")))

// The leaf below node i, of which kSteps steps are left.
template <int kSteps>
QUINTET_LANES __attribute__((always_inline)) inline void choose(const EvenNode* nodes,
                                                                const float* leaves,
                                                                const LaneInts* columns,
                                                                std::size_t i, Floats& leaf) {
  const EvenNode node = nodes[i];
  Floats left, right;
  if constexpr (kSteps == 1) {
    const float l = leaves[2 * i + 1], r = leaves[2 * i];
    left = Floats{l, l, l, l, l, l, l, l};
    right = Floats{r, r, r, r, r, r, r, r};
  } else {
    choose<kSteps - 1>(nodes, leaves, columns, 2 * i + 1, left);
    choose<kSteps - 1>(nodes, leaves, columns, 2 * i, right);
  }
  Ints column;
  std::memcpy(&column, columns[node.feature].of, sizeof column);
  const std::int32_t k = node.key;
  const Ints less = column < Ints{k, k, k, k, k, k, k, k};
  leaf = less ? left : right;
}

template <int kSteps>
QUINTET_LANES void add_trees_of(const EvenTrees& trees, const LaneInts* columns,
                                LaneFloats* margins) {
  constexpr std::size_t kWidth = std::size_t{1} << kSteps;
  for (std::uint32_t t = 0; t < trees.count; ++t) {
    Floats leaf, margin;
    choose<kSteps>(trees.nodes + t * kWidth, trees.leaves + t * kWidth - kWidth, columns, 1, leaf);
    float* sum = margins[trees.groups[t]].of;
    std::memcpy(&margin, sum, sizeof margin);
    margin = margin + leaf;
    std::memcpy(sum, &margin, sizeof margin);
  }
}

}  // namespace

bool has_lanes() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

void add_trees(const EvenTrees& trees, const LaneInts* columns, LaneFloats* margins) {
  check(has_lanes(), "a processor without AVX2");
  switch (trees.steps) {
    case 1: return add_trees_of<1>(trees, columns, margins);
    case 2: return add_trees_of<2>(trees, columns, margins);
    case 3: return add_trees_of<3>(trees, columns, margins);
    case 4: return add_trees_of<4>(trees, columns, margins);
    case 5: return add_trees_of<5>(trees, columns, margins);
    case 6: return add_trees_of<6>(trees, columns, margins);
    default: check(false, "trees too deep for lanes");
  }
}

#else

bool has_lanes() {
  return false;
}

void add_trees(const EvenTrees&, const LaneInts*, LaneFloats*) {
  check(false, "a processor without AVX2");
}

#endif

}  // namespace quintet::learn
