#include "feature/window.h"

namespace quintet::feature {

namespace {

Micros floor_to(Micros time, Micros every) {
  Micros rest = time % every;
  if (rest < 0) rest += every;
  return minus(time, rest);
}

Micros plus(Micros a, Micros b) {
  Micros sum;
  return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

}  // namespace

Micros minus(Micros a, Micros b) {
  Micros difference;
  return __builtin_sub_overflow(a, b, &difference) ? (b > 0 ? INT64_MIN : INT64_MAX) : difference;
}

Edges edges_of(const app::Window& window, const Asker& asker) {
  Edges edges;
  if (window.every == 0) {
    edges.until = minus(asker.time, window.delay);
    edges.after = std::max(minus(edges.until, window.length), asker.horizon);
    return edges;
  }
  // floor(s) <= u, u a multiple of g, is s <= u + g - 1; floor(s) > h is s > floor(h) + g - 1.
  const Micros rest = window.every - 1;
  const Micros until = minus(floor_to(asker.time, window.every), window.delay);
  edges.until = plus(until, rest);
  edges.after = plus(minus(until, window.length), rest);
  if (asker.horizon != kNoTime) {
    edges.after = std::max(edges.after, plus(floor_to(asker.horizon, window.every), rest));
  }
  return edges;
}

bool forgotten(const app::Window& window, Micros time, Micros horizon) {
  if (horizon == kNoTime) return false;
  switch (window.kind) {
    case app::WindowKind::count:
    case app::WindowKind::all: return false;
    case app::WindowKind::session: return time <= horizon;
    case app::WindowKind::time: break;
  }
  return (window.every == 0 ? time : floor_to(time, window.every)) <= horizon;
}

}  // namespace quintet::feature
