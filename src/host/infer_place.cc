#include "host/infer_place.h"

#include <algorithm>
#include <limits>

#include "host/infer_state.h"
#include "host/registered_model.h"

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;         // work until the loop gets its turn
constexpr std::size_t kAskAhead = 16;  // blocks that one call for keys looks at
constexpr Micros kNoTimeLimit = std::numeric_limits<Micros>::max();

// Behind it rows are made otherwise, or the state is begun anew.
bool changes_scores(event::RecordKind kind) {
  return kind == event::RecordKind::promote || kind == event::RecordKind::activate ||
         kind == event::RecordKind::erase;
}

}  // namespace

InferPlace::InferPlace(std::unique_ptr<State> state) : state_(std::move(state)) {}
InferPlace::~InferPlace() {
  state_->end_fetch(unavailable("the place is closed"));
}

Expected<std::unique_ptr<InferPlace>> InferPlace::open(Parts parts, Settings settings) {
  auto state = std::make_unique<State>(parts, std::move(settings));
  TRY(const Epoch epoch, parts.store.open_epoch());
  state->committer = std::make_unique<Committer>(
      Committer::Parts{parts.store, parts.loop, nullptr, parts.writer}, epoch);
  state->taker.write_with(*state->committer);
  return std::unique_ptr<InferPlace>(new InferPlace(std::move(state)));
}

void InferPlace::State::fail(const Error& why) {
  if (failed) return;
  failed = why;
  taker.fail(why);
  drop_peeks(why);
  end_fetch(why);
  if (settings.on_failure) settings.on_failure(why);
}

// --- L ---

void InferPlace::results_durable(Position low, const ShardTable& table) {
  State& s = *state_;
  if (s.failed) return;
  const bool lost = s.begun && low < s.low;
  const std::uint64_t epoch = s.exchange.table().epoch;
  if (s.begun && !lost && table.epoch < epoch) return;
  if (!s.begun || lost || table.epoch > epoch) {
    s.begun = true;
    s.low = s.told_ready = low;
    s.exchange.begin(table, low);
    if (lost) s.taker.drop(unavailable("outcomes were lost where they are kept"));
    s.taker.drop(unavailable("shards move; ask again"));
    return s.restore();
  }
  s.low = low;
  s.exchange.durable(low);
  if (s.full && s.has_room()) s.want(s.next);
  s.taker.put();
  s.take_due_snapshot();
}

// --- the log ---

bool InferPlace::State::has_room() const {
  return blocks.size() < kWaitingBlocks && exchange.made() - low < kKeptOutcomes;
}

Position InferPlace::next() const {
  const State& s = *state_;
  const bool wants = s.begun && !s.restoring && !s.failed && s.has_room();
  return wants ? s.next : kNoPosition;
}

void InferPlace::State::want(Position position) {
  next = position;
  full = !has_room();
  if (!full && when_wanting) when_wanting(next);
}

void InferPlace::when_wanting(std::function<void(Position)> callback) {
  state_->when_wanting = std::move(callback);
}

Expected<void> InferPlace::take(event::BlockBytes block) {
  State& s = *state_;
  if (s.failed) return *s.failed;
  if (!s.begun || s.restoring) return unavailable("the place is not ready to follow the log");
  if (block.last < s.next) return {};
  if (block.first > s.next) {
    s.want(s.next);
    return conflict("position " + std::to_string(s.next) + " is next, not " +
                    std::to_string(block.first));
  }
  if (!s.has_room()) {
    s.full = true;
    return exhausted("as much of the log waits as may");
  }
  s.next = block.last + 1;
  s.blocks.push_back(std::move(block));
  s.full = !s.has_room();
  s.go_on();
  return {};
}

void InferPlace::State::go_on() {
  if (turn_posted) return;
  turn_posted = true;
  parts.loop.post(guarded([this] { turn(); }));
}

void InferPlace::State::turn() {
  turn_posted = false;
  const Micros begin = parts.clock.steady();
  while (!failed && !restoring && !blocks.empty()) {
    if (const auto whole = score_rows(begin + kTurn); !whole) return fail(whole.error());
    if (exchange.is_full() || !begin_block()) return;
    while (decoded && at < block.block.records.size()) {
      give_parts();
      auto done = step(block.block.records[at]);
      if (!done) return fail(done.error());
      if (!*done) return;  // what it waits for calls go_on()
      if (decoded) ++at;
      if (parts.clock.steady() - begin >= kTurn) return go_on();
    }
    if (decoded) end_block();
  }
  if (failed || restoring) return;
  if (const auto all = score_rows(begin + kTurn); !all) return fail(all.error());
  give_parts();
  answer_peeks();
}

// Decodes the block and has its keys; false if they are not there yet.
bool InferPlace::State::begin_block() {
  if (!decoded) {
    auto read = event::decode_block(blocks.front());
    if (!read) {
      fail(read.error());
      return false;
    }
    block = *std::move(read);
    decoded = true;
    keys_known = false;
    at = 0;
  }
  if (keys_known) return true;
  if (follower.waits()) return false;
  std::vector<std::string> names = {snapshot_subject(erased)};
  for (const event::Record& record : block.block.records) add_key_names(record, names);
  const auto known = [this](const std::string& name) { return follower.vault().knows(name); };
  // If there must be a call, it is for the blocks behind as well.
  const std::size_t ahead = std::all_of(names.begin(), names.end(), known) ? 1 : kAskAhead;
  for (std::size_t i = 1; i < std::min(ahead, blocks.size()); ++i) {
    const auto later = event::decode_block(blocks[i]);
    if (!later) break;  // it is looked at when its turn comes
    for (const event::Record& record : later->block.records) add_key_names(record, names);
  }
  follower.need(std::move(names), guarded([this] {
                  keys_known = decoded;
                  go_on();
                }));
  return keys_known;
}

void InferPlace::State::end_block() {
  blocks.pop_front();
  decoded = false;
  // While the log is folded again, nothing new is made.
  if (block.block.last() == exchange.made()) flush(exchange.made());
  taker.put();
  take_due_snapshot();
  if (full && has_room()) want(next);
}

// One record; false if something is missing that was asked for.
Expected<bool> InferPlace::State::step(event::Record& record) {
  if (record.position <= folded) return true;
  if (record.kind == event::RecordKind::application) {
    TRY_DO(follower.prepare(record));
    if (infer == nullptr) put_in_force(1);
  }
  if (infer == nullptr) return broken("the log does not begin with an application");
  const bool fresh = record.position > exchange.made();
  if (fresh && changes_scores(record.kind)) {
    // The rows before it are made with what was in force at their positions, and others may wait
    // here for parts of them.
    flush(record.position - 1);
    TRY_DO(score_rows(kNoTimeLimit));
    if (exchange.waiting() > 0) return false;
  }
  if (record.kind == event::RecordKind::promote) {
    TRY(const auto promotion, stage::read_promotion(record.plain));
    promoted[promotion.model] = {record, false};
  }
  if (fresh) {
    TRY(const bool settled, settle_promotions());
    if (!settled) return false;
  }
  TRY_DO(apply(std::move(record)));
  return true;
}

Expected<void> InferPlace::State::apply(event::Record&& read) {
  const Position position = read.position;
  TRY(const auto written, version_of(follower.versions(), read));
  admitted.record = std::move(read);
  const event::Record& record = admitted.record;
  TRY_DO(stage::decode_record(*written, spec(), block.block.epoch, follower.sealer(), admitted));
  if (position > core) {
    (void)low_time.at(position);
    if (!event::is_control(record.kind)) {
      const bool known = admitted.event.type != nullptr;
      const auto& type = known ? *admitted.event.type : written->events[record.event_type];
      if (!type.is_table) low_time.took(position, record.time);
    }
  }
  folded = position;
  core = std::max(core, position);
  if (position > exchange.made()) {
    TRY_DO(infer->fold(admitted, part));
    const PartExchange::Span span{block.block.first, block.block.last()};
    if (exchange.fold(spec(), span, admitted, part)) {
      const feature::PartialRow* const parts_of_row[] = {&part.cells};
      TRY_DO(score(admitted, parts_of_row));
    }
  } else if (record.kind != event::RecordKind::promote) {
    TRY_DO(infer->fold(admitted));
  }
  return follow(record);
}

// The rows that have all their parts, as long as there is time; false if some may be left.
Expected<bool> InferPlace::State::score_rows(Micros until) {
  while (exchange.waiting() > 0) {
    TRY(const auto row, exchange.take_row(spec()));
    if (!row) break;
    std::vector<const feature::PartialRow*> parts_of_row;
    for (const feature::PartialRow& one : row->parts) parts_of_row.push_back(&one);
    TRY_DO(score(row->admitted, parts_of_row));
    if (until != kNoTimeLimit && parts.clock.steady() >= until) {
      go_on();
      return false;
    }
  }
  flush(kNoPosition);
  return true;
}

Expected<void> InferPlace::State::score(const stage::Admitted& row,
                                        std::span<const feature::PartialRow* const> parts_of_row) {
  infer->score(row, parts_of_row, outcome);
  exchange.add(spec(), outcome);
  count_predictions(predicted, spec(), outcome);
  ++count_scored;
  return {};
}

// So far parts may leave, and outcomes of whole blocks.
void InferPlace::State::flush(Position position) {
  exchange.flush(position);
  if (position != kNoPosition && when_parts) when_parts();
  if (exchange.ready() <= told_ready) return;
  told_ready = exchange.ready();
  if (when_ready) when_ready(told_ready);
}

// What a control record changes for all that came before it.
Expected<void> InferPlace::State::follow(const event::Record& record) {
  if (record.kind == event::RecordKind::activate && record.position > activated) {
    TRY(const auto body, stage::read_application(record.plain));
    activated = record.position;
    if (body.version == version) return {};
    if (body.version > follower.versions().size()) {
      return broken("position " + std::to_string(record.position) +
                    " puts an application version in force that the log lacks");
    }
    version = body.version;
    begin_anew();
  } else if (record.kind == event::RecordKind::erase && record.position > erased) {
    TRY(const auto body, stage::read_erase(record.plain));
    const bool used = from_snapshot || follower.vault().may_have_used(body.subject);
    TRY_DO(follower.forget(body.subject));
    erased = record.position;
    taker.drop(unavailable("a subject is being erased; ask again"));
    taker.begin_after(kNoPosition);
    committer->run([](stage::Store& store) { return store.remove_snapshots(); }, nullptr);
    // Where nothing was read of the subject, the state is what the erased log gives.
    if (used) begin_anew();
  }
  return {};
}

// The state is to be that of the whole log as it reads now: from its beginning, or its base.
// Outcomes that were made stay.
void InferPlace::State::begin_anew() {
  ++begun_anew;
  taker.drop(unavailable("the log is folded again; ask again"));
  follower.begin_anew();
  from_snapshot = false;
  put_in_force(version);
  folded = core = kNoPosition;
  low_time = {};
  promoted.clear();
  come_back(true);
}

// --- models ---

// Puts the promotions in force that the next outcome is made with; false if a model is missing.
Expected<bool> InferPlace::State::settle_promotions() {
  for (auto& [name, promotion] : promoted) {
    if (promotion.applied) continue;
    TRY(const auto body, stage::read_promotion(promotion.record.plain));
    const auto& wanted = spec().models;
    const bool known = std::any_of(wanted.begin(), wanted.end(),
                                   [&](const auto& model) { return model.name == body.model; });
    if (known && body.version != 0 && !models.contains({name, body.version})) {
      return ask_model(name, body.version);
    }
    TRY_DO(infer->score().control(promotion.record));
    promotion.applied = true;
  }
  return true;
}

bool InferPlace::State::ask_model(const std::string& name, std::uint32_t number) {
  if (!asked_model.empty()) return false;
  asked_model = "model " + name + " " + std::to_string(number);
  parts.models.model(name, number,
                     guarded([this, name, number](Expected<stage::ModelVersion> found) {
                       asked_model.clear();
                       if (!found) {
                         again = parts.loop.after(kAskAgain, [this] { go_on(); });
                         return;
                       }
                       if (infer != nullptr) install_registered(infer->score(), *found);
                       models[{name, number}] = *std::move(found);
                       go_on();
                     }));
  return false;
}

// --- outcomes ---

Expected<std::vector<stage::OutcomeBytes>> InferPlace::outcomes(Position from,
                                                                std::size_t most_bytes) const {
  const State& s = *state_;
  if (s.failed) return *s.failed;
  std::vector<stage::OutcomeBytes> out;
  if (!s.begun) return out;
  return s.exchange.outcomes(from, most_bytes);
}

Position InferPlace::ready() const {
  return state_->exchange.ready();
}

void InferPlace::when_ready(std::function<void(Position)> callback) {
  state_->when_ready = std::move(callback);
}

// --- parts ---

const ShardTable& InferPlace::table() const {
  return state_->exchange.table();
}

Expected<std::vector<PartsRun>> InferPlace::parts(ReplicaId to, Position from,
                                                  std::size_t most_bytes) const {
  const State& s = *state_;
  if (s.failed) return *s.failed;
  if (!s.begun) return std::vector<PartsRun>();
  return s.exchange.parts(to, from, most_bytes);
}

void InferPlace::when_parts(std::function<void()> callback) {
  state_->when_parts = std::move(callback);
}

Position InferPlace::next_parts(ReplicaId from) const {
  return state_->failed ? kNoPosition : state_->exchange.next_parts(from);
}

Expected<void> InferPlace::take(ReplicaId from, PartsRun run) {
  State& s = *state_;
  if (s.failed) return *s.failed;
  TRY_DO(s.exchange.take(from, std::move(run)));
  if (s.exchange.waiting() > 0) s.go_on();
  return {};
}

// --- the rest ---

std::shared_ptr<const app::Spec> InferPlace::spec() const {
  const State& s = *state_;
  return s.infer == nullptr ? nullptr : s.follower.versions()[s.version - 1];
}

std::shared_ptr<const learn::Model> InferPlace::model_in_force(const std::string& model,
                                                               std::uint32_t& version) const {
  const State& s = *state_;
  if (s.infer == nullptr) return nullptr;
  for (const app::ModelSpec& known : s.spec().models) {
    if (known.name != model) continue;
    const auto& one = s.infer->score().in_force()[static_cast<std::size_t>(known.index)];
    version = one.version;
    return one.model;
  }
  return nullptr;
}

Position InferPlace::folded() const {
  return state_->folded;
}

std::string InferPlace::state_digest() const {
  State& s = *state_;
  if (s.infer == nullptr) return {};
  s.infer->shards().compact(s.low_time.at(s.folded + 1));
  return s.infer->shards().digest();
}

void InferPlace::State::measure_turn() {
  if (infer == nullptr) return size.end();
  if (!size.go_on(*infer, parts.clock)) return;
  parts.loop.post(guarded([this] { measure_turn(); }));
}

void InferPlace::add_state(ShardId shard, Sha256& sha) const {
  State& s = *state_;
  s.infer->shards().compact(shard, s.low_time.at(s.folded + 1));
  s.infer->shards().add_digest(shard, sha);
}

InferPlace::Figures InferPlace::figures() {
  State& s = *state_;
  Figures figures;
  figures.state = s.size.sum();
  figures.models = s.predicted;
  if (s.infer != nullptr && s.size.begin()) s.measure_turn();
  figures.folded = s.folded;
  figures.ready = ready();
  figures.low = s.low;
  figures.snapshot = s.taker.newest();
  figures.scored = s.count_scored;
  figures.begun_anew = s.begun_anew;
  figures.waiting_blocks = s.blocks.size();
  if (const ReplicaId one = s.exchange.waits_for(); one != 0) {
    figures.waits_for = "replica " + std::to_string(one);
  }
  if (!s.begun) figures.waits_for = "L";
  if (s.follower.waits()) figures.waits_for = "keys";
  if (!s.asked_model.empty()) figures.waits_for = s.asked_model;
  return figures;
}

}  // namespace quintet::host
