// How a group answers: from the tallies of a window, or from its entries.
#include "feature/extremes.h"
#include "feature/group.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using event::Value;

void GroupState::ask(Key& key, const app::GroupUse& use, const Asker& asker, PartialRow& out) {
  // Nobody asks from behind a horizon that was seen before, save a reader of the past.
  if (key.hot() && key.hot()->horizon > asker.horizon) key.cool();
  const Question question{asker, warm(key), key.view(layouts_)};
  question.hot.horizon = asker.horizon;
  ++question_;
  for (const app::AggregateUse& read : use.aggregates) {
    const auto aggregate = static_cast<std::size_t>(read.aggregate);
    out.cells.push_back({read.slot, answer(question, aggregate, out.arena)});
  }
}

const std::int64_t* GroupState::self_in(const Lane& lane) const {
  static constexpr std::int64_t kEvent = 0;
  if (!self_inside_) return nullptr;
  if (lane.filter >= 0 && self_.cells[static_cast<std::size_t>(lane.filter)].bits == 0) {
    return nullptr;
  }
  if (lane.column < 0) return &kEvent;
  const Raw& raw = self_.cells[static_cast<std::size_t>(lane.column)];
  return raw.null ? nullptr : &raw.bits;
}

Value GroupState::answer(const Question& asked, std::size_t aggregate, event::Arena& arena) {
  const Aggregate& wanted = plan_->group->aggregates[aggregate];
  const Answer& how = plan_->answers[aggregate];
  const auto v = static_cast<std::size_t>(how.view);
  const View& view = plan_->views[v];
  const Selection& in = select(asked, v);
  self_inside_ = wanted.including_this;
  if (how.lane < 0) {
    if (wanted.function != Function::count) return from_entries(asked.ring, in, aggregate, arena);
    return Value::int64(static_cast<std::int64_t>(in.size()) + (self_inside_ ? 1 : 0));
  }
  if (wanted.function == Function::min || wanted.function == Function::max) {
    return extreme(asked, in, aggregate, arena);
  }
  const auto l = static_cast<std::size_t>(how.lane);
  const Lane& lane = view.lanes[l];
  if (in.picked == nullptr) {
    return asked.hot.tally(view.first_tally + l).answer(lane, wanted, self_in(lane), arena);
  }
  Tally sums(lane, texts_);
  Entry entry;
  for (const std::size_t i : *in.picked) {
    asked.ring.read(i, entry);
    tally(entry, sums, lane, true);
  }
  return sums.answer(lane, wanted, self_in(lane), arena);
}

Value GroupState::extreme(const Question& asked, const Selection& in, std::size_t aggregate,
                          event::Arena& arena) {
  constexpr std::size_t kLookedThrough = 32;
  const Answer& how = plan_->answers[aggregate];
  const View& view = plan_->views[static_cast<std::size_t>(how.view)];
  const auto l = static_cast<std::size_t>(how.lane);
  const Lane& lane = view.lanes[l];
  const ByValue before{lane.kind == RawKind::text ? &texts_ : nullptr};
  const bool least = plan_->group->aggregates[aggregate].function == Function::min;
  std::optional<std::int64_t> best;
  const auto take = [&](std::optional<std::int64_t> value) {
    if (!value) return;
    if (!best || (least ? before(*value, *best) : before(*best, *value))) best = value;
  };
  if (in.picked == nullptr && in.size() > kLookedThrough) {
    Extremes& extremes = asked.hot.tally(view.first_tally + l).extremes(lane, texts_);
    const Stretch stretch{in.low, in.high, asked.hot.dropped, asked.hot.shuffles};
    take(least ? extremes.least(asked.ring, lane, stretch, before)
               : extremes.greatest(asked.ring, lane, stretch, before));
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) take(value_at(asked.ring, lane, in[i]));
  }
  if (const std::int64_t* self = self_in(lane)) take(*self);
  if (!best) return {};
  return arena.copy(value({*best, false}, static_cast<std::size_t>(lane.column)));
}

Value GroupState::from_entries(const RingView& ring, const Selection& in, std::size_t aggregate,
                               event::Arena& arena) const {
  const Aggregate& asked = plan_->group->aggregates[aggregate];
  const Answer& how = plan_->answers[aggregate];
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

}  // namespace quintet::feature
