#include "host/place.h"

#include "host/place_state.h"
#include "stage/render.h"

namespace quintet::host {

Place::Place(std::unique_ptr<State> state) : state_(std::move(state)) {}
Place::~Place() = default;

const app::Spec& Place::spec() const {
  return state_->spec();
}

std::shared_ptr<const app::Spec> Place::spec_of(AppVersion version) const {
  if (version == 0 || version > state_->versions.size()) return nullptr;
  return state_->versions[version - 1];
}

stage::Score& Place::score() {
  return state_->infer->score();
}
const std::string& Place::pseudonym_key() const {
  return state_->pseudonym_key;
}

void Place::offer(Offer&& offer, Reply reply) {
  State& s = *state_;
  const std::string event_type = offer.event.type->name;
  const std::string id(offer.event.id);
  stage::Admission admission;
  if (s.failed) {
    admission.error = *s.failed;
    reply({admission.what, kNoPosition, &admission.error, {}});
    return;
  }
  // Until its key is gone the subject's events would still be sealed with it.
  if (s.refolding && s.settings.apart) {
    admission.error = unavailable("a subject is being erased; try again");
    reply({admission.what, kNoPosition, &admission.error, {}});
    return;
  }
  if (offer.replay_of != 0) {
    if (auto held = s.hold_letter(offer.replay_of); !held) {
      admission.error = std::move(held).error();
      reply({admission.what, kNoPosition, &admission.error, {}});
      return;
    }
  }
  admission = s.ingest->offer({std::move(offer.event), offer.history, offer.trace, offer.place},
                              s.parts.clock.wall(), s.admitted);
  if (admission.what == stage::Admission::What::refused) {
    // Neither a vault that is away nor the sender's order is the event's fault: it comes again.
    if (admission.error.code() == Code::unavailable || offer.replay_of != 0 ||
        stage::is_session_fault(admission.error)) {
      s.held_letters.erase(offer.replay_of);
      reply({admission.what, kNoPosition, &admission.error, {}});
      return;
    }
    stage::DeadLetter letter;
    letter.event_type = event_type;
    letter.id = id;
    letter.format = offer.format;
    // Nothing is kept of who was erased.
    if (admission.error.id() != "erased") letter.bytes = offer.original;
    keep_refused(std::move(letter), std::move(admission.error), std::move(reply));
    return;
  }
  State::Waiting waiting{std::move(reply), admission.what, admission.position, {}, {}, false};
  if (admission.what == stage::Admission::What::repeated) {
    ++s.counts.repeated;
    waiting.read_json = offer.show == Show::result;
  } else {
    ++s.counts.admitted;
    s.open.last = admission.position;
    if (s.infer != nullptr) s.answer(offer.show, waiting.json);
  }
  if (offer.replay_of != 0) {
    s.open.commit.replayed.push_back({offer.replay_of, admission.position});
    s.open.replayed.push_back(offer.replay_of);
  }
  ++s.pending;
  s.open.waiting.push_back(std::move(waiting));
  if (s.ingest->block_full()) s.close_block();
}

// What the event just admitted gives: its outcome, what that adds to views and labels, and its JSON
// if it is to be shown.
void Place::State::answer(Show show, std::string& json) {
  const auto applied = infer->apply(admitted, outcome);
  check(applied.has_value(), "an admitted record cannot fail to fold in its own place");
  admit_outcome();
  count_predictions(counts.models, spec(), outcome);
  answers.labels().reports_of(admitted.record, spec(), open.reports);
  if (outcome.status == stage::OutcomeStatus::result) {
    answers.views().take(outcome.event_type, admitted.record.time, outcome.position, outcome.slots,
                         open.view_rows);
  }
  if (show != Show::result) return;
  constexpr std::size_t kUsual = 32;  // bytes of a slot with its name
  json.reserve(kUsual * outcome.slots.size());
  stage::append_result(json, spec(), stage::facts_of(spec(), admitted.record), outcome);
}

void Place::refuse(stage::DeadLetter letter, Error why, Reply reply,
                   const stage::SessionPlace& place) {
  State& s = *state_;
  if (s.failed) {
    reply({stage::Admission::What::refused, kNoPosition, &*s.failed, {}});
    return;
  }
  if (const auto turn = s.ingest->sessions().check_turn(place); !turn) {
    reply({stage::Admission::What::refused, kNoPosition, &turn.error(), {}});
    return;
  }
  s.ingest->sessions().pass(place.session, place.number);
  keep_refused(std::move(letter), std::move(why), std::move(reply));
}

void Place::last_of_session(std::string_view session,
                            std::function<void(Expected<std::uint64_t>)> done) {
  State& s = *state_;
  if (s.failed) {
    done(*s.failed);
    return;
  }
  s.open.controls.emplace_back(std::move(done), s.ingest->sessions().last(session));
  flush();
}

void Place::keep_refused(stage::DeadLetter letter, Error why, Reply reply) {
  State& s = *state_;
  ++s.counts.refused;
  letter.at = s.parts.clock.wall();
  letter.bytes = s.sealed_letter(letter.bytes);
  letter.code = why.id().empty() ? std::string(name_of(why.code())) : why.id();
  letter.field = why.place();
  letter.message = why.message();
  s.open.commit.dead_letters.push_back(std::move(letter));
  ++s.pending;
  s.open.waiting.push_back(
      {std::move(reply), stage::Admission::What::refused, kNoPosition, std::move(why), {}, false});
}

// The outcome of the record just applied joins the run of ingest's open block.
void Place::State::admit_outcome() {
  run.add(spec(), outcome);
}

void Place::State::close_block() {
  if (ingest->block_empty()) return;
  open.commit.blocks.push_back(ingest->seal_block());
  if (!settings.apart) open.commit.outcomes.push_back(run.take());
}

void Place::flush() {
  if (state_->groups_under_way == 0) state_->submit();
}

void Place::State::submit() {
  if (failed) return;
  // Also a record that nobody waits for: an erase that changes no outcome.
  close_block();
  if (open.empty()) return;
  // A snapshot of a view has no part of a change to a result before its position.
  check(open.commit.changes.empty() || refolding, "outcomes change in an erase alone");
  ++groups_under_way;
  auto group = std::make_shared<Group>(std::exchange(open, Group{}));
  stage::Commit commit = std::move(group->commit);
  committer->submit(std::move(commit), guarded([this, group](const Expected<void>& result) {
                      on_committed(std::move(*group), result);
                    }));
}

void Place::State::on_committed(Group&& group, const Expected<void>& result) {
  --groups_under_way;
  pending -= group.waiting.size();
  for (const std::uint64_t number : group.replayed) held_letters.erase(number);
  const Position before = durable;
  if (result) {
    durable = std::max(durable, group.last);
    answers.reach(durable);
    answers.fold(group.view_rows, group.reports, durable);
  } else {
    fail(result.error());
  }
  for (Waiting& waiting : group.waiting) {
    if (!result) {
      waiting.reply({stage::Admission::What::refused, kNoPosition, &*failed, {}});
      continue;
    }
    if (waiting.read_json) {
      if (auto found = answers.reply(waiting.position)) waiting.json = *std::move(found);
    }
    waiting.reply(
        {waiting.what, waiting.position, waiting.error ? &*waiting.error : nullptr, waiting.json});
  }
  for (auto& [done, position] : group.controls) {
    if (result) {
      done(position);
    } else {
      done(*failed);
    }
  }
  if (result && durable > before && when_durable) when_durable(before + 1, durable);
  if (failed) {
    fail_open();
    return;
  }
  if (groups_under_way == 0) submit();
  if (result) {
    taker.put();
    taker.take_due();
  }
  go_on_when_quiet();
}

void Place::State::go_on_when_quiet() {
  if (when_quiet && quiet()) std::exchange(when_quiet, nullptr)(Expected<void>());
}

void Place::State::fail(const Error& why) {
  if (failed) return;
  failed = unavailable("the store failed, and the log is folded again; nothing was acknowledged: " +
                       why.message());
  if (settings.on_failure) settings.on_failure(why);
}

// What waits for a commit that will never be is told so: its clients must not wait for ever.
void Place::State::fail_open() {
  Group group = std::exchange(open, Group{});
  pending -= group.waiting.size();
  for (const std::uint64_t number : group.replayed) held_letters.erase(number);
  for (Waiting& waiting : group.waiting) {
    waiting.reply({stage::Admission::What::refused, kNoPosition, &*failed, {}});
  }
  for (auto& [done, position] : group.controls) done(*failed);
  taker.fail(*failed);
  if (when_quiet) std::exchange(when_quiet, nullptr)(*failed);
  if (erasing && erasing->done) std::exchange(erasing->done, nullptr)(*failed);
}

bool Place::saturated() const {
  return state_->pending >= kPendingEvents || state_->refolding;
}

Position Place::State::append_control(event::RecordKind kind, std::string body) {
  ingest->control(kind, std::move(body), parts.clock.wall(), admitted);
  open.last = admitted.record.position;
  if (infer != nullptr) {
    const auto applied = infer->apply(admitted, outcome);
    check(applied.has_value(), "a control record was checked before it is appended");
    admit_outcome();
  }
  if (ingest->block_full()) close_block();
  return admitted.record.position;
}

void Place::control(event::RecordKind kind, std::string body, Done done) {
  State& s = *state_;
  if (s.failed) {
    done(*s.failed);
    return;
  }
  const Position position = s.append_control(kind, std::move(body));
  s.open.controls.emplace_back(std::move(done), position);
  flush();
}

void Place::promote(stage::Promotion promotion, Done done) {
  State& s = *state_;
  if (promotion.version != 0 && s.settings.apart) {
    auto known = s.parts.store.model(promotion.model, promotion.version);
    if (known && known->state != stage::ModelState::ready) {
      known = not_found("it was refused when it came");
    }
    if (!known) {
      done(std::move(known).error());
      return;
    }
    promotion.digest = known->digest;
  } else if (promotion.version != 0) {
    const auto loaded = s.infer->score().installed(promotion.model, promotion.version);
    if (loaded == nullptr) {
      done(not_found("model " + promotion.model + " has no version " +
                     std::to_string(promotion.version)));
      return;
    }
    promotion.digest = loaded->digest();
  }
  control(event::RecordKind::promote, stage::write_promotion(promotion), std::move(done));
}

void Place::run_on_store(std::function<Expected<void>(stage::Store&)> job, Committer::Done done) {
  state_->committer->run(std::move(job), std::move(done));
}

Position Place::first() const {
  return state_->first_kept();
}
Position Place::last() const {
  return state_->ingest->last();
}
Position Place::durable() const {
  return state_->durable;
}
std::string Place::state_digest() const {
  State& s = *state_;
  s.infer->shards().compact(s.ingest->low_time());
  return s.infer->shards().digest();
}
std::string Place::ingest_digest() const {
  return state_->ingest->digest();
}
const Place::Started& Place::started() const {
  return state_->started;
}

std::optional<Position> Place::find(std::string_view event_type, std::string_view id) const {
  return state_->ingest->find(event_type, id);
}

void Place::find(const std::string& event_type, const std::string& id, Micros,
                 std::function<void(Expected<Position>)> done) {
  if (const auto position = find(event_type, id)) return done(*position);
  done(not_found("no " + event_type + " has the id " + id));
}

void Place::when_durable(std::function<void(Position first, Position last)> callback) {
  state_->when_durable = std::move(callback);
}

}  // namespace quintet::host
