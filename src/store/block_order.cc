#include "store/block_order.h"

namespace quintet::store {

Expected<void> check_blocks(const stage::Commit& commit, Position end, Epoch epoch) {
  if (commit.anew && !commit.blocks.empty()) end = commit.blocks.front().first - 1;
  for (const event::BlockBytes& block : commit.blocks) {
    if (block.last < block.first || (!commit.copies && block.epoch != epoch)) {
      return invalid("a block from " + std::to_string(block.first) + " to " +
                     std::to_string(block.last) + " of epoch " + std::to_string(block.epoch) +
                     " cannot be committed by epoch " + std::to_string(epoch));
    }
    if (block.first != end + 1) {
      return conflict("the log ends at " + std::to_string(end) + ", a block from " +
                      std::to_string(block.first) + " does not continue it");
    }
    end = block.last;
  }
  return {};
}

}  // namespace quintet::store
