// Making what stands in the place of a log's beginning where results are kept apart (S10.2): the
// views as of the cut that ingest has made, and the control records that still say something. Of
// views of subjects it holds how far their time has come and nothing else: a cut waits until all
// that they keep lies behind it (S10.1).
//
// It folds log and outcomes from the old base, or from the beginning, to the cut, and goes on until
// it has met all that was wanted of the views that serve: only if each piece is what the fold came
// to may anything be removed. All of it is reading and folding aside: step() runs on any thread
// that may read the store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

// Whether any version knows events of that name with subjects.
bool holds_subjects(const Versions& versions, const std::string& event);

class ViewsCut {
 public:
  struct Wanted {  // a piece of the views that serve
    std::size_t view = 0;
    stage::ViewPiece piece;
    Position position = kNoPosition;
    std::string sha256;  // of its bytes, in hex
  };
  struct Order {
    stage::Store* store = nullptr;
    Versions versions;
    AppVersion version = 0;              // in force
    stage::SealBody seal;                // the cut is its, and the number of the base
    std::shared_ptr<const Base> old;     // null: the log is whole
    std::string key;                     // of base_subject(0)
    std::optional<std::string> log_key;  // of what is private and nobody's
    std::vector<Wanted> wanted;          // each behind the cut
  };
  explicit ViewsCut(Order order);

  // Call it until it says false. `broken` with id base_differs if what serves is not the fold of
  // log and outcomes.
  Expected<bool> step();
  // After the last step: the parts of a base, its list the last.
  std::vector<stage::Snapshot>& parts() { return base_->parts(); }
  // Snapshots of labels that lie below the cut altogether.
  const std::vector<std::string>& stale() const { return stale_; }

 private:
  Expected<void> begin();
  Expected<void> fold(event::Record&& record, Epoch epoch);
  void write_base();
  Expected<void> compare(Position position);

  const Order order_;
  std::unique_ptr<stage::Vault> vault_;
  std::unique_ptr<stage::Sealer> sealer_;
  const std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<stage::Views> views_;
  std::unique_ptr<stage::OutcomeReader> outcomes_;
  BaseParts::Head head_;
  std::vector<event::Record> controls_;
  Position next_ = kNoPosition, last_ = kNoPosition;
  std::size_t met_ = 0;  // of wanted
  std::vector<std::string> stale_;
  std::optional<BaseParts> base_;
  stage::Admitted admitted_;
};

}  // namespace quintet::host
