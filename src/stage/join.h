// The meeting place of an event's partial rows (DESIGN 3, the exchange): parts come in any order,
// from any number of places, some of them twice; a row leaves once all visited shards have spoken.
// Rows leave in position order, so that outcomes are written in order. One thread.
#pragma once

#include <map>
#include <vector>

#include "stage/fold.h"

namespace quintet::stage {

class Join {
 public:
  // A record whose row is joined here; at rising positions.
  void expect(Admitted&& admitted);
  // A part for it, before or after expect(). One that speaks for nothing new, or for a position
  // that has left, is dropped.
  void add(Part&& part);

  struct Ready {
    Admitted admitted;
    std::vector<feature::PartialRow> parts;
  };
  // The first of the expected rows, if it is whole.
  std::optional<Ready> take();

  // What is at or below `done` has its outcome.
  void forget(Position done);
  bool expects(Position position) const;
  Position first() const;  // of the rows that are expected; kNoPosition: there is none
  std::size_t waiting() const { return expected_; }

 private:
  struct Open {
    std::optional<Admitted> admitted;
    std::vector<ShardId> heard;
    std::vector<feature::PartialRow> parts;
  };
  void close(std::map<Position, Open>::iterator open);

  std::map<Position, Open> open_;
  std::size_t expected_ = 0;
  Position next_ = kNoPosition;  // what is below has left
};

// Whether shards that have spoken are all that a record's row needs.
bool is_whole(const Admitted& admitted, const std::vector<ShardId>& heard);

}  // namespace quintet::stage
