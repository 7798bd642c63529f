#include "stage/low_time.h"

#include <algorithm>

namespace quintet::stage {

void LowTime::close_blocks_before(Position next) {
  const Position block = (next - 1) / kBlock;
  if (block <= block_) return;
  if (lowest_.size() == kRank) low_ = std::max(low_, lowest_.front());
  lowest_.clear();
  block_ = block;
}

Micros LowTime::at(Position next) {
  close_blocks_before(next);
  return low_;
}

void LowTime::took(Position position, Micros time) {
  close_blocks_before(position);
  if (lowest_.size() == kRank) {
    if (time >= lowest_.front()) return;
    std::pop_heap(lowest_.begin(), lowest_.end());
    lowest_.pop_back();
  }
  lowest_.push_back(time);
  std::push_heap(lowest_.begin(), lowest_.end());
}

void LowTime::write(ByteWriter& out, Position next) const {
  LowTime closed = *this;
  closed.close_blocks_before(next);
  std::vector<Micros> sorted = closed.lowest_;  // canonical: a heap has many forms
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  out.varint(closed.block_);
  out.i64(closed.low_);
  out.varint(sorted.size());
  for (const Micros time : sorted) out.i64(time);
}

LowTime LowTime::read(ByteReader& in) {
  LowTime result;
  result.block_ = in.varint();
  result.low_ = in.i64();
  result.lowest_.resize(in.count(kRank));
  for (Micros& time : result.lowest_) time = in.i64();
  std::make_heap(result.lowest_.begin(), result.lowest_.end());
  return result;
}

}  // namespace quintet::stage
