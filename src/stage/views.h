// The views of an application (S9): aggregates over results, by key and bucket of event time. They
// fold results in position order; what they give is a function of the results that are in them.
// Derived: may be lost, and folded again from log and outcomes. One thread; pure.
//
// In a snapshot a view is a set of pieces, each the lines of some slots, so that no piece is large
// and each may have a position of its own. A slot is a part of all lines by the hash of their key.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "event/event.h"
#include "stage/admitted.h"
#include "stage/outcome.h"
#include "stage/view_cell.h"

namespace quintet::stage {

// What a view may take in memory, estimated. Beyond it the view is given up until it is folded
// again, and every read of it says so: it never shows less than there is.
inline constexpr std::size_t kViewBytes = std::size_t{256} << 20;
// Lines that one read looks at.
inline constexpr std::size_t kViewScan = 20'000;

inline constexpr std::size_t kViewSlots = 1024;
inline constexpr std::size_t kViewPieceBytes = std::size_t{256} << 10;  // of memory, about

// A piece of a view: with depth d it is cut into 2^d pieces, numbered in the order of their slots.
struct ViewPiece {
  unsigned depth = 0;
  std::size_t index = 0;
  std::size_t first_slot() const { return index * (kViewSlots >> depth); }
  std::size_t end_slot() const { return (index + 1) * (kViewSlots >> depth); }
};

// What results give to views, until their commit is durable.
class ViewRows {
 public:
  bool empty() const { return rows_.empty(); }

 private:
  friend class Views;
  struct Row {
    std::size_t view;
    Micros time;
    Position position;
    bool counts;        // `where` holds
    std::size_t first;  // in values_: keys, then arguments (null: not counted)
  };
  std::vector<Row> rows_;
  std::vector<event::Value> values_;
  event::Arena arena_;
};

struct ViewLine {
  Micros bucket = 0;                // its begin; 0 if the view has one for all time
  std::vector<event::Value> key;    // by View::by
  std::vector<event::Value> cells;  // by View::aggregates
};

struct ViewQuery {
  Micros from = INT64_MIN;  // buckets that begin at `from` or later
  Micros to = INT64_MAX;    // and before `to`
  struct Filter {
    std::size_t key;     // in View::by
    event::Value value;  // null: the null key, and the empty text
  };
  std::vector<Filter> filters;
  std::size_t limit = 100;
  std::string after;  // ViewPage::next of the page before
};

struct ViewPage {
  std::vector<ViewLine> lines;      // by bucket, then key (event::compare)
  std::string next;                 // where to go on; empty at the end
  Position position = kNoPosition;  // folded to
  Micros newest = kNoTime;          // event time of the newest result of its event type
  event::Arena arena;               // owns texts and lists of `lines`
};

class Views {
 public:
  explicit Views(std::shared_ptr<const app::Spec> spec, std::size_t most_bytes = kViewBytes);
  ~Views();

  const app::Spec& spec() const { return *spec_; }
  bool wants(int event_type) const;  // some view is of it

  // Adds what a result gives. `slots` is its whole row under spec(), fields included.
  void take(int event_type, Micros time, Position position, std::span<const event::Value> slots,
            ViewRows& rows);
  // Folds them; everything up to `position` is in the views then.
  void fold(const ViewRows& rows, Position position);
  Position position() const { return position_; }
  // Folds a stored outcome, of an erased one its time alone: `read` is its record under spec(),
  // `versions` by AppVersion - 1.
  Expected<void> fold_stored(const Admitted& read, const OutcomeView& stored,
                             std::span<const std::shared_ptr<const app::Spec>> versions);

  // `view` is an index into Spec::views. `invalid` for an `after` that no page gave, `unavailable`
  // (view_too_large) for a view that was given up.
  Expected<ViewPage> read(std::size_t view, const ViewQuery& query);

  // A result of this event time, or an earlier one, is in no bucket that the view keeps, and never
  // will be (S9.4). INT64_MIN if it keeps all, INT64_MAX before its first result.
  Micros edge(std::size_t view) const;

  struct Size {
    std::size_t lines = 0, bytes = 0;
    bool given_up = false;
  };
  Size size(std::size_t view) const;

  // --- snapshots (views_snapshot.cc) ---
  // How deep the view is cut so that a piece takes about kViewPieceBytes.
  unsigned depth(std::size_t view) const;
  // Canonical: equal results give equal bytes, whatever way they came. A view that was given up is
  // one piece of depth 0, which says so.
  std::string write(std::size_t view, ViewPiece piece) const;
  // Which piece the bytes are; `broken` if they are none.
  static Expected<ViewPiece> piece_of(std::string_view bytes);
  // Whether they say that the view was given up.
  static Expected<bool> is_given_up(std::string_view bytes);
  // The piece without its lines.
  static Expected<std::string> emptied(std::string_view bytes);
  // The bytes as another application version has them in which the view is the same.
  static Expected<std::string> under(const app::Spec& spec, std::string_view bytes);

  struct StoredPiece {
    Position position = kNoPosition;  // its state is that of all results up to there
    std::string_view bytes;
  };
  // Puts pieces in place of an empty view; of those that hold the same slot the newest counts.
  // Gives the position behind which results must be folded: one that is in a piece already is
  // passed over then, until caught_up(). `broken` for pieces that are damaged, of another
  // application or semantics version, or not the whole view: then the view is empty.
  Expected<Position> restore(std::size_t view, std::vector<StoredPiece> pieces);
  void caught_up();

 private:
  struct Key;
  struct Less;
  struct Line;
  struct State;
  void fold(const ViewRows& rows, const ViewRows::Row& row);
  void count(State& state, Line& line) const;
  static std::size_t slot_of(const State& state, const Key& key);
  Line& line_of(State& state, Key&& wanted);
  void add_cells(const State& state, Line& line) const;
  static void remove(State& state, const Key& key);
  std::string beginning(std::size_t view) const;
  static bool may_be(const State& state, ViewPiece piece, Micros newest, const Key& key);
  Expected<void> read_lines(State& state, ByteReader& in, ViewPiece piece,
                            const std::vector<Position>& reached);
  Expected<Position> read_pieces(std::size_t view, const std::vector<StoredPiece>& pieces);
  const feature::Texts& texts_of(const Line& line) const;
  static bool is_old(const app::View& view, Micros newest, Micros bucket);
  static void drop_old(State& state);
  static std::string key_bytes(const State& state, const Key& key);
  static Expected<Key> read_key(const State& state, ByteReader& in, event::Arena& arena);
  static Expected<Key> key_of_token(const State& state, std::string_view token,
                                    event::Arena& arena);

  std::shared_ptr<const app::Spec> spec_;
  const std::size_t most_bytes_;
  std::vector<State> states_;                 // by Spec::views
  std::vector<std::vector<std::size_t>> of_;  // by event type: its views
  Position position_ = kNoPosition;
  const feature::Texts no_texts_;
};

// A result recorded under `written` as a row under `spec`: fields are given, what is computed is
// matched by name and type; what the result has not is null. Texts borrow from both.
std::vector<event::Value> recast(const app::Spec& written, const Outcome& outcome,
                                 const app::Spec& spec, const event::Event& event);

}  // namespace quintet::stage
