// `quintet explain`: the entries around a window and why each is in or out.
#include <set>

#include "feature/group.h"

namespace quintet::feature {

using app::WindowKind;

std::string GroupState::why_out(const RingView& ring, std::size_t i, const app::Window& window,
                                const Asker& asker) const {
  const Micros time = ring.time(i);
  if (ring.position(i) >= asker.position) return "later position";
  if (forgotten(window, time, asker.horizon)) return "forgotten";
  switch (window.kind) {
    case WindowKind::all: return "";
    case WindowKind::time: {
      const Edges edges = edges_of(window, asker);
      return time > edges.until ? "after the edge" : time <= edges.after ? "before the edge" : "";
    }
    case WindowKind::session: return time > asker.time ? "after the edge" : "before a gap";
    case WindowKind::count: return "not among the last N";
  }
  return "";
}

std::vector<std::size_t> GroupState::inside(const RingView& ring, const app::Window& window,
                                            const Asker& asker) const {
  std::vector<std::size_t> inside;
  std::vector<std::size_t> history;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (ring.position(i) < asker.position) history.push_back(i);
  }
  if (window.kind == WindowKind::count) {
    std::sort(history.begin(), history.end(),
              [&](std::size_t a, std::size_t b) { return ring.position(a) > ring.position(b); });
    history.resize(std::min(history.size(), static_cast<std::size_t>(window.n)));
    return history;
  }
  if (window.kind == WindowKind::session) {
    Micros next = asker.time;
    for (auto at = history.rbegin(); at != history.rend(); ++at) {
      const Micros time = ring.time(*at);
      if (time > asker.time) continue;
      if (minus(next, time) > window.length || forgotten(window, time, asker.horizon)) break;
      inside.push_back(*at);
      next = time;
    }
    return inside;
  }
  for (const std::size_t i : history) {
    if (why_out(ring, i, window, asker).empty()) inside.push_back(i);
  }
  return inside;
}

std::vector<WindowEntry> GroupState::explain(const FoldInput& input, const Touch& touch,
                                             int aggregate, std::size_t limit) const {
  std::vector<WindowEntry> found;
  const Key* key = keys_.find(touch.key);
  if (key == nullptr) return found;
  const Asker asker{input.time, input.position, horizon_of(*plan_->spec, input.low_time)};
  const Answer& how = plan_->answers[static_cast<std::size_t>(aggregate)];
  const app::Window& window = plan_->views[static_cast<std::size_t>(how.view)].window;
  const RingView ring = key->view(layouts_);
  const auto members = inside(ring, window, asker);
  const std::set<std::size_t> member(members.begin(), members.end());
  for (std::size_t i = 0; i < ring.size(); ++i) {
    WindowEntry entry;
    entry.position = ring.position(i);
    entry.time = ring.time(i);
    entry.inside = member.count(i) > 0;
    if (!entry.inside) entry.why = why_out(ring, i, window, asker);
    if (how.column >= 0) {
      const auto column = static_cast<std::size_t>(how.column);
      const Raw raw = ring.cell(i, column);
      if (plan_->types[column].kind != event::Kind::list) {
        entry.value = event::to_text(plan_->types[column], value(raw, column));
      }
      if (entry.inside && raw.null) {
        entry.inside = false;
        const auto& source = plan_->group->inputs[column];
        entry.why = source.reads_label ? "label unknown" : "null";
      }
    }
    if (entry.inside && how.filter >= 0 &&
        ring.cell(i, static_cast<std::size_t>(how.filter)).bits == 0) {
      entry.inside = false;
      entry.why = "filtered";
    }
    found.push_back(std::move(entry));
  }
  const auto distance = [&](const WindowEntry& e) {
    return e.time > asker.time ? minus(e.time, asker.time) : minus(asker.time, e.time);
  };
  const auto nearer = [&](const WindowEntry& a, const WindowEntry& b) {
    const Micros x = distance(a), y = distance(b);
    return x != y ? x < y : a.position > b.position;
  };
  std::stable_sort(found.begin(), found.end(), nearer);
  if (found.size() > limit) {
    // What is inside made the value: it goes before what is left out.
    std::stable_partition(found.begin(), found.end(),
                          [](const WindowEntry& e) { return e.inside; });
    found.resize(limit);
    std::stable_sort(found.begin(), found.end(), nearer);
  }
  return found;
}

}  // namespace quintet::feature
