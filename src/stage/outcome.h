// The second truth beside the log: one outcome per position, result or failure, and its wire form.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"
#include "stage/store.h"

namespace quintet::stage {

enum class OutcomeStatus : std::uint8_t {
  none = 0,  // control records, history, tables: the position is done and has no answer
  result = 1,
  failed = 2,
  erased = 3,
};

// A model version that took part, by Spec::models of the outcome's application version.
struct UsedModel {
  std::uint16_t model = 0;
  std::uint32_t version = 0;
};

struct ColumnFault {
  app::Slot slot = -1;
  expr::Fault fault = expr::Fault::none;
};

// Owns its values. `slots` is a whole row (Spec::rows) whose field slots are null: fields belong to
// the log, not to the outcome.
struct Outcome {
  Position position = kNoPosition;
  OutcomeStatus status = OutcomeStatus::none;
  std::uint16_t event_type = 0;
  AppVersion app_version = 0;
  bool late = false;
  std::vector<event::Value> slots;
  std::vector<int> cases;  // by RowPlan::decisions: the case taken, -1 if none
  std::vector<ColumnFault> faults;
  std::vector<UsedModel> models;
  std::string failure;  // why it failed; empty for a result
  event::Arena arena;
};

// One outcome's bytes under the Spec of its app_version.
void write_outcome(ByteWriter& out, const app::Spec& spec, const Outcome& outcome);
Expected<Outcome> read_outcome(ByteReader& in, const app::Spec& spec, Position position);

// A run of outcomes at contiguous positions. add() in position order, then take().
class OutcomeRunWriter {
 public:
  void add(const app::Spec& spec, const Outcome& outcome);
  // From `from` on, or from where it stands, up to `last` outcomes are made elsewhere: they are
  // missing in this run, which read_run() refuses until merge_runs() has filled it.
  void skip(Position from, Position last);
  // One whose bytes were written before.
  void add_bytes(Position position, std::string_view body);
  bool empty() const { return run_.first == kNoPosition; }
  OutcomeBytes take();

 private:
  OutcomeBytes run_;
};

// One run of several over the same positions: each outcome is in one of them at least, and where it
// is in two the first is taken. `broken` if one is missing or bytes are damaged.
Expected<OutcomeBytes> merge_runs(std::span<const OutcomeBytes> runs);

// The outcomes of a run without decoding their values: status and application version first, so
// that the caller can choose the Spec.
struct OutcomeView {
  Position position = kNoPosition;
  OutcomeStatus status = OutcomeStatus::none;
  AppVersion app_version = 0;
  std::string_view bytes;  // for read_outcome
};
// Refuses damaged bytes. Views borrow from run.bytes.
Expected<std::vector<OutcomeView>> read_run(const OutcomeBytes& run);

}  // namespace quintet::stage
