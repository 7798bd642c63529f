// The running windows of a key: built when it is touched, moved to where an asker wants them, kept
// in step with what enters and leaves.
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

namespace {

// In a session's first_inside: its `low` is the true beginning of the chain.
constexpr Micros kChained = INT64_MAX;

}  // namespace

void GroupState::Key::cool() {
  Hot* made = static_cast<Hot*>(detach());
  if (made == nullptr) return;
  std::destroy_n(made->first(), made->pieces);
  made->~Hot();
  ::operator delete(made);
}

GroupState::Hot& GroupState::warm(Key& key) const {
  if (Hot* running = key.hot()) {
    running->touched = true;
    return *running;
  }
  const std::size_t pieces = std::max(plan_->views.size(), plan_->tallies);
  void* memory = ::operator new(sizeof(Hot) + pieces * sizeof(Piece));
  auto* made = new (memory) Hot();
  key.attach(layouts_, made);
  Hot& hot = *made;
  const auto add = [&](const Lane& lane) {
    new (hot.first() + hot.pieces) Piece{{}, Tally(lane, texts_)};
    ++hot.pieces;
  };
  for (const View& view : plan_->views) {
    for (const Lane& lane : view.lanes) add(lane);
  }
  while (hot.pieces < pieces) add(Lane{});
  if (plan_->count_reach == 0) return hot;
  // The suffix whose positions rise and exceed all before it.
  const RingView ring = key.view(layouts_);
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

void GroupState::move(const Question& asked, std::size_t v, std::size_t low,
                      std::size_t high) const {
  Hot& hot = asked.hot;
  Running& running = hot.view(v);
  const RingView& ring = asked.ring;
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

std::size_t GroupState::session_start(const Question& asked, const app::Window& window,
                                      const Running& before, std::size_t high) const {
  const Asker& asker = asked.asker;
  // A chain that was found before begins where it began, unless the horizon has cut it.
  const bool known =
      before.first_inside == kChained && asker.time >= before.asked && before.low < before.high;
  std::size_t low = high;
  Micros next = asker.time;
  while (low > 0) {
    const Micros time = asked.ring.time(low - 1);
    if (minus(next, time) > window.length || forgotten(window, time, asker.horizon)) break;
    next = time;
    --low;
    if (known && low + 1 == before.high) {
      low = before.low;
      while (low < high && forgotten(window, asked.ring.time(low), asker.horizon)) ++low;
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

const Selection& GroupState::select(const Question& asked, std::size_t v) {
  Selected& selected = selected_[v];
  if (selected.question != question_) {
    selected.question = question_;
    selected.selection = select_anew(asked, v);
  }
  return selected.selection;
}

Selection GroupState::select_anew(const Question& asked, std::size_t v) {
  const RingView& ring = asked.ring;
  const Asker& asker = asked.asker;
  Running& running = asked.hot.view(v);
  const app::Window& window = plan_->views[v].window;
  std::size_t low = 0, high = ring.size();
  switch (window.kind) {
    case WindowKind::all: break;
    case WindowKind::time: {
      const Edges edges = edges_of(window, asker);
      const bool forward = asker.time >= running.asked;
      running.asked = asker.time;
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
      low = session_start(asked, window, running, high);
      running.asked = asker.time;
      running.first_inside = kChained;
      break;
    }
    case WindowKind::count: {
      const std::size_t n = std::min(static_cast<std::size_t>(window.n), ring.size());
      if (asked.hot.at_end < n) return pick(ring, n, picked_[v]);
      low = high - n;
      break;
    }
  }
  if (low != running.low || high != running.high) move(asked, v, low, high);
  return {low, high, nullptr};
}

Selection GroupState::pick(const RingView& ring, std::size_t n,
                           std::vector<std::size_t>& picked) const {
  picked.clear();
  for (std::size_t i = 0; i < ring.size(); ++i) picked.push_back(i);
  const auto nth = picked.begin() + static_cast<std::ptrdiff_t>(n);
  std::nth_element(picked.begin(), nth, picked.end(), [&](std::size_t a, std::size_t b) {
    return ring.position(a) > ring.position(b);
  });
  picked.resize(n);
  std::sort(picked.begin(), picked.end());
  return {0, 0, &picked};
}

}  // namespace quintet::feature
