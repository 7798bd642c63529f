// The views of an application (S9): aggregates over results, by key and bucket of event time. They
// fold results in position order; what they give is a function of the results that are in them.
// Derived: lost at a restart, folded again from log and outcomes. One thread; pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "event/event.h"
#include "stage/outcome.h"
#include "stage/view_cell.h"

namespace quintet::stage {

// What a view may take in memory, estimated. Beyond it the view is given up until it is folded
// again, and every read of it says so: it never shows less than there is.
inline constexpr std::size_t kViewBytes = std::size_t{256} << 20;
// Lines that one read looks at.
inline constexpr std::size_t kViewScan = 20'000;

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
    bool counts;  // `where` holds
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
  std::vector<ViewLine> lines;  // by bucket, then key (event::compare)
  std::string next;             // where to go on; empty at the end
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

  // `view` is an index into Spec::views. `invalid` for an `after` that no page gave, `unavailable`
  // (view_too_large) for a view that was given up.
  Expected<ViewPage> read(std::size_t view, const ViewQuery& query);

  struct Size {
    std::size_t lines = 0, bytes = 0;
    bool given_up = false;
  };
  Size size(std::size_t view) const;

 private:
  struct Key;
  struct Less;
  struct Line;
  struct State;
  void fold(const ViewRows& rows, const ViewRows::Row& row);
  Line& line_of(State& state, Micros bucket, std::span<const event::Value> key);
  const feature::Texts& texts_of(const Line& line) const;
  static bool is_old(const State& state, Micros bucket);
  static void drop_old(State& state);
  static std::string token(const State& state, const Key& key);
  static Expected<Key> key_of_token(const State& state, std::string_view token,
                                    event::Arena& arena);

  std::shared_ptr<const app::Spec> spec_;
  const std::size_t most_bytes_;
  std::vector<State> states_;                  // by Spec::views
  std::vector<std::vector<std::size_t>> of_;  // by event type: its views
  Position position_ = kNoPosition;
  const feature::Texts no_texts_;
};

// A result recorded under `written` as a row under `spec`: fields are given, what is computed is
// matched by name and type; what the result has not is null. Texts borrow from both.
std::vector<event::Value> recast(const app::Spec& written, const Outcome& outcome,
                                 const app::Spec& spec, const event::Event& event);

}  // namespace quintet::stage
