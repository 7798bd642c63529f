#include "store/verify.h"

namespace quintet::store {
namespace {

constexpr std::size_t kPiece = std::size_t{8} << 20;

Expected<void> verify_block(const event::BlockBytes& block, std::optional<Hash128>& before) {
  const std::string place = "the block at position " + std::to_string(block.first);
  auto decoded = event::decode_block(block.bytes);
  if (!decoded) return std::move(decoded).error().during(place);
  const event::Block& inside = decoded->block;
  if (inside.first != block.first || inside.last() != block.last || inside.epoch != block.epoch) {
    return broken(place + " holds other positions than its row says");
  }
  if (before && decoded->previous != *before) {
    return broken(place + " does not name the block before it");
  }
  before = event::block_hash(block.bytes);
  return {};
}

}  // namespace

Expected<void> verify_log(stage::LogSource& log) {
  TRY(const stage::LogEnd end, log.end());
  std::optional<Hash128> before;
  Position next = end.first;
  while (next <= end.last) {
    TRY(const std::vector<event::BlockBytes> blocks, log.read_log(next, kPiece));
    if (blocks.empty()) return broken("the log has a gap at position " + std::to_string(next));
    for (const event::BlockBytes& block : blocks) {
      if (block.first != next) {
        return broken("the log has a gap at position " + std::to_string(next));
      }
      TRY_DO(verify_block(block, before));
      next = block.last + 1;
    }
  }
  return {};
}

Expected<void> verify_outcomes(stage::Store& store, Position first) {
  while (true) {
    TRY(const auto runs, store.read_outcomes(first, kPiece));
    if (runs.empty()) return {};
    first = runs.back().run.last + 1;
  }
}

}  // namespace quintet::store
