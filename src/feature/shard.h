// One of the application's logical shards: the feature state of all group keys and table keys whose
// hash falls into it. A deterministic, single-threaded state machine: records in chain order in,
// partial rows out, a snapshot at any position. It owns all its state and reads no clock.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"
#include "event/types.h"

namespace quintet::feature {

// One key that a record touches: where it lives and how it is asked.
struct Touch {
  enum class What : std::uint8_t { group, table } what = What::group;
  int index = -1;  // Spec::groups, or event type of the table
  ShardId shard = 0;
  std::string key;      // canonical bytes of the key's parts; never empty: null keys touch nothing
  int use = -1;         // in RowPlan::groups or ::tables if the record asks it; else -1
  bool insert = false;  // the record's event enters this group, or is this table's new row
  // A label report for an entry of this key: label, its event's place, the value. Else label = -1.
  int label = -1;
  Position target = kNoPosition;
  Micros target_time = 0;
  event::Value label_value;
  const void* near = nullptr;  // Shard::fetch() keeps here what it has found
};

// What a shard needs of a record, decoded once per record by stage/infer.
struct FoldInput {
  Position position = kNoPosition;
  Micros time = 0;
  Micros low_time = kNoTime;  // the record's stamp
  int event_type = -1;
  std::span<const event::Value> fields;  // by EventType::fields
  // Label values known with the event itself (same-event labels, waiting reports), by
  // Spec::labels_of(event_type); null where unknown.
  std::span<const event::Value> labels;
  bool asks = true;  // false for `history` records: enters windows, gives no row
};

// The slots that one shard fills of one row. Values borrow from `arena`.
struct PartialRow {
  struct Cell {
    app::Slot slot;
    event::Value value;
  };
  std::vector<Cell> cells;
  event::Arena arena;
  void clear() {
    cells.clear();
    arena.reset();
  }
};

// One event in or out of a window, for `quintet explain`.
struct WindowEntry {
  Position position = kNoPosition;
  Micros time = 0;
  bool inside = false;
  std::string why;    // "", "after the edge", "before the edge", "forgotten", "filtered", "label
                      // unknown", ...
  std::string value;  // the argument as text
};

struct GroupPlan;

// What shards work out of a Spec before they start; made once, shared by all of an application's
// shards. Immutable; any thread.
class Plans {
 public:
  explicit Plans(std::shared_ptr<const app::Spec> spec);
  const std::shared_ptr<const app::Spec>& spec() const { return spec_; }
  std::size_t size() const { return groups_.size(); }
  const std::shared_ptr<const GroupPlan>& group(std::size_t index) const { return groups_[index]; }

 private:
  std::shared_ptr<const app::Spec> spec_;
  std::vector<std::shared_ptr<const GroupPlan>> groups_;
};

// The steps in which fetch() brings the state that apply() will read nearer to the processor. Each
// follows what the one before has brought, so who has many touches takes all through a step before
// the next, and applies none of them in between. Changes nothing, and may be left out.
inline constexpr int kFetchSteps = 4;

class Shard {
 public:
  Shard(std::shared_ptr<const app::Spec> spec, ShardId id);
  Shard(std::shared_ptr<const Plans> plans, ShardId id);
  ~Shard();
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;

  ShardId id() const;
  // Applies one touch: answers what is asked (appended to `out`), then inserts. Touches of one
  // record come in the order of route(). Never fails (DESIGN 3: folding is total).
  void apply(const FoldInput& input, const Touch& touch, PartialRow& out);

  void fetch(Touch& touch, int step) const;

  // Removes a key and all its entries (erase); true if it was there.
  bool erase(Touch::What what, int index, std::string_view key);

  // Frees what the horizon of `low_time` has forgotten, and what can be worked out again. Never
  // changes an answer. `low_time` is that of a record at or before the next one applied.
  void compact(Micros low_time);

  // Canonical form: equal state gives equal bytes, whatever way it was reached. What is forgotten
  // by the greatest low time seen (in apply() or compact()) is left out: who compares bytes calls
  // compact() with the low time of the snapshot's position first.
  void write(ByteWriter& out) const;
  // Refuses bytes of another Spec digest or semantics version, and damaged ones (Code::broken).
  // They must end with the snapshot.
  static Expected<Shard> read(std::shared_ptr<const app::Spec> spec, ByteReader& in);
  static Expected<Shard> read(std::shared_ptr<const Plans> plans, ByteReader& in);

  // The entries around one aggregate's window as `input` sees it, nearest first, at most `limit`:
  // of more, those inside are kept before those left out.
  std::vector<WindowEntry> explain(const FoldInput& input, const Touch& touch,
                                   const app::AggregateUse& use, std::size_t limit) const;

  struct Size {
    std::size_t keys = 0, entries = 0, bytes = 0;
  };
  Size size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quintet::feature
