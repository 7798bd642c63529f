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
  void fetch(Touch& touch, int step) const;
  bool erase(std::string_view key);
  void compact(Micros horizon);
  std::vector<WindowEntry> explain(const FoldInput& input, const Touch& touch, int aggregate,
                                   std::size_t limit) const;

  // What `horizon` has not forgotten, by key and place.
  void write(ByteWriter& out, Micros horizon) const;
  Expected<void> read(ByteReader& in, ShardId shard);

  void add_to(Shard::Size& size) const;

 private:
  // A view's window as its tallies hold it. It has to move when `until` reaches first_beyond or
  // `after` reaches first_inside, or when someone asks from before `asked`.
  struct Running {
    std::uint32_t low = 0, high = 0;
    Micros asked = INT64_MIN;
    Micros first_inside = INT64_MIN, first_beyond = INT64_MIN;
  };
  struct Piece {
    Running running;
    Tally tally;
  };
  // What runs for one key. One allocation: behind it a Piece for each view (its Running) or lane
  // (its Tally), whichever are more.
  struct Hot {
    // The last so many entries of the ring are those that came last, in order.
    std::uint32_t at_end = 0;
    std::uint32_t shuffles = 0;  // see Stretch
    std::uint64_t dropped = 0;
    Micros horizon = kNoTime;  // of the last asker
    std::uint32_t pieces = 0;
    bool touched = true;  // since compact() looked last

    Piece* first() { return reinterpret_cast<Piece*>(this + 1); }
    Running& view(std::size_t v) { return first()[v].running; }
    Tally& tally(std::size_t t) { return first()[t].tally; }
  };
  static_assert(sizeof(Hot) % alignof(Piece) == 0);
  // At rest it is one allocation: this, room for a row, and the key's bytes.
  struct Key : Ring, Keyed {
    Key() = default;
    Key(Key&&) noexcept = default;
    ~Key() { cool(); }
    using Ring::room;
    using Ring::take_room;
    Hot* hot() const { return static_cast<Hot*>(companion()); }
    void cool();
  };
  static_assert(sizeof(Key) == Ring::kObjectBytes && Keyed::kSlack >= Layout::kSlack);

  // One question of one record to one key, with what it would otherwise look up again and again.
  struct Question {
    const Asker& asker;
    Hot& hot;
    RingView ring;
  };

  Key& add(std::string_view name);
  Hot& warm(Key& key) const;
  void ask(Key& key, const app::GroupUse& use, const Asker& asker, PartialRow& out);
  event::Value answer(const Question& asked, std::size_t aggregate, event::Arena& arena);
  event::Value extreme(const Question& asked, const Selection& in, std::size_t aggregate,
                       event::Arena& arena);
  event::Value from_entries(const RingView& ring, const Selection& in, std::size_t aggregate,
                            event::Arena& arena) const;
  // What this event gives to the lane; null if nothing.
  const std::int64_t* self_in(const Lane& lane) const;

  const Selection& select(const Question& asked, std::size_t view);
  Selection select_anew(const Question& asked, std::size_t view);
  Selection pick(const RingView& ring, std::size_t n, std::vector<std::size_t>& picked) const;
  void move(const Question& asked, std::size_t view, std::size_t low, std::size_t high) const;
  std::size_t session_start(const Question& asked, const app::Window& window, const Running& before,
                            std::size_t high) const;
  void follow_insert(Hot& hot, const Entry& entry, std::size_t at, std::size_t size) const;
  void follow_drop(Hot& hot, std::size_t count) const;
  void tally(const RingView& ring, Hot& hot, std::size_t view, std::size_t i, bool enters) const;
  void tally(const Entry& entry, Tally& tally, const Lane& lane, bool enters) const;

  void insert(Key& key, Entry& entry);
  void report(const FoldInput& input, const Touch& touch);
  void forget(Key& key, Micros horizon);
  void drop_front(Key& key, std::size_t count);
  void drop_unneeded(Key& key, Micros horizon);
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
  void release(const RingView& ring, std::size_t count);  // the first so many

  std::shared_ptr<const GroupPlan> plan_;
  Layouts layouts_;
  Texts texts_;
  KeyMap<Key> keys_;
  // Of the touch at hand.
  Entry self_;
  bool self_inside_ = false;
  Key nobody_;
  // By view: where it stands for the question at hand, if it was asked yet.
  struct Selected {
    std::uint64_t question = 0;
    Selection selection;
  };
  std::vector<Selected> selected_;
  std::uint64_t question_ = 0;
  std::vector<std::vector<std::size_t>> picked_;  // by view
  std::vector<event::Value> slots_;
  event::Arena arena_;
};

}  // namespace quintet::feature
