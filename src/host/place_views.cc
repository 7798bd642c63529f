// The views of a Place: at a start from snapshots and the outcomes behind them, after an erase from
// log and outcomes, then with every group that becomes durable.
#include "host/place_state.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

// What the snapshots hold; a view that they hold badly is folded from the first result.
void Place::State::restore_views(const Opened& opened) {
  views_from = durable;
  for (std::size_t i = 0; i < spec().views.size(); ++i) {
    const std::string all = "views/" + spec().views[i].name + "/";
    std::vector<stage::Views::StoredPiece> pieces;
    for (auto at = opened.parts.lower_bound(all); at != opened.parts.end(); ++at) {
      if (!at->first.starts_with(all)) break;
      if (at->second.opened.head != *usable) continue;
      pieces.push_back({at->second.position, at->second.opened.body});
    }
    const auto from = views->restore(i, std::move(pieces));
    if (!from) ignore("snapshot " + all, from.error().message());
    views_from = std::min(views_from, from ? *from : kNoPosition);
  }
}

Expected<void> Place::State::fold_views() {
  started.views_folded = 0;
  if (!spec().views.empty()) {
    stage::OutcomeReader outcomes(parts.store);
    stage::Admitted read;
    TRY_DO(each_record(
        views_from + 1,
        [&](event::Record&& record, Epoch block_epoch) -> Expected<void> {
          ++started.views_folded;
          TRY(const stage::OutcomeView* view, outcomes.at(record.position));
          if (view == nullptr || view->status != stage::OutcomeStatus::result) return {};
          const AppVersion written = record.app_version;
          if (written == 0 || written > versions.size()) {
            return broken("position " + std::to_string(record.position) +
                          " names an application version that the log lacks");
          }
          read.record = std::move(record);
          TRY_DO(stage::decode_record(*versions[written - 1], spec(), block_epoch, sealer, read));
          return views->fold_stored(read, *view, versions);
        },
        [](const event::BlockBytes&) {}));
  }
  views->caught_up();
  views->fold({}, durable);
  labels->add({}, durable);
  return {};
}

Expected<stage::ViewPage> Place::view(std::size_t view, const stage::ViewQuery& query) {
  return state_->views->read(view, query);
}

const stage::Views& Place::views() const {
  return *state_->views;
}

}  // namespace quintet::host
