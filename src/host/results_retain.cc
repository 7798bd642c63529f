// Removing results that ingest's log no longer holds (S10), once a seal record has come: what views
// keep of them is folded aside, compared with the views that serve, and stored as a base; then log
// and outcomes below the cut are removed. A crash between any two of these leaves either the old
// base in force or the new one, and what was begun is begun again.
#include "base/digest.h"
#include "host/results_state.h"

namespace quintet::host {

namespace {

// Of one job of the writing thread, between which commits have their turn.
constexpr std::size_t kSliceRows = 16;
constexpr std::size_t kSliceParts = 64;

}  // namespace

Scheduler& ResultsPlace::State::aside() {
  if (parts.aside != nullptr) return *parts.aside;
  if (aside_thread == nullptr) {
    aside_thread = std::make_unique<Loop>();
    aside_thread->start("retain");
  }
  return *aside_thread;
}

std::vector<std::pair<std::string, Micros>> ResultsPlace::view_edges() const {
  const State& s = *state_;
  std::vector<std::pair<std::string, Micros>> edges;
  if (!views_ready()) return edges;
  for (std::size_t i = 0; i < s.spec().views.size(); ++i) {
    const auto& event = s.spec().events[static_cast<std::size_t>(s.spec().views[i].of)];
    if (!holds_subjects(s.follower.versions(), event.name)) continue;
    edges.emplace_back(event.name, state_->answers.views().edge(i));
  }
  return edges;
}

// Called where views stand at L.
void ResultsPlace::State::cut_if_due() {
  if (cutting.running || failed || !sealed || sealed->cut < first_kept() || follower.waits())
    return;
  if (sealed->base == given_up) return;
  const std::string name = base_subject(0);
  if (!follower.vault().knows(name) || !follower.vault().knows(std::string(kLogKey))) {
    return follower.need({name, std::string(kLogKey)}, guarded([this] { go_on(); }));
  }
  const auto key = follower.vault().find_subject_key(name);
  if (!key) return;  // ingest has made none yet
  const auto log_key = follower.vault().find_subject_key(kLogKey);
  cutting = {true, cutting.number + 1, sealed->base, {}, 0, {}, nullptr, 0};
  cutting.order = {&parts.store, follower.versions(), version, *sealed, base, *key, {}, {}};
  if (log_key) cutting.order.log_key = *log_key;
  want_next_piece();
}

// A piece a turn, each with the position that it is written at.
void ResultsPlace::State::want_next_piece() {
  stage::Views& views = answers.views();
  const auto& all = spec().views;
  while (cutting.view < all.size()) {
    const auto& event = spec().events[static_cast<std::size_t>(all[cutting.view].of)];
    const bool kept = !holds_subjects(follower.versions(), event.name);
    if (kept && !views.size(cutting.view).given_up) break;
    ++cutting.view;
  }
  if (cutting.view == all.size()) {
    cutting.work = std::make_shared<ViewsCut>(std::move(cutting.order));
    return step_cut();
  }
  stage::ViewPiece& piece = cutting.piece;
  if (piece.index == 0) piece = {views.depth(cutting.view), 0};
  cutting.order.wanted.push_back(
      {cutting.view, piece, views.position(), sha256_hex(views.write(cutting.view, piece))});
  if (++piece.index >> piece.depth != 0) {
    ++cutting.view;
    piece = {};
  }
  parts.loop.post(guarded([this, number = cutting.number] {
    if (cutting.running && cutting.number == number) want_next_piece();
  }));
}

void ResultsPlace::State::step_cut() {
  const auto back = guarded([this, number = cutting.number](const Expected<bool>& more) {
    if (cutting.running && cutting.number == number) stepped(more);
  });
  aside().post([work = cutting.work, loop = &parts.loop, back, here = std::weak_ptr<int>(alive)] {
    if (here.expired()) return;
    const auto more = std::make_shared<Expected<bool>>(work->step());
    loop->post([back, more] { back(*more); });
  });
}

void ResultsPlace::State::stepped(const Expected<bool>& more) {
  if (!more) return end_cut(more.error());
  if (*more) return step_cut();
  put_parts();
}

// The list, which makes them a base, is the last.
void ResultsPlace::State::put_parts() {
  auto& all = cutting.work->parts();
  if (cutting.next == all.size()) {
    auto made = Base::newest(parts.store);
    if (!made) return end_cut(made.error());
    base = *std::move(made);
    answers.begin_at(first_kept());
    stale = cutting.work->stale();
    return end_cut({});
  }
  auto batch = std::make_shared<std::vector<stage::Snapshot>>();
  while (cutting.next < all.size() && batch->size() < kSliceParts) {
    batch->push_back(std::move(all[cutting.next++]));
  }
  committer->run([batch, number = cutting.base,
                  by = epoch](stage::Store& store) { return store.put_base(number, *batch, by); },
                 guarded([this, number = cutting.number](const Expected<void>& result) {
                   if (!cutting.running || cutting.number != number) return;
                   if (!result) return end_cut(result.error());
                   put_parts();
                 }));
}

void ResultsPlace::State::end_cut(const Expected<void>& result) {
  if (!cutting.running) return;
  const std::uint64_t number = cutting.base;
  cutting = {false, cutting.number, 0, {}, 0, {}, nullptr, 0};
  if (result) return clean_up();
  if (result.error().code() == Code::unavailable) return;
  given_up = number;
  if (settings.on_retention) settings.on_retention(result.error());
}

// In slices, each a job of the writing thread.
void ResultsPlace::State::clean_up() {
  if (cleaning || failed || base == nullptr) return;
  cleaning = true;
  const auto more = std::make_shared<bool>(false);
  const auto job = [more, number = base->seal().base, first = first_kept(), by = epoch,
                    names = stale](stage::Store& store) -> Expected<void> {
    TRY(*more, store.remove_below(first, kSliceRows, by));
    if (*more) return {};
    TRY(const auto numbers, store.bases());
    for (const std::uint64_t other : numbers) {
      if (other == number) continue;
      TRY(*more, store.remove_base(other, kSliceParts, by));
      *more = true;
      return {};
    }
    return names.empty() ? Expected<void>() : store.remove_snapshots(names);
  };
  committer->run(job, guarded([this, more](const Expected<void>& result) {
                   cleaning = false;
                   if (result && *more) return clean_up();
                   if (result) stale.clear();
                   if (!settings.on_retention) return;
                   if (result) return settings.on_retention(first_kept());
                   settings.on_retention(result.error());
                 }));
}

}  // namespace quintet::host
