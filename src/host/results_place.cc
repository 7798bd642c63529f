#include "host/results_place.h"

#include "host/erased_outcomes.h"
#include "host/results_state.h"

namespace quintet::host {

namespace {

constexpr std::size_t kRemembered = 256;  // most records of a block whose results are kept at hand

}  // namespace

ResultsPlace::ResultsPlace(std::unique_ptr<State> state) : state_(std::move(state)) {}
ResultsPlace::~ResultsPlace() = default;

Expected<std::unique_ptr<ResultsPlace>> ResultsPlace::open(Parts parts, Settings settings) {
  auto state = std::make_unique<State>(parts, std::move(settings));
  TRY_DO(state->start());
  return std::unique_ptr<ResultsPlace>(new ResultsPlace(std::move(state)));
}

Expected<void> ResultsPlace::State::start() {
  TRY(epoch, parts.store.open_epoch());
  TRY(const stage::LogEnd end, parts.store.end());
  TRY(durable, parts.store.low_mark());
  if (durable != end.last) {
    return broken("the copy of the log ends at " + std::to_string(end.last) + " but outcomes at " +
                  std::to_string(durable));
  }
  hash = end.hash;
  next_block = next_outcome = durable + 1;
  TRY(base, Base::newest(parts.store));
  TRY(sealed, find_seal(parts.store));
  TRY(const Controls controls, read_all_controls(parts.store, base.get()));
  for (const stage::ApplicationBody& body : controls.applications) {
    TRY_DO(add_version(follower.versions(), body.text));
  }
  version = controls.active;
  erased = controls.last_erase;
  for (const std::string& subject : controls.erased) TRY_DO(follower.forget(subject));
  if (version > follower.versions().size()) return broken("the copy of the log has gaps");
  committer = std::make_unique<Committer>(
      Committer::Parts{parts.store, parts.loop, nullptr, parts.writer}, epoch);
  taker.write_with(*committer);
  if (version != 0) answers.put_in_force(version, first_kept());
  answers.reach(durable);
  if (base != nullptr) parts.loop.post(guarded([this] { clean_up(); }));
  restore();
  return {};
}

void ResultsPlace::State::fail(const Error& why) {
  if (failed) return;
  failed = why;
  taker.fail(why);
  for (Asked& one : std::exchange(asked, {})) one.answer(why);
  if (settings.on_failure) settings.on_failure(why);
}

// --- log and outcomes come in ---

Position ResultsPlace::next_block() const {
  const State& s = *state_;
  return s.failed || s.blocks.size() >= kWaitingPieces ? kNoPosition : s.next_block;
}

Position ResultsPlace::next_outcome(ReplicaId replica) const {
  const State& s = *state_;
  return s.failed || s.runs.size() >= kWaitingPieces ? kNoPosition : s.merge.next(replica);
}

void ResultsPlace::come_from(const ShardTable& table) {
  State& s = *state_;
  if (s.failed || table.epoch <= s.merge.table()) return;
  s.merge.begin(table, s.next_outcome);
  s.want_again();
}

void ResultsPlace::when_wanting(std::function<void()> callback) {
  state_->when_wanting = std::move(callback);
}

void ResultsPlace::State::want_again() {
  full = blocks.size() >= kWaitingPieces || runs.size() >= kWaitingPieces;
  if (when_wanting) when_wanting();
}

namespace {

Error does_not_follow(Position first, Position next) {
  return conflict("position " + std::to_string(next) + " is next, not " + std::to_string(first));
}

}  // namespace

Expected<void> ResultsPlace::take(event::BlockBytes block) {
  State& s = *state_;
  if (s.failed) return *s.failed;
  if (block.last < s.next_block) return {};
  if (block.first != s.next_block) {
    s.want_again();
    return does_not_follow(block.first, s.next_block);
  }
  if (s.blocks.size() >= kWaitingPieces) {
    s.full = true;
    return exhausted("as much of the log waits for outcomes as may");
  }
  s.next_block = block.last + 1;
  s.blocks.push_back(std::move(block));
  s.full = s.full || s.blocks.size() >= kWaitingPieces;
  s.commit_next();
  return {};
}

Expected<void> ResultsPlace::take(ReplicaId replica, std::uint64_t table, stage::OutcomeBytes run) {
  State& s = *state_;
  if (s.failed) return *s.failed;
  if (s.runs.size() >= kWaitingPieces) {
    s.full = true;
    return exhausted("as many outcomes wait for their records as may");
  }
  auto taken = s.merge.take(replica, table, std::move(run));
  if (!taken) {
    // One that still follows another table gives what is wanted once it has heard of this one.
    const bool of_this = table == s.merge.table();
    if (taken.error().code() == Code::conflict && of_this) s.want_again();
    if (taken.error().code() == Code::exhausted) s.full = true;
    return taken;
  }
  if (const auto whole = s.take_whole(); !whole) s.fail(whole.error());
  return {};
}

Expected<void> ResultsPlace::State::take_whole() {
  const std::size_t before = runs.size();
  for (;;) {
    TRY(auto run, merge.whole());
    if (!run) break;
    next_outcome = run->last + 1;
    runs.push_back(*std::move(run));
  }
  // One that ran ahead of the others has room again.
  if (full && runs.size() > before) parts.loop.post(guarded([this] { want_again(); }));
  full = full || runs.size() >= kWaitingPieces;
  commit_next();
  return {};
}

// --- commits ---

// One transaction of all blocks that have their outcomes. An erase begins one, and ends it: what it
// changes is what is durable.
void ResultsPlace::State::commit_next() {
  if (committing || failed || blocks.empty() || runs.empty()) return;
  stage::Commit commit;
  commit.copies = true;
  Group all;
  const auto fresh = std::make_shared<std::vector<std::pair<event::Block, stage::OutcomeBytes>>>();
  while (!blocks.empty() && !runs.empty()) {
    auto decoded = event::decode_block(blocks.front());
    if (!decoded) return fail(decoded.error());
    const auto& records = decoded->block.records;
    const bool erases = std::any_of(records.begin(), records.end(), [](const auto& record) {
      return record.kind == event::RecordKind::erase;
    });
    if (erases && !commit.blocks.empty()) break;
    auto group = add_block(*decoded, commit);
    if (!group) return fail(group.error());
    if (group->activated) all.activated = group->activated;
    if (group->seal) all.seal = group->seal;
    all.last = group->last;
    all.erased = std::move(group->erased);
    all.erased_at = group->erased_at;
    // Who sends single events waits for their results; of large blocks few are read at once.
    if (!erases && records.size() <= kRemembered) {
      fresh->emplace_back(std::move(decoded->block), runs.front());
    }
    commit.blocks.push_back(std::move(blocks.front()));
    commit.outcomes.push_back(std::move(runs.front()));
    blocks.pop_front();
    runs.pop_front();
    if (erases) break;
  }
  committing = true;
  committer->submit(std::move(commit), guarded([this, all, fresh](const Expected<void>& result) {
                      if (result) {
                        for (auto& [block, run] : *fresh) {
                          answers.remember(std::move(block), std::move(run));
                        }
                      }
                      on_committed(all, result);
                    }));
}

// Checks the first block and the first run, and reads what the block's control records say.
Expected<ResultsPlace::State::Group> ResultsPlace::State::add_block(
    const event::DecodedBlock& decoded, stage::Commit& commit) {
  const event::Block& records = decoded.block;
  if (decoded.previous != hash) {
    return broken("the block at position " + std::to_string(records.first) +
                  " is not of the log whose copy is here");
  }
  if (runs.front().first != records.first || runs.front().last != records.last()) {
    return broken("the outcomes from position " + std::to_string(runs.front().first) +
                  " are not those of a block");
  }
  TRY_DO(stage::read_run(runs.front()));
  hash = event::block_hash(blocks.front().bytes);
  Group group;
  group.last = records.last();
  for (const event::Record& record : records.records) {
    if (record.kind == event::RecordKind::application) TRY_DO(follower.prepare(record));
    if (record.kind == event::RecordKind::activate) {
      TRY(const auto body, stage::read_application(record.plain));
      group.activated = body.version;
    }
    if (record.kind == event::RecordKind::seal) {
      TRY(group.seal, stage::read_seal(record.plain));
    }
    TRY_DO(version_of(follower.versions(), record));
    if (record.kind != event::RecordKind::erase) continue;
    TRY(const auto body, stage::read_erase(record.plain));
    TRY(auto changes,
        host::erased_outcomes(parts.store, first_kept(), follower.versions(), body.subject));
    for (const event::Record& before : records.records) {
      if (before.position >= record.position) break;
      add_erased(follower.versions(), before, body.subject, changes);
    }
    commit.changes.insert(commit.changes.end(), changes.begin(), changes.end());
    group.erased.push_back(body.subject);
    group.erased_at = record.position;
  }
  return group;
}

void ResultsPlace::State::on_committed(const Group& group, const Expected<void>& result) {
  committing = false;
  if (!result) return fail(result.error());
  const Position before = durable;
  durable = group.last;
  answers.reach(durable);
  if (const auto followed = follow(group); !followed) return fail(followed.error());
  if (when_durable) when_durable(before + 1, durable);
  if (full) want_again();
  go_on();
  commit_next();
}

// What the control records of the group change for all that came before them.
Expected<void> ResultsPlace::State::follow(const Group& group) {
  const bool other = group.activated && *group.activated != version;
  if (group.activated && *group.activated > follower.versions().size()) {
    return broken("an application version is put in force that the log lacks");
  }
  if (other) version = *group.activated;
  if (group.seal) sealed = group.seal;
  for (const std::string& subject : group.erased) TRY_DO(follower.forget(subject));
  if (!group.erased.empty()) {
    erased = group.erased_at;
    committer->run([](stage::Store& store) { return store.remove_snapshots(); }, nullptr);
  }
  if (other || !group.erased.empty()) fold_anew();
  return {};
}

// --- reading ---

namespace {

Error nothing_yet() {
  return unavailable("nothing of the log has come here yet; try again in a moment");
}

Error are_folded() {
  return unavailable("the views are being folded; try again in a moment").with_id("views_folding");
}

}  // namespace

Position ResultsPlace::durable() const {
  return state_->durable;
}

Position ResultsPlace::first() const {
  return state_->first_kept();
}

void ResultsPlace::when_durable(std::function<void(Position first, Position last)> callback) {
  state_->when_durable = std::move(callback);
}

std::shared_ptr<const app::Spec> ResultsPlace::spec() const {
  return spec_of(state_->version);
}

std::shared_ptr<const app::Spec> ResultsPlace::spec_of(AppVersion version) const {
  const Versions& versions = state_->follower.versions();
  return version == 0 || version > versions.size() ? nullptr : versions[version - 1];
}

Expected<std::string> ResultsPlace::result(Position position) {
  if (state_->version == 0) return nothing_yet();
  return state_->answers.result(position);
}

Expected<std::string> ResultsPlace::reply(Position position) {
  if (state_->version == 0) return nothing_yet();
  return state_->answers.reply(position);
}

Expected<Answers::Page> ResultsPlace::results(const Answers::Query& query) {
  if (state_->version == 0) return nothing_yet();
  return state_->answers.results(query);
}

void ResultsPlace::result_with_labels(Position position,
                                      std::function<void(Expected<std::string>)> done) {
  State& s = *state_;
  if (s.failed || s.version == 0) return done(s.failed ? *s.failed : nothing_yet());
  s.asked.push_back(
      {s.durable, {position}, [&s, position, done = std::move(done)](const Expected<void>& ready) {
         done(ready ? s.answers.result_with_labels(position) : ready.error());
       }});
  s.go_on();
}

void ResultsPlace::results_with_labels(const Answers::Query& query, Micros at,
                                       std::function<void(Expected<Answers::Page>)> done) {
  State& s = *state_;
  if (s.failed || s.version == 0) return done(s.failed ? *s.failed : nothing_yet());
  if (s.restoring || s.folding) return done(are_folded());
  auto selected = s.answers.select(query);
  if (!selected) return done(std::move(selected).error());
  auto positions = selected->positions;
  s.asked.push_back({s.durable, std::move(positions),
                     [&s, at, selected = *std::move(selected),
                      done = std::move(done)](const Expected<void>& ready) {
                       if (!ready) return done(ready.error());
                       // An erase came meanwhile.
                       if (s.folding) return done(are_folded());
                       done(s.answers.with_labels(selected, at));
                     }});
  s.go_on();
}

bool ResultsPlace::views_ready() const {
  return state_->version > 0 && !state_->restoring && !state_->folding;
}

stage::Views::Size ResultsPlace::view_size(std::size_t view) const {
  return state_->answers.views().size(view);
}

Expected<stage::ViewPage> ResultsPlace::view(std::size_t view, const stage::ViewQuery& query) {
  const State& s = *state_;
  if (s.version == 0) return nothing_yet();
  if (s.restoring || s.folding) return are_folded();
  state_->catch_up();
  return state_->answers.view(view, query);
}

ResultsPlace::Figures ResultsPlace::figures() const {
  const State& s = *state_;
  Figures figures;
  figures.durable = s.durable;
  figures.folded = s.folded;
  figures.snapshot = s.taker.newest();
  figures.blocks_to = s.next_block - 1;
  figures.outcomes_to = s.next_outcome - 1;
  figures.commits = s.committer->figures();
  return figures;
}

}  // namespace quintet::host
