#include "feature/group.h"

#include "base/check.h"

namespace quintet::feature {

using app::GroupUse;
using event::Value;

GroupState::GroupState(std::shared_ptr<const GroupPlan> plan)
    : plan_(std::move(plan)),
      layouts_(plan_->kinds),
      selected_(plan_->views.size()),
      picked_(plan_->views.size()) {}

void GroupState::apply(const FoldInput& input, const Touch& touch, PartialRow& out) {
  if (touch.label >= 0) {
    report(input, touch);
    return;
  }
  const bool asks = touch.use >= 0 && input.asks;
  if (!asks && !touch.insert) return;
  const Asker asker{input.time, input.position, horizon_of(*plan_->spec, input.low_time)};
  const bool own = input.event_type == plan_->group->source;
  if (own) evaluate(input, self_);
  Key* key = keys_.find(touch.key);
  if (key != nullptr) {
    forget(*key, asker.horizon);
  } else if (touch.insert) {
    layouts_.for_entry(self_);
    key = &add(touch.key);
  }
  if (asks) {
    const auto& row = plan_->spec->rows[static_cast<std::size_t>(input.event_type)];
    ask(key != nullptr ? *key : nobody_, row.groups[static_cast<std::size_t>(touch.use)], asker,
        out);
  }
  if (touch.insert) {
    insert(*key, self_);
  } else if (own) {
    release(self_);
  }
}

void GroupState::fetch(Touch& touch, int step) const {
  static_assert(kFetchSteps == 4);
  if (step == 0) {
    touch.near = nullptr;
    return keys_.fetch_place(touch.key);
  }
  if (step == 1) touch.near = keys_.fetch_entry(touch.key);
  if (step == 1 || touch.near == nullptr) return;
  const Key& key = *static_cast<const Key*>(touch.near);
  if (step == 2) return key.fetch_block();
  key.fetch_rows(layouts_);
  const Hot* hot = key.hot();
  if (hot == nullptr) return;
  constexpr std::size_t kLine = 64, kMost = 8 * kLine;
  const std::size_t bytes = sizeof(Hot) + plan_->tallies * sizeof(Piece);
  for (std::size_t at = 0; at < std::min(bytes, kMost); at += kLine) {
    __builtin_prefetch(reinterpret_cast<const char*>(hot) + at);
  }
}

// With room for one entry as entries are now.
GroupState::Key& GroupState::add(std::string_view name) {
  const std::size_t stride = layouts_[layouts_.newest()].stride();
  return keys_.add(name, stride <= UINT8_MAX ? stride : 0);
}

bool GroupState::erase(std::string_view name) {
  Key* key = keys_.find(name);
  if (key == nullptr) return false;
  key->cool();
  release(key->view(layouts_), key->size());
  return keys_.erase(name);
}

// --- entries ---------------------------------------------------------------------------------

Raw GroupState::hold(Value value) {
  if (value.kind() == event::Kind::text || value.kind() == event::Kind::bytes) {
    return {texts_.hold(value.as_text()), false};
  }
  return raw_of(value);
}

Value GroupState::value(Raw raw, std::size_t column) const {
  if (raw.null || plan_->kinds[column] != RawKind::text) {
    return value_of(raw, plan_->types[column]);
  }
  const auto text = texts_.text(raw.bits);
  return plan_->types[column].kind == event::Kind::bytes ? Value::bytes(text) : Value::text(text);
}

void GroupState::hold(const Entry& entry) {
  for (std::size_t i = 0; i < entry.cells.size(); ++i) {
    if (plan_->kinds[i] == RawKind::text && !entry.cells[i].null) texts_.hold(entry.cells[i].bits);
  }
}

void GroupState::release(const Entry& entry) {
  for (std::size_t i = 0; i < entry.cells.size(); ++i) {
    if (plan_->kinds[i] == RawKind::text && !entry.cells[i].null) {
      texts_.release(entry.cells[i].bits);
    }
  }
}

void GroupState::evaluate(const FoldInput& input, Entry& entry) {
  const app::Group& group = *plan_->group;
  slots_.assign(input.fields.begin(), input.fields.end());
  for (std::size_t i = 0; i < plan_->labels.size(); ++i) {
    // A label in an aggregate is delayed until it is known or `otherwise` (S5.3).
    const Value known = i < input.labels.size() ? input.labels[i] : Value();
    const auto& label = plan_->spec->labels[static_cast<std::size_t>(plan_->labels[i])];
    slots_.push_back(known.is_null() ? label.otherwise : known);
  }
  arena_.reset();
  entry.time = input.time;
  entry.position = input.position;
  entry.cells.resize(plan_->kinds.size());
  for (std::size_t i = 0; i < group.inputs.size(); ++i) {
    entry.cells[i] = hold(group.inputs[i].program.run(slots_, arena_));
  }
  for (std::size_t i = 0; i < group.filters.size(); ++i) {
    const Value met = group.filters[i].program.run(slots_, arena_);
    entry.cells[plan_->first_filter + i] = {!met.is_null() && met.as_bool() ? 1 : 0, false};
  }
  for (std::size_t i = 0; i < plan_->kept.size(); ++i) {
    entry.cells[plan_->first_kept + i] = hold(slots_[static_cast<std::size_t>(plan_->kept[i])]);
  }
}

void GroupState::insert(Key& key, Entry& entry) {
  const std::size_t at = key.insert(layouts_, entry);
  if (key.hot()) follow_insert(*key.hot(), entry, at, key.size());
}

void GroupState::report(const FoldInput& input, const Touch& touch) {
  Key* key = keys_.find(touch.key);
  if (key == nullptr) return;
  const auto& label = plan_->spec->labels[static_cast<std::size_t>(touch.label)];
  if (label.within > 0 &&
      (input.time <= touch.target_time || minus(input.time, label.within) > touch.target_time)) {
    return;
  }
  const RingView ring = key->view(layouts_);
  const std::size_t at = ring.place(touch.target_time, touch.target);
  if (at == ring.size() || ring.position(at) != touch.target) return;

  Entry before, after;
  ring.read(at, before);
  const auto found = std::find(plan_->labels.begin(), plan_->labels.end(), touch.label);
  if (found == plan_->labels.end()) return;
  const auto order = static_cast<std::size_t>(found - plan_->labels.begin());
  const std::size_t label_slot = plan_->slots() - plan_->labels.size() + order;
  slots_.assign(plan_->slots(), Value());
  for (std::size_t i = 0; i < plan_->kept.size(); ++i) {
    const std::size_t column = plan_->first_kept + i;
    slots_[static_cast<std::size_t>(plan_->kept[i])] = value(before.cells[column], column);
  }
  slots_[label_slot] = touch.label_value.is_null() ? label.otherwise : touch.label_value;

  arena_.reset();
  after = before;
  hold(after);
  const auto put = [&](std::size_t column, Raw raw) {
    if (plan_->kinds[column] == RawKind::text && !after.cells[column].null) {
      texts_.release(after.cells[column].bits);
    }
    after.cells[column] = raw;
  };
  for (const int column : plan_->read_by[order]) {
    const auto c = static_cast<std::size_t>(column);
    if (c >= plan_->first_kept) {
      put(c, hold(slots_[label_slot]));
    } else if (c >= plan_->first_filter) {
      const Value met = plan_->group->filters[c - plan_->first_filter].program.run(slots_, arena_);
      put(c, {!met.is_null() && met.as_bool() ? 1 : 0, false});
    } else {
      put(c, hold(plan_->group->inputs[c].program.run(slots_, arena_)));
    }
  }
  if (key->hot()) {
    ++key->hot()->shuffles;
    for (std::size_t v = 0; v < plan_->views.size(); ++v) {
      const Running& running = key->hot()->view(v);
      if (at < running.low || at >= running.high) continue;
      const View& view = plan_->views[v];
      for (std::size_t i = 0; i < view.lanes.size(); ++i) {
        Tally& sums = key->hot()->tally(view.first_tally + i);
        tally(before, sums, view.lanes[i], false);
        tally(after, sums, view.lanes[i], true);
      }
    }
  }
  key->replace(layouts_, at, after);
  release(before);
}

// --- forgetting ------------------------------------------------------------------------------

void GroupState::forget(Key& key, Micros horizon) {
  const RingView ring = key.view(layouts_);
  if (plan_->keeps_all || ring.size() < 8) return;
  // Not before a quarter can go.
  const std::size_t least = ring.size() / 4;
  if (plan_->keeps_time && (horizon == kNoTime || ring.time(least) > horizon)) return;
  std::size_t gone = plan_->keeps_time ? ring.until(horizon) : ring.size();
  if (plan_->count_reach > 0) {
    const std::size_t last = std::min(static_cast<std::size_t>(plan_->count_reach), ring.size());
    if (!key.hot() || key.hot()->at_end < last) return;  // compact() does it
    gone = std::min(gone, ring.size() - last);
  }
  if (gone >= least) drop_front(key, gone);
}

void GroupState::drop_front(Key& key, std::size_t count) {
  const RingView ring = key.view(layouts_);
  if (key.hot()) {
    for (std::size_t v = 0; v < plan_->views.size(); ++v) {
      const Running& running = key.hot()->view(v);
      for (std::size_t i = running.low; i < std::min<std::size_t>(count, running.high); ++i) {
        tally(ring, *key.hot(), v, i, false);
      }
    }
    follow_drop(*key.hot(), count);
  }
  release(ring, count);
  key.drop_front(layouts_, count);
}

void GroupState::release(const RingView& ring, std::size_t count) {
  if (!plan_->holds_texts) return;
  Entry entry;
  for (std::size_t i = 0; i < count; ++i) {
    ring.read(i, entry);
    release(entry);
  }
}

std::vector<bool> GroupState::needed(const Key& key, Micros horizon) const {
  const RingView ring = key.view(layouts_);
  std::vector<bool> needed(ring.size(), plan_->keeps_all);
  if (plan_->keeps_all) return needed;
  if (plan_->keeps_time) {
    const std::size_t gone = horizon == kNoTime ? 0 : ring.until(horizon);
    std::fill(needed.begin() + static_cast<std::ptrdiff_t>(gone), needed.end(), true);
  }
  if (plan_->count_reach > 0 && ring.size() > 0) {
    std::vector<Position> positions(ring.size());
    for (std::size_t i = 0; i < ring.size(); ++i) positions[i] = ring.position(i);
    const auto reach = std::min(static_cast<std::size_t>(plan_->count_reach), ring.size());
    const auto nth = positions.end() - static_cast<std::ptrdiff_t>(reach);
    std::nth_element(positions.begin(), nth, positions.end());
    for (std::size_t i = 0; i < ring.size(); ++i) {
      if (ring.position(i) >= *nth) needed[i] = true;
    }
  }
  return needed;
}

void GroupState::drop_unneeded(Key& key, Micros horizon) {
  const std::vector<bool> keep = needed(key, horizon);
  const auto first = std::find(keep.begin(), keep.end(), true);
  const auto front = static_cast<std::size_t>(first - keep.begin());
  Entry entry;
  for (std::size_t i = keep.size(); i-- > front;) {
    if (keep[i]) continue;
    key.cool();
    key.view(layouts_).read(i, entry);
    release(entry);
    key.erase(layouts_, i);
  }
  if (front > 0) drop_front(key, front);
}

void GroupState::compact(Micros horizon) {
  keys_.each([&](Key& key) {
    // What was idle since the last time is worked out again when it is asked.
    if (key.hot() && !key.hot()->touched) key.cool();
    if (key.hot()) key.hot()->touched = false;
    if (!plan_->keeps_all) drop_unneeded(key, horizon);
    if (!key.hot()) key.shrink(layouts_);
    return key.size() > 0;
  });
}

void GroupState::add_to(Shard::Size& size) const {
  size.keys += keys_.size();
  size.bytes += keys_.bytes() + texts_.bytes();
  for (const Key* key : keys_.sorted()) {
    size.entries += key->size();
    size.bytes += sizeof(Key) + key->bytes(layouts_);
    if (!key->hot()) continue;
    size.bytes += sizeof(Hot) + key->hot()->pieces * sizeof(Piece);
    for (std::size_t i = 0; i < key->hot()->pieces; ++i) size.bytes += key->hot()->tally(i).bytes();
  }
}

}  // namespace quintet::feature
