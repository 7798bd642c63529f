#include "stage/views.h"

#include <algorithm>

#include "base/civil.h"
#include "base/digest.h"
#include "base/hash.h"
#include "stage/views_state.h"

namespace quintet::stage {

using event::Value;

namespace {

// A line's own cost beside what its cells hold: node, key and vectors.
constexpr std::size_t kLineBytes = 200;
constexpr std::size_t kTextCost = 96;  // of one held text

bool holds(const expr::Program& where, std::span<const Value> slots, event::Arena& arena) {
  if (!where) return true;
  const Value met = where.run(slots, arena);
  return !met.is_null() && met.as_bool();
}

}  // namespace

Views::Views(std::shared_ptr<const app::Spec> spec, std::size_t most_bytes)
    : spec_(std::move(spec)), most_bytes_(most_bytes), of_(spec_->events.size()) {
  for (const app::View& view : spec_->views) {
    State state;
    state.view = &view;
    state.slots.resize(kViewSlots);
    const auto& types = spec_->rows[static_cast<std::size_t>(view.of)].slot_types;
    for (const app::Slot slot : view.by) {
      state.key_types.push_back(types[static_cast<std::size_t>(slot)]);
    }
    for (const app::ViewAggregate& aggregate : view.aggregates) {
      state.lanes.push_back(view_lane(aggregate));
      state.holds_texts |= state.lanes.back().lane.kind == feature::RawKind::text;
    }
    of_[static_cast<std::size_t>(view.of)].push_back(states_.size());
    states_.push_back(std::move(state));
  }
}

Views::~Views() = default;

bool Views::wants(int event_type) const {
  return !of_[static_cast<std::size_t>(event_type)].empty();
}

void Views::take(int event_type, Micros time, Position position, std::span<const Value> slots,
                 ViewRows& rows) {
  for (const std::size_t index : of_[static_cast<std::size_t>(event_type)]) {
    const app::View& view = *states_[index].view;
    ViewRows::Row row{index, time, position, holds(view.where, slots, rows.arena_),
                      rows.values_.size()};
    if (row.counts) {
      for (const app::Slot slot : view.by) {
        rows.values_.push_back(rows.arena_.copy(slots[static_cast<std::size_t>(slot)]));
      }
      for (const app::ViewAggregate& aggregate : view.aggregates) {
        Value value;
        if (holds(aggregate.where, slots, rows.arena_)) {
          value = aggregate.argument ? aggregate.argument.run(slots, rows.arena_)
                                     : Value::boolean(true);
          if (aggregate.function == app::Function::count && !value.is_null()) {
            value = Value::boolean(true);
          }
        }
        rows.values_.push_back(rows.arena_.copy(value));
      }
    }
    rows.rows_.push_back(row);
  }
}

void Views::fold(const ViewRows& rows, Position position) {
  for (const ViewRows::Row& row : rows.rows_) fold(rows, row);
  position_ = std::max(position_, position);
}

void Views::fold(const ViewRows& rows, const ViewRows::Row& row) {
  State& state = states_[row.view];
  if (state.given_up) return;
  const app::View& view = *state.view;
  if (row.time > state.newest) {
    state.newest = row.time;
    drop_old(state);
  }
  const Micros bucket = view.every > 0 ? floor_to(row.time, view.every) : 0;
  if (row.counts && !is_old(view, state.newest, bucket)) {
    const auto key = std::span<const Value>(rows.values_).subspan(row.first, view.by.size());
    Key wanted{bucket, {key.begin(), key.end()}};
    if (!state.reached.empty() && row.position <= state.reached[slot_of(state, wanted)]) return;
    Line& line = line_of(state, std::move(wanted));
    for (std::size_t i = 0; i < state.lanes.size(); ++i) {
      const Value value = rows.values_[row.first + view.by.size() + i];
      if (value.is_null()) continue;
      line.cells[i].add(state.lanes[i], row.time, row.position, value, line.texts.get());
    }
    count(state, line);
  }
}

// What the line takes now; gives the view up if that is too much.
void Views::count(State& state, Line& line) const {
  std::size_t bytes = kLineBytes + line.key_bytes;
  for (const ViewCell& cell : line.cells) bytes += sizeof(ViewCell) + cell.bytes();
  if (line.texts) bytes += line.texts->size() * kTextCost;
  state.bytes = state.bytes + bytes - line.counted;
  line.counted = bytes;
  if (state.bytes <= most_bytes_) return;
  state.clear();
  state.given_up = true;
}

const feature::Texts& Views::texts_of(const Line& line) const {
  return line.texts ? *line.texts : no_texts_;
}

std::size_t Views::slot_of(const State& state, const Key& key) {
  return hash64(key_bytes(state, key)) % kViewSlots;
}

Views::Line& Views::line_of(State& state, Key&& wanted) {
  const auto found = state.lines.lower_bound(wanted);
  if (found != state.lines.end() && !Less()(wanted, found->first)) return found->second;
  Line line;
  std::size_t size = 0;
  const auto is_text = [](const Value& v) {
    return v.kind() == event::Kind::text || v.kind() == event::Kind::bytes;
  };
  for (const Value& v : wanted.values) size += is_text(v) ? v.as_text().size() : 0;
  if (size > 0) line.key_texts = std::make_unique_for_overwrite<char[]>(size);
  char* place = line.key_texts.get();
  for (Value& v : wanted.values) {
    if (!is_text(v)) continue;
    const std::string_view text = v.as_text();
    std::copy(text.begin(), text.end(), place);
    const std::string_view own(place, text.size());
    v = v.kind() == event::Kind::text ? Value::text(own) : Value::bytes(own);
    place += text.size();
  }
  add_cells(state, line);
  line.key_bytes = wanted.values.size() * sizeof(Value) + size;
  line.slot = slot_of(state, wanted);
  const auto made = state.lines.emplace_hint(found, std::move(wanted), std::move(line));
  Line& added = made->second;
  added.key = &made->first;
  Line*& first = state.slots[added.slot];
  added.after = std::exchange(first, &added);
  if (added.after != nullptr) added.after->before = &added;
  return added;
}

void Views::add_cells(const State& state, Line& line) const {
  if (state.holds_texts) line.texts = std::make_unique<feature::Texts>();
  line.cells.reserve(state.lanes.size());
  for (const ViewLane& lane : state.lanes) line.cells.emplace_back(lane, texts_of(line));
}

void Views::remove(State& state, const Key& key) {
  const auto found = state.lines.find(key);
  const Line& line = found->second;
  (line.before != nullptr ? line.before->after : state.slots[line.slot]) = line.after;
  if (line.after != nullptr) line.after->before = line.before;
  state.bytes -= line.counted;
  state.lines.erase(found);
}

// S9.4: a bucket is kept while it ends after newest - retain.
bool Views::is_old(const app::View& view, Micros newest, Micros bucket) {
  Micros edge;
  if (view.retain <= 0 || __builtin_sub_overflow(newest, view.retain, &edge) ||
      __builtin_sub_overflow(edge, view.every, &edge)) {
    return false;
  }
  return bucket <= edge;
}

Micros Views::edge(std::size_t view) const {
  const State& state = states_[view];
  Micros edge;
  if (state.newest == kNoTime) return INT64_MAX;
  if (state.view->retain <= 0 || __builtin_sub_overflow(state.newest, state.view->retain, &edge) ||
      __builtin_sub_overflow(edge, state.view->every, &edge)) {
    return INT64_MIN;
  }
  return edge;
}

void Views::drop_old(State& state) {
  while (!state.lines.empty()) {
    const auto oldest = state.lines.begin();
    if (!is_old(*state.view, state.newest, oldest->first.bucket)) break;
    remove(state, oldest->first);
  }
}

std::string Views::key_bytes(const State& state, const Key& key) {
  std::string bytes;
  ByteWriter out(bytes);
  out.i64(key.bucket);
  for (std::size_t i = 0; i < key.values.size(); ++i) {
    event::write_value(out, state.key_types[i], key.values[i]);
  }
  return bytes;
}

Expected<Views::Key> Views::read_key(const State& state, ByteReader& in, event::Arena& arena) {
  Key key;
  key.bucket = in.i64();
  for (const event::Type type : state.key_types) {
    TRY(const Value value, event::read_value(in, type, arena));
    key.values.push_back(value);
  }
  return key;
}

Expected<Views::Key> Views::key_of_token(const State& state, std::string_view token,
                                         event::Arena& arena) {
  const auto refused = [] {
    return invalid("this is not the `next` of a page of this view").at("after");
  };
  const auto bytes = from_hex(token);
  if (!bytes) return refused();
  ByteReader in(*bytes);
  auto key = read_key(state, in, arena);
  if (!key || !in.done()) return refused();
  return key;
}

namespace {

bool fits(const ViewQuery& query, const std::vector<Value>& key) {
  return std::all_of(query.filters.begin(), query.filters.end(), [&](const auto& filter) {
    const Value value = key[filter.key];
    if (!filter.value.is_null()) return event::same(value, filter.value);
    return value.is_null() || (value.kind() == event::Kind::text && value.as_text().empty());
  });
}

}  // namespace

Expected<ViewPage> Views::read(std::size_t view, const ViewQuery& query) {
  State& state = states_[view];
  if (state.given_up) {
    return unavailable("view " + state.view->name + " needs more than " +
                       std::to_string(most_bytes_ >> 20) +
                       " MiB and is not kept: give it fewer keys, a longer `every`, or `retain`")
        .with_id("view_too_large");
  }
  ViewPage page;
  page.position = position_;
  page.newest = state.newest;
  auto at = state.lines.lower_bound(Key{query.from, {}});
  if (!query.after.empty()) {
    TRY(const Key last, key_of_token(state, query.after, page.arena));
    at = state.lines.upper_bound(last);
    while (at != state.lines.end() && at->first.bucket < query.from) ++at;
  }
  const Key* seen = nullptr;
  for (std::size_t scanned = 0; at != state.lines.end() && at->first.bucket < query.to; ++at) {
    if (page.lines.size() == query.limit || scanned++ == kViewScan) {
      if (seen != nullptr) page.next = to_hex(key_bytes(state, *seen));
      return page;
    }
    seen = &at->first;
    if (!fits(query, at->first.values)) continue;
    ViewLine line;
    line.bucket = at->first.bucket;
    for (const Value& value : at->first.values) line.key.push_back(page.arena.copy(value));
    Line& found = at->second;
    for (std::size_t i = 0; i < state.lanes.size(); ++i) {
      line.cells.push_back(found.cells[i].answer(state.lanes[i], texts_of(found), page.arena));
    }
    page.lines.push_back(std::move(line));
  }
  return page;
}

Views::Size Views::size(std::size_t view) const {
  const State& state = states_[view];
  return {state.lines.size(), state.bytes, state.given_up};
}

Expected<void> Views::fold_stored(const Admitted& read, const OutcomeView& stored,
                                  std::span<const std::shared_ptr<const app::Spec>> versions) {
  if (stored.app_version == 0 || stored.app_version > versions.size()) {
    return broken("the outcome of position " + std::to_string(read.record.position) +
                  " names an application version that the log lacks");
  }
  const int type = read.event.type == nullptr ? -1 : read.event.type->index;
  if (type < 0 || !wants(type)) return {};
  if (stored.status == OutcomeStatus::erased) {
    ViewRows rows;
    for (const std::size_t view : of_[static_cast<std::size_t>(type)]) {
      rows.rows_.push_back({view, read.record.time, read.record.position, false, 0});
    }
    fold(rows, read.record.position);
    return {};
  }
  if (stored.status != OutcomeStatus::result) return {};
  const app::Spec& decided_under = *versions[stored.app_version - 1];
  ByteReader in(stored.bytes);
  TRY(const Outcome decided, read_outcome(in, decided_under, read.record.position));
  ViewRows rows;
  take(type, read.record.time, read.record.position,
       recast(decided_under, decided, *spec_, read.event), rows);
  fold(rows, read.record.position);
  return {};
}

std::vector<Value> recast(const app::Spec& written, const Outcome& outcome, const app::Spec& spec,
                          const event::Event& event) {
  const app::RowPlan& from = written.rows[outcome.event_type];
  const app::RowPlan& to = spec.rows[event.type->index];
  std::vector<Value> out(static_cast<std::size_t>(to.slots));
  std::copy(event.values.begin(), event.values.end(), out.begin());
  for (std::size_t slot = event.values.size(); slot < out.size(); ++slot) {
    if (&written == &spec) {
      out[slot] = outcome.slots[slot];
      continue;
    }
    const std::string& name = to.slot_names[slot];
    if (name.empty()) continue;
    for (std::size_t i = 0; i < from.slot_names.size(); ++i) {
      if (from.slot_names[i] == name && from.slot_types[i] == to.slot_types[slot]) {
        out[slot] = outcome.slots[i];
      }
    }
  }
  return out;
}

}  // namespace quintet::stage
