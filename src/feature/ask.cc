// How a group answers: moves the running windows of a key to where the asker wants them and reads
// the answers off.
#include "feature/extremes.h"
#include "feature/group.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using app::WindowKind;
using event::Value;

void GroupState::tally(const Entry& entry, Tally& sums, const Lane& lane, bool enters) const {
  if (lane.filter >= 0 && entry.cells[static_cast<std::size_t>(lane.filter)].bits == 0) return;
  Raw raw{0, false};
  if (lane.column >= 0) raw = entry.cells[static_cast<std::size_t>(lane.column)];
  if (raw.null) return;
  enters ? sums.add(lane, raw.bits) : sums.remove(lane, raw.bits);
}

void GroupState::tally(const RingView& ring, Hot& hot, std::size_t v, std::size_t i,
                       bool enters) const {
  const View& view = plan_->views[v];
  for (std::size_t l = 0; l < view.lanes.size(); ++l) {
    const Lane& lane = view.lanes[l];
    if (!lane.runs()) continue;
    if (lane.filter >= 0 && ring.cell(i, static_cast<std::size_t>(lane.filter)).bits == 0) continue;
    Raw raw{0, false};
    if (lane.column >= 0) raw = ring.cell(i, static_cast<std::size_t>(lane.column));
    if (raw.null) continue;
    Tally& sums = hot.tally(view.first_tally + l);
    enters ? sums.add(lane, raw.bits) : sums.remove(lane, raw.bits);
  }
}

GroupState::Hot& GroupState::warm(Key& key) const {
  if (key.hot) return *key.hot;
  key.hot = std::make_unique<Hot>();
  Hot& hot = *key.hot;
  const std::size_t pieces = std::max(plan_->views.size(), plan_->tallies);
  hot.pieces.reserve(pieces);
  for (const View& view : plan_->views) {
    for (const Lane& lane : view.lanes) hot.pieces.push_back({{}, Tally(lane, texts_)});
  }
  while (hot.pieces.size() < pieces) hot.pieces.push_back({{}, Tally(Lane{}, texts_)});
  if (plan_->count_reach == 0) return hot;
  // The suffix whose positions rise and exceed all before it.
  const RingView ring = key.ring.view(layouts_);
  std::size_t start = ring.size();
  Position least = ~Position{0};
  std::vector<Position> greatest(ring.size() + 1, 0);
  for (std::size_t i = 0; i < ring.size(); ++i) {
    greatest[i + 1] = std::max(greatest[i], ring.position(i));
  }
  while (start > 0 && ring.position(start - 1) < least &&
         greatest[start - 1] < ring.position(start - 1)) {
    least = ring.position(--start);
  }
  hot.at_end = static_cast<std::uint32_t>(ring.size() - start);
  return hot;
}

void GroupState::move(Key& key, std::size_t v, std::size_t low, std::size_t high) {
  Hot& hot = *key.hot;
  Running& running = hot.view(v);
  const RingView ring = key.ring.view(layouts_);
  const View& view = plan_->views[v];
  const auto distance = [](std::size_t a, std::size_t b) { return a < b ? b - a : a - b; };
  const std::size_t steps = distance(running.low, low) + distance(running.high, high);
  if (view.lanes.empty()) {
    // Nothing runs; the window's size is the answer.
  } else if (running.high <= low || high <= running.low || steps > high - low) {
    for (std::size_t l = 0; l < view.lanes.size(); ++l) {
      if (view.lanes[l].runs()) hot.tally(view.first_tally + l) = Tally(view.lanes[l], texts_);
    }
    for (std::size_t i = low; i < high; ++i) tally(ring, hot, v, i, true);
  } else {
    for (std::size_t i = running.low; i < low; ++i) tally(ring, hot, v, i, false);
    for (std::size_t i = low; i < running.low; ++i) tally(ring, hot, v, i, true);
    for (std::size_t i = running.high; i < high; ++i) tally(ring, hot, v, i, true);
    for (std::size_t i = high; i < running.high; ++i) tally(ring, hot, v, i, false);
  }
  running.low = static_cast<std::uint32_t>(low);
  running.high = static_cast<std::uint32_t>(high);
}

void GroupState::follow_insert(Hot& hot, const Entry& entry, std::size_t at,
                               std::size_t size) const {
  if (at + 1 == size) {
    ++hot.at_end;
  } else {
    hot.at_end = 0;
    ++hot.shuffles;
  }
  for (std::size_t v = 0; v < plan_->views.size(); ++v) {
    Running& running = hot.view(v);
    if (at == running.low) running.first_inside = entry.time;
    if (at >= running.high) {
      if (at == running.high) running.first_beyond = entry.time;
      continue;
    }
    ++running.high;
    if (at <= running.low) running.chained = false;
    if (at < running.low) {
      ++running.low;
      continue;
    }
    const View& view = plan_->views[v];
    for (std::size_t i = 0; i < view.lanes.size(); ++i) {
      tally(entry, hot.tally(view.first_tally + i), view.lanes[i], true);
    }
  }
}

void GroupState::follow_drop(Hot& hot, std::size_t count) const {
  hot.dropped += count;
  for (std::size_t v = 0; v < plan_->views.size(); ++v) {
    Running& running = hot.view(v);
    if (running.low < count) running.first_inside = running.first_beyond = INT64_MIN;
    running.low -= static_cast<std::uint32_t>(std::min<std::size_t>(running.low, count));
    running.high -= static_cast<std::uint32_t>(std::min<std::size_t>(running.high, count));
  }
}

std::size_t GroupState::session_start(const RingView& ring, const app::Window& window,
                                      const Asker& asker, const Running& before,
                                      std::size_t high) const {
  // A chain that was found before begins where it began, unless the horizon has cut it.
  const bool known = before.chained && asker.time >= before.until && before.low < before.high;
  std::size_t low = high;
  Micros next = asker.time;
  while (low > 0) {
    const Micros time = ring.time(low - 1);
    if (minus(next, time) > window.length || forgotten(window, time, asker.horizon)) break;
    next = time;
    --low;
    if (known && low + 1 == before.high) {
      low = before.low;
      while (low < high && forgotten(window, ring.time(low), asker.horizon)) ++low;
      break;
    }
  }
  return low;
}

namespace {

// From where a cursor stands, how many entries have a time <= edge.
std::size_t walk(const RingView& ring, std::size_t from, Micros edge) {
  constexpr int kSteps = 8;
  std::size_t at = from;
  for (int i = 0; i < kSteps; ++i) {
    if (at < ring.size() && ring.time(at) <= edge) {
      ++at;
    } else if (at > 0 && ring.time(at - 1) > edge) {
      --at;
    } else {
      return at;
    }
  }
  return ring.until(edge);
}

}  // namespace

Selection GroupState::select(Key& key, std::size_t v, const Asker& asker) {
  Hot& hot = warm(key);
  Running& running = hot.view(v);
  const app::Window& window = plan_->views[v].window;
  const RingView ring = key.ring.view(layouts_);
  std::size_t low = 0, high = ring.size();
  switch (window.kind) {
    case WindowKind::all: break;
    case WindowKind::time: {
      const Edges edges = edges_of(window, asker);
      const bool forward = edges.until >= running.until && edges.after >= running.after;
      running.until = edges.until;
      running.after = edges.after;
      if (forward && edges.until < running.first_beyond && edges.after < running.first_inside) {
        return {running.low, running.high, nullptr};
      }
      high = walk(ring, running.high, edges.until);
      low = std::min(high, walk(ring, running.low, edges.after));
      running.first_inside = low < ring.size() ? ring.time(low) : INT64_MAX;
      running.first_beyond = high < ring.size() ? ring.time(high) : INT64_MAX;
      break;
    }
    case WindowKind::session: {
      high = walk(ring, running.high, asker.time);
      low = session_start(ring, window, asker, running, high);
      running.until = asker.time;
      running.chained = true;
      break;
    }
    case WindowKind::count: {
      const std::size_t n = std::min(static_cast<std::size_t>(window.n), ring.size());
      if (hot.at_end < n) return pick(ring, n);
      low = high - n;
      break;
    }
  }
  move(key, v, low, high);
  return {low, high, nullptr};
}

Selection GroupState::pick(const RingView& ring, std::size_t n) {
  picked_.clear();
  for (std::size_t i = 0; i < ring.size(); ++i) picked_.push_back(i);
  const auto nth = picked_.begin() + static_cast<std::ptrdiff_t>(n);
  std::nth_element(picked_.begin(), nth, picked_.end(), [&](std::size_t a, std::size_t b) {
    return ring.position(a) > ring.position(b);
  });
  picked_.resize(n);
  std::sort(picked_.begin(), picked_.end());
  return {0, 0, &picked_};
}

Value GroupState::extreme(Key& key, const Selection& in, int aggregate, event::Arena& arena) {
  constexpr std::size_t kLookedThrough = 32;
  const Aggregate& asked = plan_->group->aggregates[static_cast<std::size_t>(aggregate)];
  const Answer& how = plan_->answers[static_cast<std::size_t>(aggregate)];
  const View& view = plan_->views[static_cast<std::size_t>(how.view)];
  const Lane& lane = view.lanes[static_cast<std::size_t>(how.lane)];
  const RingView ring = key.ring.view(layouts_);
  const ByValue before{lane.kind == RawKind::text ? &texts_ : nullptr};
  const bool least = asked.function == Function::min;
  std::optional<std::int64_t> best;
  const auto take = [&](std::optional<std::int64_t> value) {
    if (!value) return;
    if (!best || (least ? before(*value, *best) : before(*best, *value))) best = value;
  };
  if (in.picked == nullptr && in.size() > kLookedThrough) {
    Hot& hot = *key.hot;
    Tally& sums = hot.tally(view.first_tally + static_cast<std::size_t>(how.lane));
    Extremes& extremes = sums.extremes(lane, texts_);
    const Stretch stretch{in.low, in.high, hot.dropped, hot.shuffles};
    take(least ? extremes.least(ring, lane, stretch, before)
               : extremes.greatest(ring, lane, stretch, before));
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) take(value_at(ring, lane, in[i]));
  }
  if (self_inside_) {
    const Raw raw = self_.cells[static_cast<std::size_t>(lane.column)];
    const bool met =
        lane.filter < 0 || self_.cells[static_cast<std::size_t>(lane.filter)].bits != 0;
    if (met && !raw.null) take(raw.bits);
  }
  if (!best) return {};
  return arena.copy(value({*best, false}, static_cast<std::size_t>(lane.column)));
}

Value GroupState::from_entries(const RingView& ring, const Selection& in, int aggregate,
                               event::Arena& arena) const {
  const Aggregate& asked = plan_->group->aggregates[static_cast<std::size_t>(aggregate)];
  const Answer& how = plan_->answers[static_cast<std::size_t>(aggregate)];
  // This event stands among the others by (time, position).
  const std::size_t n = in.size();
  std::size_t self = n + 1;
  if (self_inside_) {
    const std::size_t place = ring.place(self_.time, self_.position);
    std::size_t low = 0, high = n;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      in[middle] < place ? low = middle + 1 : high = middle;
    }
    self = low;
  }
  const auto column = static_cast<std::size_t>(how.column);
  const auto cell = [&](std::size_t k) -> Raw {
    const bool is_self = k == self;
    const std::size_t i = is_self ? 0 : in[k - (k > self ? 1 : 0)];
    if (how.filter >= 0) {
      const auto filter = static_cast<std::size_t>(how.filter);
      if ((is_self ? self_.cells[filter] : ring.cell(i, filter)).bits == 0) return {};
    }
    return is_self ? self_.cells[column] : ring.cell(i, column);
  };
  const std::size_t all = n + (self_inside_ ? 1 : 0);
  const std::size_t most =
      asked.function == Function::list ? static_cast<std::size_t>(asked.limit) : 1;
  std::vector<Raw> found;
  for (std::size_t k = 0; k < all && found.size() < most; ++k) {
    const Raw raw = cell(asked.function == Function::first ? k : all - 1 - k);
    if (!raw.null) found.push_back(raw);
  }
  if (asked.function != Function::list) {
    return found.empty() ? Value() : arena.copy(value(found[0], column));
  }
  const auto items = arena.values(found.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = arena.copy(value(found[found.size() - 1 - i], column));
  }
  return Value::list(items);
}

Value GroupState::answer(Key& key, int aggregate, const Asker& asker, event::Arena& arena) {
  const Aggregate& asked = plan_->group->aggregates[static_cast<std::size_t>(aggregate)];
  const Answer& how = plan_->answers[static_cast<std::size_t>(aggregate)];
  const auto v = static_cast<std::size_t>(how.view);
  const View& view = plan_->views[v];
  const Selection in = select(key, v, asker);
  const RingView ring = key.ring.view(layouts_);
  self_inside_ = asked.including_this && !forgotten(view.window, asker.time, asker.horizon);
  if (how.lane < 0) {
    if (asked.function != Function::count) return from_entries(ring, in, aggregate, arena);
    return Value::int64(static_cast<std::int64_t>(in.size()) + (self_inside_ ? 1 : 0));
  }
  if (asked.function == Function::min || asked.function == Function::max) {
    return extreme(key, in, aggregate, arena);
  }
  const auto l = static_cast<std::size_t>(how.lane);
  const Lane& lane = view.lanes[l];
  if (in.picked != nullptr) {
    Tally sums(lane, texts_);
    Entry entry;
    for (const std::size_t i : *in.picked) {
      ring.read(i, entry);
      tally(entry, sums, lane, true);
    }
    if (self_inside_) tally(self_, sums, lane, true);
    return sums.answer(lane, asked, arena);
  }
  Tally& sums = key.hot->tally(view.first_tally + l);
  if (self_inside_) tally(self_, sums, lane, true);
  const Value value = sums.answer(lane, asked, arena);
  if (self_inside_) tally(self_, sums, lane, false);
  return value;
}

void GroupState::ask(Key& key, const app::GroupUse& use, const Asker& asker, PartialRow& out) {
  for (const app::AggregateUse& read : use.aggregates) {
    out.cells.push_back({read.slot, answer(key, read.aggregate, asker, out.arena)});
  }
}

}  // namespace quintet::feature
