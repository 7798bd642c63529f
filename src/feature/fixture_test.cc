#include "feature/fixture.h"
#include "base/bytes.h"
#include "expr/tree.h"

namespace quintet::feature {

using event::EventType;
using event::Field;
using event::Kind;
using event::Type;
using event::Value;

namespace {

Field field(std::string name, Type type) {
  Field field;
  field.name = std::move(name);
  field.type = type;
  field.optional = true;
  return field;
}

EventType event_type(int index, std::string name, std::vector<Field> fields) {
  EventType type;
  type.index = static_cast<std::uint16_t>(index);
  type.name = std::move(name);
  type.fields = std::move(fields);
  return type;
}

expr::Program slot(int at, Type type) {
  return expr::Program(expr::slot_node(at), type, "slot " + std::to_string(at), {at});
}

}  // namespace

SpecBuilder::SpecBuilder() : spec_(std::make_shared<app::Spec>()) {
  spec_->app = "test";
  spec_->digest = std::string(64, '5');
  spec_->events.push_back(
      event_type(0, "tx",
                 {field("id", Type::of(Kind::text)), field("at", Type::of(Kind::timestamp)),
                  field("customer", Type::of(Kind::text)), field("terminal", Type::of(Kind::int64)),
                  field("amount", Type::decimal(2)), field("score", Type::of(Kind::real)),
                  field("ok", Type::of(Kind::boolean)), field("city", Type::of(Kind::text)),
                  field("n", Type::of(Kind::int64))}));
  spec_->events.push_back(event_type(1, "report", {field("tx_id", Type::of(Kind::text))}));
  spec_->events.push_back(event_type(
      2, "place", {field("place", Type::of(Kind::int64)), field("country", Type::of(Kind::text))}));
  spec_->events[2].is_table = true;
  spec_->events[2].key_fields = {0};
  spec_->events.push_back(event_type(3, "visit", spec_->events[0].fields));
  app::Label flag, fraud;
  flag.name = "flag";
  flag.of = fraud.of = 0;
  flag.type = fraud.type = Type::of(Kind::boolean);
  flag.field = kOk;
  fraud.name = "fraud";
  fraud.report = 1;
  fraud.report_key = 0;
  fraud.otherwise = Value::boolean(false);
  fraud.after = flag.after = 7 * kSecond;
  spec_->labels.push_back(std::move(flag));
  spec_->labels.push_back(std::move(fraud));
  spec_->rows.resize(spec_->events.size());
  spec_->late = 20 * kSecond;
}

int SpecBuilder::group(std::string name, std::vector<int> key_fields) {
  app::Group group;
  group.index = static_cast<int>(spec_->groups.size());
  group.name = std::move(name);
  group.source = 0;
  group.key_fields = std::move(key_fields);
  for (const int row : {0, 3}) {
    app::GroupUse use;
    use.group = group.index;
    for (const int key : group.key_fields) {
      use.key.push_back(slot(key, spec_->events[0].fields[static_cast<std::size_t>(key)].type));
    }
    spec_->rows[static_cast<std::size_t>(row)].groups.push_back(std::move(use));
  }
  spec_->groups.push_back(std::move(group));
  return spec_->groups.back().index;
}

int SpecBuilder::input(int group, int at) {
  auto& inputs = spec_->groups[static_cast<std::size_t>(group)].inputs;
  const Type type = at < kTxFields ? spec_->events[0].fields[static_cast<std::size_t>(at)].type
                                   : Type::of(Kind::boolean);
  inputs.push_back({slot(at, type), at >= kTxFields});
  return static_cast<int>(inputs.size() - 1);
}

int SpecBuilder::input_if(int group, int a, int b) {
  auto& inputs = spec_->groups[static_cast<std::size_t>(group)].inputs;
  const Type type = a < kTxFields ? spec_->events[0].fields[static_cast<std::size_t>(a)].type
                                  : Type::of(Kind::boolean);
  auto either =
      expr::binary(expr::slot_node(a), expr::slot_node(b),
                   [](expr::Frame&, Value x, Value y) { return y.as_bool() ? x : Value(); });
  inputs.push_back(
      {expr::Program(std::move(either), type, "if", {a, b}), a >= kTxFields || b >= kTxFields});
  return static_cast<int>(inputs.size() - 1);
}

int SpecBuilder::filter(int group, int at) {
  auto& filters = spec_->groups[static_cast<std::size_t>(group)].filters;
  filters.push_back({slot(at, Type::of(Kind::boolean)), at >= kTxFields});
  return static_cast<int>(filters.size() - 1);
}

int SpecBuilder::aggregate(int group, app::Aggregate aggregate) {
  auto& aggregates = spec_->groups[static_cast<std::size_t>(group)].aggregates;
  aggregates.push_back(std::move(aggregate));
  return static_cast<int>(aggregates.size() - 1);
}

std::shared_ptr<const app::Spec> SpecBuilder::build() {
  for (app::Group& group : spec_->groups) {
    for (const app::Aggregate& aggregate : group.aggregates) {
      const app::Window& w = aggregate.window;
      group.reach = std::max(group.reach, w.length + w.delay);
      group.count_reach = std::max(group.count_reach, w.n);
    }
    spec_->reach = std::max(spec_->reach, group.reach);
  }
  for (const std::size_t row : {0, 3}) {
    app::RowPlan& plan = spec_->rows[row];
    plan.slots = kTxFields;
    app::TableUse place;
    place.table = 2;
    place.key.push_back(slot(kTerminal, Type::of(Kind::int64)));
    place.reads.push_back({plan.slots++, kPlaceCountry});
    plan.tables.push_back(std::move(place));
    for (app::GroupUse& use : plan.groups) {
      const auto& aggregates = spec_->groups[static_cast<std::size_t>(use.group)].aggregates;
      for (std::size_t i = 0; i < aggregates.size(); ++i) {
        if (row == 3 && aggregates[i].including_this) continue;
        use.aggregates.push_back({plan.slots++, use.group, static_cast<int>(i)});
      }
    }
  }
  return spec_;
}

app::Window over(Micros length, Micros delay, Micros every) {
  return {app::WindowKind::time, length, delay, every, 0};
}
app::Window last(std::int64_t n) {
  return {app::WindowKind::count, 0, 0, 0, n};
}
app::Window session(Micros gap) {
  return {app::WindowKind::session, gap, 0, 0, 0};
}
app::Window everything() {
  return {app::WindowKind::all, 0, 0, 0, 0};
}

World::World(std::shared_ptr<const app::Spec> spec)
    : spec_(std::move(spec)), plans_(std::make_shared<const Plans>(spec_)) {}

Shard& World::shard(ShardId id) {
  return shards_.try_emplace(id, Shard(plans_, id)).first->second;
}

std::map<int, Value> World::feed(const FoldInput& input, PartialRow& row) {
  row.clear();
  std::vector<Touch> touches;
  route(*spec_, input.event_type, input.fields, input.asks, touches);
  for (const Touch& touch : touches) shard(touch.shard).apply(input, touch, row);
  if (input.asks) answer_empty(*spec_, input.event_type, touches, row);
  std::map<int, Value> cells;
  for (const PartialRow::Cell& cell : row.cells) cells[cell.slot] = cell.value;
  return cells;
}

void World::report(int label, const FoldInput& report, const FoldInput& target, Value value) {
  std::vector<Touch> touches;
  route_label(*spec_, label, target.fields, touches);
  PartialRow row;
  for (Touch& touch : touches) {
    touch.target = target.position;
    touch.target_time = target.time;
    touch.label_value = value;
    shard(touch.shard).apply(report, touch, row);
  }
}

void World::erase(int group, std::string_view key) {
  const ShardId id = shard_of(spec_->groups[static_cast<std::size_t>(group)].name, key);
  shard(id).erase(Touch::What::group, group, key);
}

void World::compact(Micros low_time) {
  for (auto& [id, shard] : shards_) shard.compact(low_time);
}

void World::restore() {
  for (auto& [id, shard] : shards_) {
    std::string bytes;
    ByteWriter out(bytes);
    shard.write(out);
    ByteReader in(bytes);
    auto again = Shard::read(plans_, in);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    shard = *std::move(again);
    std::string twice;
    ByteWriter second(twice);
    shard.write(second);
    ASSERT_EQ(bytes, twice);
  }
}

std::string World::bytes() const {
  std::string all;
  for (const auto& [id, shard] : shards_) {
    if (shard.size().keys == 0) continue;
    ByteWriter out(all);
    shard.write(out);
  }
  return all;
}

Shard::Size World::size() const {
  Shard::Size sum;
  for (const auto& [id, shard] : shards_) {
    const Shard::Size size = shard.size();
    sum.keys += size.keys;
    sum.entries += size.entries;
    sum.bytes += size.bytes;
  }
  return sum;
}

std::string show(Value value) {
  if (value.kind() != Kind::list) return to_text(Type{value.kind(), 0, Kind::null}, value);
  std::string text = "[";
  for (const Value item : value.items()) text += show(item) + ",";
  return text + "]";
}

}  // namespace quintet::feature
