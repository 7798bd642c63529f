// Removing the beginning of the log (S10): look, snapshot, fold aside and verify, store the base,
// seal, remove. A crash between any two of these leaves either the old base in force or the new
// one; what the other left behind goes at the next start or look.
#include "host/place_state.h"

namespace quintet::host {

namespace {

// Of one job of the writing thread, between which commits have their turn.
constexpr std::size_t kSliceRows = 16;
constexpr std::size_t kSliceParts = 64;
constexpr Micros kShareThatGoes = 10;  // a tenth of `retain`

}  // namespace

Scheduler& Place::State::aside() {
  if (parts.aside != nullptr) return *parts.aside;
  if (aside_thread == nullptr) {
    aside_thread = std::make_unique<Loop>();
    aside_thread->start("retain");
  }
  return *aside_thread;
}

// A cut is made once what goes spans so much time.
Micros Place::State::least_span() const {
  return settings.retain_least < 0 ? spec().retain / kShareThatGoes : settings.retain_least;
}

// S10.1: older than `retain`, and forgotten by every window that anyone may still ask for.
std::optional<CutEdges> Place::State::edges(const RetainAsk* ask) {
  const Micros horizon = stage::horizon_of(spec(), ingest->low_time());
  Micros edge;
  if (spec().retain <= 0 || horizon == kNoTime ||
      __builtin_sub_overflow(parts.clock.wall(), spec().retain, &edge)) {
    return std::nullopt;
  }
  CutEdges edges{std::min(edge, horizon), {}};
  edges.of_type.assign(spec().events.size(), INT64_MAX);
  if (ask != nullptr) {
    for (const auto& [name, edge_of_views] : ask->edges) {
      const int type = spec().event_index(name);
      if (type < 0) continue;
      Micros& known = edges.of_type[static_cast<std::size_t>(type)];
      known = std::min(known, edge_of_views);
    }
    return edges;
  }
  for (std::size_t i = 0; i < spec().views.size(); ++i) {
    const app::View& view = spec().views[i];
    const auto type = static_cast<std::size_t>(view.of);
    // Of others the base keeps the view.
    if (spec().events[type].subject_field < 0) continue;
    edges.of_type[type] = std::min(edges.of_type[type], answers.views().edge(i));
  }
  return edges;
}

void Place::retain(Retained done) {
  state_->begin_cut(nullptr, std::move(done));
}

void Place::retain(RetainAsk ask, Retained done) {
  state_->begin_cut(&ask, std::move(done));
}

void Place::State::begin_cut(const RetainAsk* ask, Retained done) {
  if (failed || refolding || cutting.running || cleaning) {
    done(failed ? *failed
                : unavailable("the log's beginning is being removed, or an erase is under way"));
    return;
  }
  const auto found_edges = edges(ask);
  cutting = {};
  cutting.figures.first = first_kept();
  if (!found_edges) return done(cutting.figures);
  cutting.running = true;
  cutting.looks = ask != nullptr && ask->shards.empty();
  cutting.begin = parts.clock.steady();
  cutting.done = std::move(done);
  Cut::Order order{&parts.store, &parts.vault, versions,     version, erased,
                   durable,      *found_edges, least_span(), false,   {}};
  if (ask != nullptr) {
    order.apart = true;
    order.durable = std::min(durable, ask->durable);
    order.shards = ask->shards;
  }
  cutting.work = std::make_shared<Cut>(std::move(order));
  const auto back = guarded([this](const Expected<Cut::Found>& found) { looked(found); });
  aside().post(
      [work = cutting.work, loop = &parts.loop, back, alive = std::weak_ptr<int>(this->alive)] {
        if (alive.expired()) return;
        const auto found = std::make_shared<Expected<Cut::Found>>(work->look());
        loop->post([back, found] { back(*found); });
      });
}

std::shared_ptr<const void> Place::hold_log() const {
  return state_->held;
}

// Enough must go to be worth a fold; what a single stray record held up goes all the same, later.
void Place::State::looked(const Expected<Cut::Found>& found) {
  if (!found) return end_cut(found.error());
  const Micros least = least_span();
  const bool enough = found->positions() > 0 && found->newest != kNoTime &&
                      (found->newest - found->oldest >= least ||
                       parts.clock.wall() - spec().retain - found->oldest >= 2 * least);
  cutting.figures.enough = enough;
  if (!enough || cutting.looks || cutting.called_off || failed) {
    end_cut({});
    return clean_up();
  }
  cutting.waits = true;
  cutting.number = ++cuts;
  taker.ask(guarded([this, number = cuts](const Expected<void>& taken) {
    if (!cutting.running || cutting.number != number) return;
    cutting.waits = false;
    if (!taken) return end_cut(taken.error());
    step_cut();
  }));
}

void Place::State::step_cut() {
  if (cutting.called_off || failed) return end_cut({});
  const auto back = guarded([this](const Expected<bool>& more) { stepped(more); });
  aside().post([work = cutting.work, number = next_base, loop = &parts.loop, back,
                alive = std::weak_ptr<int>(this->alive)] {
    if (alive.expired()) return;
    const auto more = std::make_shared<Expected<bool>>(work->step(number));
    loop->post([back, more] { back(*more); });
  });
}

void Place::State::stepped(const Expected<bool>& more) {
  if (!more) return end_cut(more.error());
  if (*more) return step_cut();
  put_base();
}

void Place::State::put_base() {
  if (cutting.called_off || failed) return end_cut({});
  Cut& work = *cutting.work;
  next_base = work.seal().base + 1;
  auto all = std::make_shared<std::vector<stage::Snapshot>>(std::move(work.parts()));
  put_parts_of_base(all, work.seal().base, 0, [this](const Expected<void>& result) {
    if (!result) return end_cut(result.error());
    seal_log();
  });
}

// From this record on the base counts; the stages take it into account as they append it.
void Place::State::seal_log() {
  if (cutting.called_off || failed) return end_cut({});
  const Position position =
      append_control(event::RecordKind::seal, stage::write_seal(cutting.work->seal()));
  open.controls.emplace_back([this](const Expected<Position>& done) { sealed_log(done); },
                             position);
  if (groups_under_way == 0) submit();
}

void Place::State::sealed_log(const Expected<Position>& position) {
  if (!position) return end_cut(position.error());
  const Position before = first_kept();
  if (const auto found = find_base(); !found) {
    fail(found.error());
    return end_cut(found);
  }
  answers.begin_at(first_kept());
  cutting.figures.first = first_kept();
  cutting.figures.removed = first_kept() - before;
  cutting.figures.bytes = cutting.work->bytes();
  stale = cutting.work->stale();
  cutting.work.reset();
  end_cut({});
  clean_up();
}

void Place::State::end_cut(const Expected<void>& result) {
  if (!cutting.running) return;
  Cutting ended = std::exchange(cutting, Cutting{});
  ended.figures.took = parts.clock.steady() - ended.begin;
  if (result) {
    ended.done(ended.figures);
  } else {
    ended.done(result.error());
  }
  if (ended.then) ended.then();
}

// An erase is to come, and what is being made holds what it removes: no more of it is stored when
// `then` is called.
void Place::State::drop_cut(std::function<void()> then) {
  if (!cutting.running) return then();
  cutting.called_off = true;
  cutting.then = std::move(then);
  if (cutting.waits) end_cut({});
}

// Removes what the base in force stands for, and what is left of other bases: in slices, each a job
// of the writing thread. Whoever holds the log is waited for until the next look.
void Place::State::clean_up() {
  if (cleaning || failed || refolding || cutting.running || held.use_count() > 1) return;
  cleaning = true;
  const auto more = std::make_shared<bool>(false);
  const std::uint64_t number = base == nullptr ? 0 : base->seal().base;
  const auto job = [more, number, first = first_kept(), by = epoch,
                    names = stale](stage::Store& store) -> Expected<void> {
    *more = false;
    if (first > 1) {
      TRY(*more, store.remove_below(first, kSliceRows, by));
    }
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
                   if (!result && settings.on_retention) settings.on_retention(result.error());
                   go_on_when_quiet();
                 }));
}

}  // namespace quintet::host
