// The state of one group in one shard: for each key a ring of entries, which is the truth, and
// running windows over it (`Hot`), which are built when a key is touched and may be dropped at any
// time. Asking never changes an answer. Owned by a Shard; one thread.
#pragma once

#include <memory>
#include <string>

#include "feature/key_map.h"
#include "feature/plan.h"
#include "feature/ring.h"
#include "feature/shard.h"
#include "feature/tally.h"
#include "feature/window.h"

namespace quintet::feature {

// Which entries of the ring a window holds: [low, high), or those of `picked` if it is not null.
struct Selection {
  std::size_t low = 0, high = 0;
  const std::vector<std::size_t>* picked = nullptr;
  std::size_t size() const { return picked ? picked->size() : high - low; }
  std::size_t operator[](std::size_t i) const { return picked ? (*picked)[i] : low + i; }
};

class GroupState {
 public:
  explicit GroupState(std::shared_ptr<const GroupPlan> plan);

  void apply(const FoldInput& input, const Touch& touch, PartialRow& out);
  bool erase(std::string_view key);
  void compact(Micros horizon);
  std::vector<WindowEntry> explain(const FoldInput& input, const Touch& touch, int aggregate,
                                   std::size_t limit) const;

  // What `horizon` has not forgotten, by key and place.
  void write(ByteWriter& out, Micros horizon) const;
  Expected<void> read(ByteReader& in, ShardId shard);

  void add_to(Shard::Size& size) const;

 private:
  struct Running {  // a view's window as its tallies hold it
    std::size_t low = 0, high = 0;
    std::uint64_t turn = 0;  // when it was moved last
    bool chained = false;    // a session's `low` is its true beginning
  };
  struct Hot {
    std::vector<Running> views;
    std::vector<Tally> tallies;
    // The last so many entries of the ring are those that came last, in order.
    std::size_t at_end = 0;
  };
  struct Key {
    std::string key;
    Ring ring;
    std::unique_ptr<Hot> hot;
  };

  Hot& warm(Key& key) const;
  void ask(Key& key, const app::GroupUse& use, const Asker& asker, PartialRow& out);
  event::Value answer(Key& key, int aggregate, const Asker& asker, event::Arena& arena);
  event::Value from_entries(const RingView& ring, const Selection& in, int aggregate,
                            event::Arena& arena) const;
  Selection select(Key& key, std::size_t view, const Asker& asker);
  void move(Key& key, std::size_t view, std::size_t low, std::size_t high);
  std::size_t session_start(const RingView& ring, const app::Window& window, const Asker& asker,
                            std::size_t high) const;
  void tally(const RingView& ring, Hot& hot, std::size_t view, std::size_t i, bool enters) const;
  void tally(const Entry& entry, Tally& tally, const Lane& lane, bool enters) const;

  void insert(Key& key, Entry& entry);
  void report(const FoldInput& input, const Touch& touch);
  void forget(Key& key, Micros horizon);
  std::vector<bool> needed(const Key& key, Micros horizon) const;

  void write_key(ByteWriter& out, const Key& key, const std::vector<bool>& needed) const;
  Expected<void> read_entry(ByteReader& in, Entry& entry);

  std::vector<std::size_t> inside(const RingView& ring, const app::Window& window,
                                  const Asker& asker) const;
  // Empty if nothing keeps entry i out.
  std::string why_out(const RingView& ring, std::size_t i, const app::Window& window,
                      const Asker& asker) const;

  void evaluate(const FoldInput& input, Entry& entry);
  Raw hold(event::Value value);
  event::Value value(Raw raw, std::size_t column) const;
  void hold(const Entry& entry);
  void release(const Entry& entry);

  std::shared_ptr<const GroupPlan> plan_;
  Layouts layouts_;
  Texts texts_;
  KeyMap<Key> keys_;
  std::uint64_t turn_ = 0;
  // Of the touch at hand.
  Entry self_;
  bool self_inside_ = false;
  Key nobody_;
  std::vector<std::size_t> picked_;
  std::vector<event::Value> slots_;
  event::Arena arena_;
};

}  // namespace quintet::feature
