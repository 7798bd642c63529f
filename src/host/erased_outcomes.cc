#include "host/erased_outcomes.h"

#include "host/log_reading.h"
#include "stage/outcome.h"

namespace quintet::host {

void add_erased(const Versions& versions, const event::Record& record, const std::string& subject,
                std::vector<stage::OutcomeChange>& changes) {
  if (record.subject != subject || record.kind != event::RecordKind::event) return;
  stage::Outcome erased;
  erased.position = record.position;
  erased.status = stage::OutcomeStatus::erased;
  erased.app_version = record.app_version;
  stage::OutcomeRunWriter writer;
  writer.add(*versions[record.app_version - 1], erased);
  changes.push_back({record.position, writer.take().bytes});
}

Expected<std::vector<stage::OutcomeChange>> erased_outcomes(stage::LogSource& source,
                                                            Position first,
                                                            const Versions& versions,
                                                            const std::string& subject) {
  std::vector<stage::OutcomeChange> changes;
  TRY_DO(each_record(source, first, [&](event::Record&& record, Epoch) -> Expected<void> {
    add_erased(versions, record, subject, changes);
    return {};
  }));
  return changes;
}

}  // namespace quintet::host
