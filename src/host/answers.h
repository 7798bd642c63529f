// The reading half of a place: results by position and by query, labels beside them, views. It
// reads a store that has records with their outcomes; views and the label index it keeps in memory,
// folded behind what becomes durable.
//
// One thread. What it is made of outlives it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/base.h"
#include "host/stored_parts.h"
#include "host/versions.h"
#include "stage/label_index.h"
#include "stage/outcome.h"
#include "stage/views.h"

namespace quintet::host {

// Most positions that one page of results looks at: reads share the loop with writes.
inline constexpr Position kScanPositions = 4'096;

class Answers {
 public:
  struct Parts {
    stage::Store& store;
    stage::Sealer& sealer;
    const Versions& versions;
    Clock& clock;
  };
  explicit Answers(const Parts& parts) : parts_(parts) {}

  // --- reading ---
  // The result at a position as JSON; `not_found` if there is none or it is not durable yet,
  // `expired` below first().
  Expected<std::string> result(Position position);
  // What whoever sent the event there is told: the result; or, of what has none by its nature, as
  // the row of a table, what it is and that its status is "none".
  Expected<std::string> reply(Position position);
  // A result with a member "labels", if its event has any: what is known of them now (S5.6).
  Expected<std::string> result_with_labels(Position position);
  struct Page {
    std::vector<std::string> results;  // JSON
    Position next = kNoPosition;       // where to go on; kNoPosition at the end
  };
  struct Query {
    Position from = kNoPosition;  // kNoPosition: the first that is kept
    std::size_t limit = 100;
    std::string event_type;  // empty: any
    std::string decision;    // of this name; empty: any
    std::string value;       // with this value
  };
  // Looks at no more than kScanPositions; a page may be empty and still have a next one.
  Expected<Page> results(const Query& query);
  // The positions of these results.
  struct Selected {
    std::vector<Position> positions;
    Position next = kNoPosition;
  };
  Expected<Selected> select(const Query& query);
  // They as by result_with_labels(), seen from `at`; kNoTime: now. What was told of them is read
  // in the order of the log.
  Expected<Page> with_labels(const Selected& selected, Micros at);
  // A page of the application's view number `view` (S9).
  Expected<stage::ViewPage> view(std::size_t view, const stage::ViewQuery& query) {
    return views_->read(view, query);
  }
  Position first() const { return first_; }      // that is kept
  Position durable() const { return durable_; }  // all outcomes up to here are

  // --- being kept up to date ---
  // Another version is in force: views and label index are empty then. The log begins at `first`.
  void put_in_force(AppVersion version, Position first);
  // The log's beginning went (S10).
  void begin_at(Position first);
  void reach(Position durable) { durable_ = durable; }
  // What everything up to `last`, which is durable, adds to views and label index.
  void fold(const stage::ViewRows& rows, std::span<const stage::LabelIndex::Report> reports,
            Position last);
  // What a record of the log reports, for the label index; in position order, each once or more.
  void index(const event::Record& record, const app::Spec& written);
  // What keys with_labels() would need.
  Expected<std::vector<std::string>> key_names(std::span<const Position> positions);
  // What was read of outcomes is of no use any more: some have changed.
  void forget_read() {
    recent_.clear();
    recent_records_ = 0;
  }
  // What has just become durable, so that those who wait for it do not cost a read of the store.
  void remember(event::Block block, stage::OutcomeBytes run);
  stage::Views& views() { return *views_; }
  stage::LabelIndex& labels() { return *labels_; }

  // --- coming back ---
  struct From {
    const StoredParts* stored = nullptr;   // none: from what the base holds alone
    const SnapshotHead* usable = nullptr;  // of the parts that may be used
    const Base* base = nullptr;
    const Base::From* base_from = nullptr;
    std::function<void(const std::string& what, const std::string& why)> ignore;
  };
  // What the snapshots hold, if any, and below them the base; a view that both lack is folded from
  // the first result that is kept.
  Expected<void> restore_views(const From& from);
  // The position behind which records must be folded for the index.
  Position restore_labels(const From& from);
  // The position behind which results must be folded for the views.
  Position views_from() const { return views_from_; }
  // Folds into the views what lies behind views_from(), from log and outcomes. Gives how many
  // records it looked at.
  Expected<Position> fold_views();
  // One of those; null or of status none: nothing is folded.
  Expected<void> fold_stored(event::Record&& record, Epoch epoch, const stage::OutcomeView* view);
  // All up to durable() is folded.
  void caught_up();

  // --- snapshots ---
  void begin_snapshot();
  // Gives the next part to `add`; false after the last one. A view goes on changing between its
  // pieces: each has the position that it was written at.
  using AddPart = std::function<void(std::string name, Position position, std::string_view body)>;
  bool add_next_part(const AddPart& add);

 private:
  // Blocks and runs that came or were read last, so that reads of neighbours cost one decoding; the
  // last one first.
  struct Recent {
    Position first = kNoPosition, last = kNoPosition;
    event::Block block;
    stage::Store::OutcomeRun run;
    std::vector<stage::OutcomeView> views;  // of `run`, once somebody reads it
  };
  struct Found {
    const event::Record* record = nullptr;  // in recent_
    const app::Spec* spec = nullptr;        // of the outcome
    stage::Outcome outcome;
  };
  const app::Spec& spec() const { return *parts_.versions[version_ - 1]; }
  Expected<const Recent*> load(Position position);
  Expected<Found> read(Position position);
  // Gives the position behind the last one it looked at, kNoPosition at the end.
  Expected<Position> scan(const Query& query,
                          const std::function<bool(Position, const Found&)>& take);
  std::string render(const Found& found) const;
  bool restore_view(std::size_t view, const From& from,
                    std::vector<stage::Views::StoredPiece> pieces);
  Expected<void> decode_at(Position position, stage::Admitted& out);
  struct Labelled;
  struct Needed;
  Expected<void> begin_labels(Position position, Labelled& row, std::vector<Needed>& needed);
  Expected<void> add_report(const Needed& needed, stage::Admitted& report, event::Arena& arena);
  bool add_next_label_piece(const AddPart& add);

  const Parts parts_;
  AppVersion version_ = 0;
  Position first_ = 1;
  Position durable_ = kNoPosition;
  std::unique_ptr<stage::Views> views_;
  std::unique_ptr<stage::LabelIndex> labels_;
  Position views_from_ = kNoPosition;
  stage::Admitted folded_;  // scratch

  void keep(Recent recent);
  std::deque<Recent> recent_;
  std::size_t recent_records_ = 0;

  struct Taking {          // of a snapshot
    std::size_t view = 0;  // the next one
    stage::ViewPiece piece;
    bool labels = false;  // are written, after the views
  } taking_;
};

}  // namespace quintet::host
