// Infer: folding and scoring. Where one place owns every shard both are one call, the exchange
// between them being this object's own memory. Where shards are spread, a place folds those that it
// holds, and scores the rows whose parts have met in a Join; the answers are the same (a test
// compares). One thread; reads no clock.
#pragma once

#include "stage/fold.h"
#include "stage/score.h"

namespace quintet::stage {

class Infer {
 public:
  explicit Infer(std::shared_ptr<const app::Spec> spec);  // holds every shard
  Infer(std::shared_ptr<const app::Spec> spec, const std::vector<ShardId>& shards);

  // Applies a record in position order and gives its outcome; one of a record that asks nothing has
  // status `none`. Errors: those of Fold::apply and Score::control.
  Expected<void> apply(const Admitted& admitted, Outcome& out);
  // The same in two halves, as Score has them; `part`, whose texts the row borrows, stays with it.
  Expected<void> join(const Admitted& admitted, Part& part, Outcome& out);
  void answer(std::span<Outcome* const> rows) { score_.answer(rows); }
  // The same without the row: for what is folded again below L, where outcomes exist already.
  Expected<void> fold(const Admitted& admitted);
  // And with what the shards held here add to its row, which is scored once it is whole.
  Expected<void> fold(const Admitted& admitted, Part& part);
  void score(const Admitted& admitted, std::span<const feature::PartialRow* const> parts,
             Outcome& out) {
    score_.score(admitted, parts, out);
  }

  // What a row of `event` would be now, at no position; changes no state that an answer can show.
  void peek(const Admitted& admitted, Outcome& out);

  Fold& shards() { return fold_; }
  Score& score() { return score_; }
  const app::Spec& spec() const { return score_.spec(); }

 private:
  Fold fold_;
  Score score_;
  Part part_;
};

// Every shard there is.
std::vector<ShardId> all_shards();

}  // namespace quintet::stage
