#include "feature/naive.h"

#include "base/bytes.h"
#include "base/check.h"

namespace quintet::feature {

using app::Aggregate;
using app::WindowKind;
using event::Value;

struct Naive::Event {
  int type = -1;
  Position position = kNoPosition;
  Micros time = 0;
  event::Arena arena;
  std::vector<Value> fields;
  std::vector<Value> labels;
  std::vector<std::string> erased;  // "group/key"
};

namespace {

Micros floored(Micros time, Micros every) {
  if (every == 0) return time;
  Micros down = time - time % every;
  return down > time ? down - every : down;
}

std::string key_of(const app::Group& group, const std::vector<Value>& fields) {
  std::string key;
  ByteWriter out(key);
  for (const int field : group.key_fields) {
    if (fields[static_cast<std::size_t>(field)].is_null()) return {};
    event::write_canonical(out, fields[static_cast<std::size_t>(field)]);
  }
  return key;
}

std::string erasure(int group, std::string_view key) {
  return std::to_string(group) + "/" + std::string(key);
}

}  // namespace

Naive::Naive(std::shared_ptr<const app::Spec> spec) : spec_(std::move(spec)) {}
Naive::~Naive() = default;

void Naive::add(const FoldInput& input) {
  auto event = std::make_unique<Event>();
  event->type = input.event_type;
  event->position = input.position;
  event->time = input.time;
  for (const Value value : input.fields) event->fields.push_back(event->arena.copy(value));
  const std::size_t labels = spec_->labels_of(input.event_type).size();
  for (std::size_t i = 0; i < labels; ++i) {
    event->labels.push_back(i < input.labels.size() ? event->arena.copy(input.labels[i]) : Value());
  }
  events_.push_back(std::move(event));
}

void Naive::report(int label, Position target, Micros time, Value value) {
  const app::Label& of = spec_->labels[static_cast<std::size_t>(label)];
  const std::vector<int> labels = spec_->labels_of(of.of);
  for (const auto& event : events_) {
    if (event->position != target || event->type != of.of) continue;
    if (of.within > 0 && (time <= event->time || time > event->time + of.within)) return;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == label) event->labels[i] = event->arena.copy(value);
    }
  }
}

void Naive::erase(int group, std::string_view key) {
  const app::Group& of = spec_->groups[static_cast<std::size_t>(group)];
  for (const auto& event : events_) {
    if (event->type == of.source && key_of(of, event->fields) == key) {
      event->erased.push_back(erasure(group, key));
    }
  }
}

std::vector<const Naive::Event*> Naive::window(const FoldInput& input, const Aggregate& aggregate,
                                               std::vector<const Event*> history) const {
  const app::Window& w = aggregate.window;
  const bool has_horizon = input.low_time != kNoTime;
  const Micros horizon = has_horizon ? input.low_time - spec_->reach - spec_->late : 0;
  const auto forgotten = [&](Micros time) { return has_horizon && time <= horizon; };
  const auto in_order = [](const Event* a, const Event* b) {
    return std::pair(a->time, a->position) < std::pair(b->time, b->position);
  };
  std::vector<const Event*> inside;
  switch (w.kind) {
    case WindowKind::all: inside = history; break;
    case WindowKind::time: {
      const Micros until = floored(input.time, w.every) - w.delay;
      for (const Event* event : history) {
        const Micros s = floored(event->time, w.every);
        if (s > until - w.length && s <= until && !forgotten(s)) inside.push_back(event);
      }
      break;
    }
    case WindowKind::count: {
      const auto n = static_cast<std::size_t>(w.n - (aggregate.including_this ? 1 : 0));
      std::sort(history.begin(), history.end(),
                [](const Event* a, const Event* b) { return a->position > b->position; });
      history.resize(std::min(history.size(), n));
      inside = history;
      break;
    }
    case WindowKind::session: {
      std::sort(history.begin(), history.end(), in_order);
      Micros next = input.time;
      for (auto at = history.rbegin(); at != history.rend(); ++at) {
        if ((*at)->time > input.time) continue;
        if (next - (*at)->time > w.length || forgotten((*at)->time)) break;
        inside.push_back(*at);
        next = (*at)->time;
      }
      break;
    }
  }
  return inside;
}

std::vector<Value> Naive::inputs(const FoldInput& input, const app::AggregateUse& use,
                                 const std::vector<const Event*>& events,
                                 event::Arena& arena) const {
  const app::Group& group = spec_->groups[static_cast<std::size_t>(use.group)];
  const Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
  const std::vector<int> labels = spec_->labels_of(group.source);
  std::vector<Value> found;
  for (const Event* event : events) {
    std::vector<Value> slots = event->fields;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const app::Label& label = spec_->labels[static_cast<std::size_t>(labels[i])];
      const bool ripe = floored(event->time, aggregate.window.every) + label.after <=
                        floored(input.time, aggregate.window.every);
      const Value known = event->labels[i];
      slots.push_back(known.is_null() && ripe ? label.otherwise : known);
    }
    if (aggregate.filter >= 0) {
      const auto& filter = group.filters[static_cast<std::size_t>(aggregate.filter)];
      const Value met = filter.program.run(slots, arena);
      if (met.is_null() || !met.as_bool()) continue;
    }
    if (aggregate.input < 0) {
      found.push_back(Value::boolean(true));
      continue;
    }
    const auto& program = group.inputs[static_cast<std::size_t>(aggregate.input)].program;
    const Value value = program.run(slots, arena);
    if (!value.is_null()) found.push_back(arena.copy(value));
  }
  return found;
}

Value Naive::answer(const FoldInput& input, const app::AggregateUse& use, std::string_view key,
                    event::Arena& arena) const {
  const app::Group& group = spec_->groups[static_cast<std::size_t>(use.group)];
  const Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
  std::vector<const Event*> history;
  for (const auto& event : events_) {
    if (event->type != group.source || event->position >= input.position || key.empty()) continue;
    if (key_of(group, event->fields) != key) continue;
    const auto& erased = event->erased;
    if (std::find(erased.begin(), erased.end(), erasure(use.group, key)) != erased.end()) continue;
    history.push_back(event.get());
  }
  std::vector<const Event*> inside = window(input, aggregate, history);
  Event self;
  self.position = input.position;
  self.time = input.time;
  self.fields.assign(input.fields.begin(), input.fields.end());
  self.labels.assign(input.labels.begin(), input.labels.end());
  self.labels.resize(spec_->labels_of(group.source).size());
  if (aggregate.including_this && !key.empty()) inside.push_back(&self);
  std::sort(inside.begin(), inside.end(), [](const Event* a, const Event* b) {
    return std::pair(a->time, a->position) < std::pair(b->time, b->position);
  });
  const std::vector<Value> values = inputs(input, use, inside, arena);
  const event::Type type =
      aggregate.input < 0 ? event::Type::of(event::Kind::boolean)
                          : group.inputs[static_cast<std::size_t>(aggregate.input)].program.type();
  return aggregate_of(aggregate, type, values, values.size(), arena);
}

}  // namespace quintet::feature
