#include "host/place_state.h"
#include "stage/render.h"

namespace quintet::host {

Expected<std::string> Place::result(Position position) {
  return state_->answers.result(position);
}

Expected<std::string> Place::result_with_labels(Position position) {
  return state_->answers.result_with_labels(position);
}

Expected<Place::Page> Place::results(const Query& query) {
  return state_->answers.results(query);
}

void Place::results_with_labels(const Query& query, Micros at,
                                std::function<void(Expected<Page>)> done) {
  const auto selected = state_->answers.select(query);
  if (!selected) return done(selected.error());
  done(state_->answers.with_labels(*selected, at));
}

Expected<stage::ViewPage> Place::view(std::size_t view, const stage::ViewQuery& query) {
  return state_->answers.view(view, query);
}

const stage::Views& Place::views() const {
  return state_->answers.views();
}

Expected<std::string> Place::peek(event::Event&& event) {
  State& s = *state_;
  stage::Admitted admitted;
  event::Record& record = admitted.record;
  record.position = s.ingest->last() + 1;
  record.event_type = event.type->index;
  record.app_version = s.version;
  record.admitted_at = s.parts.clock.wall();
  if (event.time == kNoTime) event.time = record.admitted_at;
  record.time = event.time;
  record.low_time = s.ingest->low_time();
  record.id = event.id;
  admitted.event = std::move(event);
  TRY_DO(stage::complete(s.spec(), s.spec(), s.epoch, s.sealer, admitted));
  stage::Outcome outcome;
  s.infer->peek(admitted, outcome);
  std::string json;
  stage::append_result(json, s.spec(), stage::facts_of(s.spec(), record), outcome);
  return json;
}

}  // namespace quintet::host
