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
  // Rows at or below `done` have their outcome already (L).
  explicit Join(Position done) : next_(done + 1) {}

  // A record whose row is joined here; in position order, each once.
  void expect(Admitted&& admitted);
  // A part for it, before or after expect(). One that speaks for shards already heard, or for a
  // position that has left, is dropped.
  void add(Part&& part);

  struct Ready {
    Admitted admitted;
    std::vector<feature::PartialRow> parts;
  };
  // The next complete row in position order, if there is one.
  std::optional<Ready> take();

  std::size_t waiting() const { return open_.size(); }
  Position next() const { return next_; }

 private:
  struct Open {
    std::optional<Admitted> admitted;
    std::vector<ShardId> heard;
    std::vector<feature::PartialRow> parts;
  };
  bool complete(const Open& open) const;

  std::map<Position, Open> open_;
  Position next_;
};

}  // namespace quintet::stage
