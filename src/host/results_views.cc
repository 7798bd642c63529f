// Views and labels of a ResultsPlace: they follow what is durable, a block at a time, since keys
// may have to be asked for; and their snapshots.
#include "host/results_state.h"

namespace quintet::host {

namespace {

constexpr Micros kTurn = 1000;                // work until the loop gets its turn
constexpr Micros kMostCatchUp = 100 * kTurn;  // within one question
constexpr std::size_t kReadBytes = std::size_t{8} << 20;

}  // namespace

// --- the start ---

void ResultsPlace::State::restore() {
  if (version == 0) {
    restoring = false;
    return;
  }
  folding = true;
  const auto found = parts.store.snapshots(durable);
  if (!found) return fail(found.error());
  std::vector<std::string> names;
  for (const stage::Snapshot& part : *found) {
    names.push_back(snapshot_subject(sealed_under(part.bytes)));
  }
  if (base != nullptr) names.push_back(base_subject(0));
  follower.need(std::move(names), guarded([this] { restore_parts(); }));
}

void ResultsPlace::State::restore_parts() {
  const auto ignore = [](const std::string&, const std::string&) {};
  const auto stored = open_stored_parts(parts.store, follower.vault(), durable, ignore);
  if (!stored) return fail(stored.error());
  const SnapshotHead usable = snapshot_head();
  const Base::From read_from = from_base();
  const Answers::From from{&*stored, &usable, base.get(), &read_from, ignore};
  if (const auto restored = answers.restore_views(from); !restored) return fail(restored.error());
  folded = std::min(answers.restore_labels(from), answers.views_from());
  folded = std::max(folded, first_kept() - 1);
  taker.begin_after(folded);
  restoring = false;
  go_on();
}

// Another version is in force, or a subject was erased.
void ResultsPlace::State::fold_anew() {
  taker.drop(unavailable("the views are folded again; ask again"));
  taker.begin_after(kNoPosition);
  end_cut(unavailable("the views are folded again"));
  follower.begin_anew();
  answers.put_in_force(version, first_kept());
  restoring = base != nullptr;
  folding = true;
  folded = first_kept() - 1;
  to_fold.clear();
  next_to_fold = 0;
  block = {};
  if (base == nullptr) return go_on();
  follower.need({base_subject(0)}, guarded([this] { begin_with_base(); }));
}

void ResultsPlace::State::begin_with_base() {
  const Base::From read_from = from_base();
  const auto restored = answers.restore_views(
      {nullptr, nullptr, base.get(), &read_from, [](const std::string&, const std::string&) {}});
  if (!restored) return fail(restored.error());
  restoring = false;
  go_on();
}

// --- folding ---

void ResultsPlace::State::go_on() {
  if (turn_posted) return;
  turn_posted = true;
  parts.loop.post(guarded([this] { turn(); }));
}

void ResultsPlace::State::turn() {
  turn_posted = false;
  if (failed || restoring || version == 0) return;
  const Micros begin = parts.clock.steady();
  for (;;) {
    if (!answer_asked()) return;
    if (folded >= durable) break;
    if (!begin_block()) return;
    if (const auto done = fold_block(); !done) return fail(done.error());
    if (parts.clock.steady() - begin >= kTurn) return go_on();
  }
  if (folding) {
    folding = false;
    answers.caught_up();
  }
  taker.put();
  take_due_snapshot();
  cut_if_due();
}

// Who reads a view finds in it what L says: the little that is not folded yet is folded now.
void ResultsPlace::State::catch_up() {
  const Micros begin = parts.clock.steady();
  while (folded < durable && !failed && begin_block()) {
    if (const auto done = fold_block(); !done) return fail(done.error());
    if (parts.clock.steady() - begin >= kMostCatchUp) return;
  }
}

// The block behind folded, and its keys; false if they are not there yet.
bool ResultsPlace::State::begin_block() {
  if (block.block.records.empty()) {
    if (next_to_fold == to_fold.size()) {
      auto read = parts.store.read_log(folded + 1, kReadBytes);
      if (!read || read->empty()) {
        fail(read ? broken("the copy of the log has gaps") : read.error());
        return false;
      }
      to_fold = *std::move(read);
      next_to_fold = 0;
      outcomes.emplace(parts.store);
    }
    auto decoded = event::decode_block(to_fold[next_to_fold++]);
    if (!decoded) {
      fail(decoded.error());
      return false;
    }
    block = *std::move(decoded);
    keys_known = spec().views.empty();
  }
  if (keys_known) return true;
  if (follower.waits()) return false;
  std::vector<std::string> names;
  for (const event::Record& record : block.block.records) add_key_names(record, names);
  follower.need(std::move(names), guarded([this] {
                  keys_known = !block.block.records.empty();
                  go_on();
                }));
  return keys_known;
}

Expected<void> ResultsPlace::State::fold_block() {
  for (event::Record& record : block.block.records) {
    const Position position = record.position;
    if (position <= folded) continue;
    TRY(const auto written, version_of(follower.versions(), record));
    answers.index(record, *written);
    if (!spec().views.empty()) {
      TRY(const stage::OutcomeView* view, outcomes->at(position));
      TRY_DO(answers.fold_stored(std::move(record), block.block.epoch, view));
    }
    folded = position;
  }
  block = {};
  // Until all have caught up, views may stand at positions of their own.
  if (!folding) answers.fold({}, {}, folded);
  return {};
}

// --- labels of results ---

namespace {

bool has_private_fields(const Versions& versions) {
  const auto is_private = [](const event::Field& field) {
    return field.sealed();
  };
  return std::any_of(versions.begin(), versions.end(), [&](const auto& spec) {
    return std::any_of(spec->events.begin(), spec->events.end(), [&](const auto& type) {
      return std::any_of(type.fields.begin(), type.fields.end(), is_private);
    });
  });
}

}  // namespace

// Those of them that are not here.
std::vector<std::string> ResultsPlace::State::keys_of(const Asked& one) {
  std::vector<std::string> missing;
  // Without a private field nothing has one, and records need not be looked at twice.
  if (spec().labels.empty() || !has_private_fields(follower.versions())) return missing;
  const auto names = answers.key_names(one.positions);
  if (!names) return missing;  // the answer says what is wrong
  std::copy_if(names->begin(), names->end(), std::back_inserter(missing),
               [&](const auto& name) { return !follower.vault().knows(name); });
  return missing;
}

// False if a key is missing that was asked for. While all is folded again nobody waits for it.
bool ResultsPlace::State::answer_asked() {
  while (!asked.empty()) {
    if (!folding && asked.front().known > folded) return true;
    auto missing = keys_of(asked.front());
    if (!missing.empty()) {
      if (!follower.waits()) follower.need(std::move(missing), guarded([this] { go_on(); }));
      return false;
    }
    const Asked one = std::move(asked.front());
    asked.pop_front();
    one.answer({});
  }
  return true;
}

// --- snapshots ---

Expected<std::string> ResultsPlace::State::snapshot_key() {
  return follower.vault().find_subject_key(snapshot_subject(erased));
}

bool ResultsPlace::State::holds_snapshots() const {
  return failed || restoring || folding || version == 0 ||
         !follower.vault().knows(snapshot_subject(erased));
}

void ResultsPlace::State::begin_snapshot() {
  core_written = false;
  answers.begin_snapshot();
}

bool ResultsPlace::State::add_next_part() {
  if (!core_written) {
    core_written = true;
    taker.add_core("results", folded, {});
    return true;
  }
  return answers.add_next_part([this](std::string name, Position position, std::string_view body) {
    taker.add(std::move(name), position, body);
  });
}

void ResultsPlace::State::take_due_snapshot() {
  const std::string name = snapshot_subject(erased);
  if (follower.vault().knows(name)) return taker.take_due();
  if (failed || restoring || version == 0 || follower.waits()) return;
  follower.need({name}, guarded([this] {
                  take_due_snapshot();
                  go_on();
                }));
}

void ResultsPlace::State::snapshot_ended(const SnapshotFigures& figures,
                                         const Expected<void>& result) {
  if (settings.on_snapshot) settings.on_snapshot(figures, result);
}

void ResultsPlace::snapshot(Committer::Done done) {
  State& s = *state_;
  if (s.failed) return done(*s.failed);
  s.taker.ask(std::move(done));
  s.take_due_snapshot();
}

}  // namespace quintet::host
