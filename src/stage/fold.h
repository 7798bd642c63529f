// The folding half of infer: the shards that one place owns, fed with records in chain order. It is
// total: on an admitted record it cannot fail, save for a gap in the chain, which the host answers
// by fetching what is missing from the log. One thread; reads no clock.
#pragma once

#include <memory>
#include <vector>

#include "base/digest.h"
#include "feature/shard.h"
#include "stage/admitted.h"

namespace quintet::stage {

// What the shards of one place add to a row. `shards` lists the visited shards that it speaks for,
// so that whoever joins knows when all have spoken.
struct Part {
  Position position = kNoPosition;
  std::vector<ShardId> shards;
  feature::PartialRow cells;
  void clear() {
    position = kNoPosition;
    shards.clear();
    cells.clear();
  }
};

class Fold {
 public:
  // Owns the given shards; all of them in a monolith.
  Fold(std::shared_ptr<const app::Spec> spec, const std::vector<ShardId>& shards);
  ~Fold();
  Fold(Fold&&) noexcept;

  // Applies the record to the owned shards it visits; `out` is cleared and filled with their part.
  // A shard that is past the record already answers nothing and changes nothing (a duplicate).
  // `conflict` if a record before this one on some shard is missing: nothing was changed.
  Expected<void> apply(const Admitted& admitted, Part& out);

  // As feature::Shard::fetch(), for all that the record touches here.
  void fetch(Admitted& admitted, int step) const;

  // Answers what the record asks of the owned shards, and enters nothing.
  void peek(const Admitted& admitted, feature::PartialRow& out);

  // Position folded to, of one shard.
  Position at(ShardId shard) const;
  // Takes a key's state away (erase). True if some shard had it.
  bool erase(const feature::Touch& touch);
  // Frees what is forgotten; changes no answer.
  void compact(Micros low_time);
  void compact(ShardId shard, Micros low_time);

  // One shard's snapshot in canonical form, its position first.
  std::string write(ShardId shard) const;
  // Puts a shard in place of the owned one of the same number. It holds all up to `position`, and
  // passes over those records: its chain alone does not tell, as it names the visits of each
  // record under the version that admitted it.
  Expected<void> read(ShardId shard, Position position, std::string_view bytes);
  // SHA-256 in hex over all owned shards' canonical forms, in shard order.
  std::string digest() const;
  void add_digest(ShardId shard, Sha256& sha) const;  // of one that is owned

  const feature::Plans& plans() const { return *plans_; }
  bool owns(ShardId shard) const { return owned_[shard] != nullptr; }
  const feature::Shard& shard(ShardId shard) const;

 private:
  struct Owned;
  std::shared_ptr<const feature::Plans> plans_;
  std::vector<std::unique_ptr<Owned>> owned_;  // by shard id; null where not owned
};

}  // namespace quintet::stage
