// Views: at a start from snapshots and the outcomes behind them, after an erase from log and
// outcomes, then with all that becomes durable.
#include "host/answers.h"
#include "host/log_reading.h"
#include "stage/outcome_reader.h"

namespace quintet::host {

Expected<void> Answers::restore_views(const From& from) {
  views_from_ = durable_;
  for (std::size_t i = 0; i < spec().views.size(); ++i) {
    std::vector<std::string> bodies;
    if (from.base != nullptr) {
      TRY(bodies, from.base->view(*from.base_from, spec(), i));
    }
    std::vector<stage::Views::StoredPiece> pieces;
    for (const std::string& body : bodies) pieces.push_back({from.base->cut(), body});
    if (from.stored != nullptr && restore_view(i, from, pieces)) continue;
    Position position = first_ - 1;
    if (!pieces.empty()) {
      TRY(position, views_->restore(i, std::move(pieces)));
    }
    views_from_ = std::min(views_from_, position);
  }
  return {};
}

// `pieces` are the base's.
bool Answers::restore_view(std::size_t view, const From& from,
                           std::vector<stage::Views::StoredPiece> pieces) {
  const std::string all = "views/" + spec().views[view].name + "/";
  const auto& parts = from.stored->parts;
  for (auto at = parts.lower_bound(all); at != parts.end(); ++at) {
    if (!at->first.starts_with(all)) break;
    if (at->second.opened.head != *from.usable || at->second.position + 1 < first_) continue;
    pieces.push_back({at->second.position, at->second.opened.body});
  }
  const auto position = views_->restore(view, std::move(pieces));
  if (!position) {
    from.ignore("snapshot " + all, position.error().message());
    return false;
  }
  views_from_ = std::min(views_from_, *position);
  return true;
}

Expected<Position> Answers::fold_views() {
  Position looked_at = 0;
  if (!spec().views.empty()) {
    stage::OutcomeReader outcomes(parts_.store);
    TRY_DO(each_record(parts_.store, std::max(views_from_ + 1, first_),
                       [&](event::Record&& record, Epoch epoch) -> Expected<void> {
                         ++looked_at;
                         TRY(const stage::OutcomeView* view, outcomes.at(record.position));
                         return fold_stored(std::move(record), epoch, view);
                       }));
  }
  caught_up();
  return looked_at;
}

Expected<void> Answers::fold_stored(event::Record&& record, Epoch epoch,
                                    const stage::OutcomeView* view) {
  if (view == nullptr || view->status == stage::OutcomeStatus::none) return {};
  TRY(const auto written, version_of(parts_.versions, record));
  folded_.record = std::move(record);
  TRY_DO(stage::decode_record(*written, spec(), epoch, parts_.sealer, folded_));
  return views_->fold_stored(folded_, *view, parts_.versions);
}

void Answers::caught_up() {
  views_->caught_up();
  fold({}, {}, durable_);
}

void Answers::begin_snapshot() {
  taking_ = {};
}

bool Answers::add_next_part(const AddPart& add) {
  if (taking_.view == spec().views.size()) return add_next_label_piece(add);
  stage::ViewPiece& piece = taking_.piece;
  if (piece.index == 0 || views_->size(taking_.view).given_up) {
    piece = {views_->depth(taking_.view), 0};
  }
  add(view_part(spec().views[taking_.view].name, piece), views_->position(),
      views_->write(taking_.view, piece));
  if (++piece.index >> piece.depth != 0) {
    ++taking_.view;
    piece = {};
  }
  return true;
}

}  // namespace quintet::host
