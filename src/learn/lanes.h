// Eight rows at once through complete trees, where the processor has AVX2. Every node of a tree is
// asked, and no row waits for the answer of another node: one instruction asks a node for all eight
// rows, and the leaves are then chosen from the bottom up. The leaf and the sum of each row are
// those of a walk, bit for bit: nothing but comparisons and the additions in tree order. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quintet::learn {

inline constexpr std::size_t kLanes = 8;
// Beyond it there are more nodes to ask than a walk would visit in eight rows.
inline constexpr std::uint32_t kMostLaneSteps = 6;

// One number of each row.
struct alignas(32) LaneInts {
  std::int32_t of[kLanes];
};
struct alignas(32) LaneFloats {
  float of[kLanes];
};

// row[feature] < key leads from node i (the root is 1) to 2 i + 1, anything else to 2 i; after
// `steps` steps the leaf is number i - 2^steps.
struct EvenNode {
  std::int32_t key = 0;
  std::uint32_t feature = 0;
};

// Complete trees one after another, each of 2^steps nodes and as many leaves.
struct EvenTrees {
  const EvenNode* nodes;
  const float* leaves;
  const std::uint16_t* groups;  // of each tree: the margin that it adds to
  std::uint32_t count;
  std::uint32_t steps;  // 1 ... kMostLaneSteps (checked)
};

// Whether this processor can.
bool has_lanes();
// Adds each tree's leaves to the margins, tree by tree. Only where has_lanes() (checked).
void add_trees(const EvenTrees& trees, const LaneInts* columns, LaneFloats* margins);

}  // namespace quintet::learn
