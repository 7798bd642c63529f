#include "stage/view_cell.h"

#include <algorithm>

namespace quintet::stage {

using app::Function;
using event::Kind;
using event::Value;
using feature::RawKind;

ViewLane view_lane(const app::ViewAggregate& aggregate) {
  ViewLane out;
  out.asked.function = aggregate.function;
  out.asked.q = aggregate.q;
  out.asked.limit = aggregate.limit;
  out.asked.type = aggregate.type;
  // What count() and count(x) add is that something is there.
  out.lane.type = aggregate.function == Function::count ? event::Type::of(Kind::boolean)
                                                        : aggregate.argument.type();
  out.lane.kind = feature::raw_kind(out.lane.type);
  feature::ask(out.lane, aggregate.function);
  out.tallied = out.lane.runs();
  if (!out.tallied) {
    out.most = aggregate.function == Function::list ? static_cast<std::size_t>(aggregate.limit) : 1;
  }
  out.holds_text = out.lane.kind == RawKind::text && (!out.tallied || out.lane.ordered);
  return out;
}

ViewCell::ViewCell(const ViewLane& how, const feature::Texts& texts) : tally_(how.lane, texts) {}

bool ViewCell::better(const ViewLane& how, const Kept& a, const Kept& b,
                      const feature::Texts* texts) {
  const feature::ByValue before{how.lane.kind == RawKind::text ? texts : nullptr};
  const auto sooner = [](const Kept& x, const Kept& y) {
    return std::pair(x.time, x.position) < std::pair(y.time, y.position);
  };
  switch (how.asked.function) {
    case Function::min: return before(a.bits, b.bits);
    case Function::max: return before(b.bits, a.bits);
    case Function::first: return sooner(a, b);
    default: return sooner(b, a);  // last, list
  }
}

void ViewCell::add(const ViewLane& how, Micros time, Position position, Value value,
                   feature::Texts* texts) {
  const bool is_text = how.lane.kind == RawKind::text;
  const std::int64_t bits = is_text ? texts->hold(value.as_text()) : feature::raw_of(value).bits;
  if (how.tallied) {
    tally_.add(how.lane, bits);
    // Each text that is counted stays held, as often as it was counted.
    if (is_text && !how.holds_text) texts->release(bits);
    return;
  }
  const Kept made{time, position, bits};
  const auto place =
      std::upper_bound(kept_.begin(), kept_.end(), made,
                       [&](const Kept& a, const Kept& b) { return better(how, a, b, texts); });
  kept_.insert(place, made);
  if (kept_.size() <= how.most) return;
  if (is_text) texts->release(kept_.back().bits);
  kept_.pop_back();
}

Value ViewCell::value(const ViewLane& how, std::int64_t bits, const feature::Texts& texts,
                      event::Arena& arena) const {
  if (how.lane.kind != RawKind::text) return feature::value_of({bits, false}, how.lane.type);
  const auto text = arena.copy(texts.text(bits));
  return how.lane.type.kind == Kind::bytes ? Value::bytes(text) : Value::text(text);
}

Value ViewCell::answer(const ViewLane& how, const feature::Texts& texts, event::Arena& arena) {
  if (how.tallied) return tally_.answer(how.lane, how.asked, nullptr, arena);
  if (how.asked.function != Function::list) {
    return kept_.empty() ? Value() : value(how, kept_.front().bits, texts, arena);
  }
  const auto items = arena.values(kept_.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = value(how, kept_[kept_.size() - 1 - i].bits, texts, arena);
  }
  return Value::list(items);
}

std::size_t ViewCell::bytes() const {
  return tally_.bytes() + kept_.capacity() * sizeof(Kept);
}

namespace {

// Whether the answer depends on when a kept value came: of equal least ones any may be kept.
bool by_time(const ViewLane& how) {
  return how.asked.function != Function::min && how.asked.function != Function::max;
}

}  // namespace

void ViewCell::write(const ViewLane& how, const feature::Texts& texts, ByteWriter& out) const {
  if (how.tallied) {
    tally_.write(how.lane, out);
    return;
  }
  event::Arena arena;
  out.varint(kept_.size());
  for (const Kept& kept : kept_) {
    if (by_time(how)) {
      out.zigzag(kept.time);
      out.varint(kept.position);
    }
    arena.reset();
    event::write_value(out, how.lane.type, value(how, kept.bits, texts, arena));
  }
}

void ViewCell::read(const ViewLane& how, ByteReader& in, feature::Texts* texts) {
  if (how.tallied) {
    tally_.read(how.lane, in, texts);
    return;
  }
  event::Arena arena;
  const std::uint64_t count = in.count(std::min(how.most, in.rest()));
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Kept kept{0, kNoPosition, 0};
    if (by_time(how)) {
      kept.time = in.zigzag();
      kept.position = in.varint();
    }
    arena.reset();
    const auto value = event::read_value(in, how.lane.type, arena);
    if (!value || value->is_null()) {
      in.fail();
      return;
    }
    kept.bits = how.lane.kind == RawKind::text ? texts->hold(value->as_text())
                                               : feature::raw_of(*value).bits;
    if (!kept_.empty() && !better(how, kept_.back(), kept, texts)) in.fail();
    kept_.push_back(kept);
  }
}

}  // namespace quintet::stage
