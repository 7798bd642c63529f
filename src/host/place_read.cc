#include "host/place_state.h"
#include "stage/render.h"

namespace quintet::host {

// Reads and decodes the block and the outcomes around a position, unless they are at hand.
Expected<void> Place::State::load(Position position) {
  if (position >= cached.first && position <= cached.last) return {};
  cached.first = cached.last = kNoPosition;
  TRY(auto run, parts.store.outcome_run(position));
  TRY(auto blocks, parts.store.read_log(position, 1));
  if (!run || blocks.empty()) return not_found("there is no result at this position");
  TRY(auto decoded, event::decode_block(blocks.front()));
  cached.run = std::move(*run);
  TRY(cached.views, stage::read_run(cached.run.run));
  cached.block = std::move(decoded.block);
  cached.first = std::max(cached.block.first, cached.run.run.first);
  cached.last = std::min(cached.block.last(), cached.run.run.last);
  if (position < cached.first || position > cached.last) {
    return broken("the store gave other positions than it was asked for");
  }
  return {};
}

Expected<Place::State::Found> Place::State::read(Position position) {
  if (position == kNoPosition || position > durable) {
    return not_found("position " + std::to_string(position) + " is not durable");
  }
  if (position < first_kept()) {
    return expired("position " + std::to_string(position) + " is older than what the log keeps: " +
                   "it begins at " + std::to_string(first_kept()))
        .with_id("removed");
  }
  TRY_DO(load(position));
  Found found;
  found.record = &cached.block.records[static_cast<std::size_t>(position - cached.block.first)];
  stage::OutcomeView view = cached.views[static_cast<std::size_t>(position - cached.run.run.first)];
  stage::OutcomeBytes changed;  // the view borrows from it
  for (const stage::OutcomeChange& change : cached.run.changes) {
    if (change.position != position) continue;
    changed = {position, position, change.bytes};
    TRY(const auto views, stage::read_run(changed));
    view = views.front();
  }
  if (view.status == stage::OutcomeStatus::none) {
    return not_found("position " + std::to_string(position) + " has no result");
  }
  if (view.app_version == 0 || view.app_version > versions.size()) {
    return broken("the outcome of position " + std::to_string(position) +
                  " names an application version that the log lacks");
  }
  found.spec = versions[view.app_version - 1].get();
  ByteReader in(view.bytes);
  TRY(found.outcome, stage::read_outcome(in, *found.spec, position));
  return found;
}

std::string Place::State::render(const Found& found) const {
  std::string json;
  const app::Spec& admitted_under = *versions[found.record->app_version - 1];
  stage::append_result(json, *found.spec, stage::facts_of(admitted_under, *found.record),
                       found.outcome);
  return json;
}

Expected<std::string> Place::result(Position position) {
  TRY(const State::Found found, state_->read(position));
  return state_->render(found);
}

namespace {

bool decided(const app::Spec& spec, const stage::Outcome& outcome, std::string_view decision,
             std::string_view value) {
  if (outcome.status != stage::OutcomeStatus::result) return false;
  const auto& decisions = spec.rows[outcome.event_type].decisions;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].name != decision || outcome.cases[i] < 0) continue;
    return decisions[i].cases[static_cast<std::size_t>(outcome.cases[i])].then == value;
  }
  return false;
}

}  // namespace

Expected<Place::Page> Place::results(const Query& query) {
  State& s = *state_;
  Page page;
  Position position = query.from == kNoPosition ? s.first_kept() : query.from;
  const Position stop = std::min(s.durable, position + kScanPositions - 1);
  for (; position <= stop && page.results.size() < query.limit; ++position) {
    auto found = s.read(position);
    if (!found) {
      if (found.error().code() == Code::not_found) continue;
      return std::move(found).error();
    }
    const auto& type =
        s.versions[found->record->app_version - 1]->events[found->record->event_type];
    if (!query.event_type.empty() && type.name != query.event_type) continue;
    if (!query.decision.empty() &&
        !decided(*found->spec, found->outcome, query.decision, query.value)) {
      continue;
    }
    page.results.push_back(s.render(*found));
  }
  if (position <= s.durable) page.next = position;
  return page;
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
