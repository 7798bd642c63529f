// Which report says the label of an event, for who looks at a result by its id: a late label
// changes no answer that was given (DESIGN 6.1), but it can be shown beside it. Derived from the
// log, kept in snapshots in pieces by position of the report; a piece never changes. One thread;
// pure.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "app/spec.h"
#include "base/bytes.h"
#include "event/record.h"

namespace quintet::stage {

class LabelIndex {
 public:
  explicit LabelIndex(std::shared_ptr<const app::Spec> spec);

  // Whether the application has labels that reports bring. If not, the index holds nothing.
  bool wanted() const { return wanted_; }
  struct Report {
    Position event = kNoPosition;
    std::uint64_t label = 0;  // an index into Spec::labels
    Position report = kNoPosition;
  };
  // What a record reports; `written` is the Spec of its app_version.
  void reports_of(const event::Record& record, const app::Spec& written,
                  std::vector<Report>& out) const;
  // Takes into account all records up to `last`, which report this; in position order.
  void add(std::span<const Report> reports, Position last);
  Position last() const { return last_; }
  // The log begins behind `cut` (S10): nobody can look at an event before it.
  void begin_after(Position cut);

  // The position of the report that counts for the event's label (S5.1), an index into
  // Spec::labels; kNoPosition if there is none but perhaps one that came before its event and rides
  // on its record.
  Position report(Position event, int label) const;
  std::size_t size() const { return reports_.size(); }

  // What stands in no piece yet.
  std::size_t unwritten() const { return unwritten_.size(); }
  struct Piece {
    Position first = kNoPosition, last = kNoPosition;
  };
  // The next piece, of about `most` reports; the last one ends at last().
  Piece write_piece(std::string& bytes, std::size_t most);
  // As if none had been written: what write_piece() gave was lost.
  void write_again();
  // Pieces in order, each beginning at or before last() + 1: `broken` otherwise, and for damaged
  // bytes; the index is then as it was.
  Expected<void> read_piece(std::string_view bytes);

 private:
  std::uint64_t key(Position event, std::uint64_t label) const;
  void put(const Report& report);

  const std::shared_ptr<const app::Spec> spec_;
  bool wanted_ = false;
  // By event and label. Never walked where the order could show.
  std::unordered_map<std::uint64_t, Position> reports_;
  std::deque<Report> unwritten_;  // by position of the report
  Position last_ = kNoPosition;
  Position written_ = kNoPosition;
  Position cut_ = kNoPosition;
};

}  // namespace quintet::stage
