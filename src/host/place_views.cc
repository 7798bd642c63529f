// The views of a Place: at a start from snapshots and the outcomes behind them, after an erase from
// log and outcomes, then with every group that becomes durable.
#include "host/place_state.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

// What the snapshots hold, if any, and below them the base; a view that both lack is folded from
// the first result that is kept.
Expected<void> Place::State::restore_views(const StoredParts* opened) {
  views_from = durable;
  for (std::size_t i = 0; i < spec().views.size(); ++i) {
    std::vector<std::string> bodies;
    if (base != nullptr) {
      TRY(bodies, base->view(from_base(), spec(), i));
    }
    std::vector<stage::Views::StoredPiece> pieces;
    for (const std::string& body : bodies) pieces.push_back({base->cut(), body});
    if (opened != nullptr && restore_view(i, *opened, pieces)) continue;
    Position from = first_kept() - 1;
    if (!pieces.empty()) {
      TRY(from, views->restore(i, std::move(pieces)));
    }
    views_from = std::min(views_from, from);
  }
  return {};
}

// `pieces` are the base's.
bool Place::State::restore_view(std::size_t view, const StoredParts& opened,
                                std::vector<stage::Views::StoredPiece> pieces) {
  const std::string all = "views/" + spec().views[view].name + "/";
  for (auto at = opened.parts.lower_bound(all); at != opened.parts.end(); ++at) {
    if (!at->first.starts_with(all)) break;
    if (at->second.opened.head != *usable || at->second.position + 1 < first_kept()) continue;
    pieces.push_back({at->second.position, at->second.opened.body});
  }
  const auto from = views->restore(view, std::move(pieces));
  if (!from) {
    ignore("snapshot " + all, from.error().message());
    return false;
  }
  views_from = std::min(views_from, *from);
  return true;
}

Expected<void> Place::State::fold_views() {
  started.views_folded = 0;
  if (!spec().views.empty()) {
    stage::OutcomeReader outcomes(parts.store);
    stage::Admitted read;
    TRY_DO(each_record(parts.store, std::max(views_from + 1, first_kept()),
                       [&](event::Record&& record, Epoch block_epoch) -> Expected<void> {
                         ++started.views_folded;
                         TRY(const stage::OutcomeView* view, outcomes.at(record.position));
                         if (view == nullptr || view->status == stage::OutcomeStatus::none)
                           return {};
                         TRY(const auto written, version_of(versions, record));
                         read.record = std::move(record);
                         TRY_DO(stage::decode_record(*written, spec(), block_epoch, sealer, read));
                         return views->fold_stored(read, *view, versions);
                       }));
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
