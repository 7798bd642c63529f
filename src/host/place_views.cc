// The views of a Place: folded from log and outcomes when it starts and after an erase, then with
// every group that becomes durable.
#include "host/place_state.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

Expected<void> Place::State::fold_views() {
  if (!spec().views.empty()) {
    stage::OutcomeReader outcomes(parts.store);
    TRY_DO(each_record(
        1,
        [&](event::Record&& record, Epoch block_epoch) -> Expected<void> {
          TRY(const stage::OutcomeView* view, outcomes.at(record.position));
          if (view == nullptr || view->status != stage::OutcomeStatus::result) return {};
          return fold_result(std::move(record), block_epoch, *view);
        },
        [](const event::BlockBytes&) {}));
  }
  views->fold({}, durable);
  return {};
}

Expected<void> Place::State::fold_result(event::Record&& record, Epoch block_epoch,
                                         const stage::OutcomeView& view) {
  const std::string where = "position " + std::to_string(record.position);
  const auto known = [&](AppVersion version) { return version != 0 && version <= versions.size(); };
  if (!known(record.app_version) || !known(view.app_version)) {
    return broken(where + " names an application version that the log lacks");
  }
  stage::Admitted read;
  read.record = std::move(record);
  TRY_DO(stage::decode_record(*versions[read.record.app_version - 1], spec(), block_epoch, sealer,
                              read));
  if (read.event.type == nullptr || !views->wants(read.event.type->index)) return {};
  const app::Spec& decided_under = *versions[view.app_version - 1];
  ByteReader in(view.bytes);
  TRY(const stage::Outcome decided,
      stage::read_outcome(in, decided_under, read.record.position));
  stage::ViewRows rows;
  views->take(read.event.type->index, read.record.time, read.record.position,
              stage::recast(decided_under, decided, spec(), read.event), rows);
  views->fold(rows, read.record.position);
  return {};
}

Expected<stage::ViewPage> Place::view(std::size_t view, const stage::ViewQuery& query) {
  return state_->views->read(view, query);
}

const stage::Views& Place::views() const { return *state_->views; }

}  // namespace quintet::host
