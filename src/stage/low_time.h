// The low time (S2.2): how far the log's event time has surely come. A pure fold of positions and
// event times, so every pattern stamps and reads the same.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "event/types.h"

namespace quintet::stage {

class LowTime {
 public:
  static constexpr Position kBlock = 1000;  // positions
  static constexpr std::size_t kRank = 10;  // the tenth smallest counts

  // What a record at `next` is stamped with; call in position order, before took(next).
  Micros at(Position next);
  // The record at `position` has this event time, and it counts (event or history, no table).
  void took(Position position, Micros time);

  // The state before the record at `next`, one form of it: whether at(next) was called before does
  // not show.
  void write(ByteWriter& out, Position next) const;
  static LowTime read(ByteReader& in);

 private:
  void close_blocks_before(Position next);

  Position block_ = 0;          // (position - 1) / kBlock of the open block
  std::vector<Micros> lowest_;  // of the open block: at most kRank, a max-heap
  Micros low_ = kNoTime;
};

}  // namespace quintet::stage
