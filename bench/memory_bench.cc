// rooms: feature
// The feature state of the fraud application: 15 features over two groups (7 windows with their
// delays), 5,000 customers and 10,000 terminals, one transaction in 9 seconds in order of time, 90
// days. Prints nanoseconds per event and bytes per retained event and per idle key, each as
// min / median / max. Not a test: figures of one machine at one moment.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "expr/tree.h"
#include "feature/route.h"
#include "feature/shard.h"

namespace {

using namespace quintet;
using app::Aggregate;
using app::Function;
using event::Kind;
using event::Type;
using event::Value;

enum TxField : int { kAt, kCustomer, kTerminal, kAmount, kFraud, kTxFields };
constexpr int kLabelSlot = kTxFields;

expr::Program slot(int at, Type type) {
  return expr::Program(expr::slot_node(at), type, "slot", {at});
}

app::Group group(int index, const char* name, int key, int input, Type type) {
  app::Group group;
  group.index = index;
  group.name = name;
  group.source = 0;
  group.key_fields = {key};
  group.inputs.push_back({slot(input, type), input >= kTxFields});
  return group;
}

void ask(app::Group& group, Function function, app::Window window, int input) {
  Aggregate aggregate;
  aggregate.function = function;
  aggregate.window = window;
  aggregate.input = input;
  group.count_reach = std::max(group.count_reach, window.n);
  aggregate.including_this = window.delay == 0;
  group.aggregates.push_back(std::move(aggregate));
  group.reach = std::max(group.reach, window.length + window.delay);
}

std::shared_ptr<const app::Spec> fraud() {
  auto spec = std::make_shared<app::Spec>();
  event::EventType tx;
  tx.name = "transaction";
  const std::vector<std::pair<const char*, Type>> fields = {{"at", Type::of(Kind::timestamp)},
                                                            {"customer_id", Type::of(Kind::text)},
                                                            {"terminal_id", Type::of(Kind::text)},
                                                            {"amount", Type::decimal(2)},
                                                            {"is_fraud", Type::of(Kind::boolean)}};
  for (const auto& [name, type] : fields) {
    tx.fields.emplace_back();
    tx.fields.back().name = name;
    tx.fields.back().type = type;
  }
  spec->events.push_back(std::move(tx));
  app::Label label;
  label.name = "fraud";
  label.of = 0;
  label.type = Type::of(Kind::boolean);
  label.field = kFraud;
  label.after = 7 * kDay;
  spec->labels.push_back(std::move(label));
  spec->groups.push_back(
      group(0, "transaction by customer_id", kCustomer, kAmount, Type::decimal(2)));
  spec->groups.push_back(
      group(1, "transaction by terminal_id", kTerminal, kLabelSlot, Type::of(Kind::boolean)));
  for (const Micros days : {1, 7, 30}) {
    const app::Window plain{app::WindowKind::time, days * kDay, 0, 0, 0};
    const app::Window delayed{app::WindowKind::time, days * kDay, 7 * kDay, 0, 0};
    ask(spec->groups[0], Function::count, plain, -1);
    ask(spec->groups[0], Function::mean, plain, 0);
    ask(spec->groups[1], Function::count, delayed, -1);
    ask(spec->groups[1], Function::mean, delayed, 0);
  }
  const app::Window week{app::WindowKind::time, 7 * kDay, 0, 0, 0};
  ask(spec->groups[1], Function::count, week, -1);
  ask(spec->groups[0], Function::max, week, 0);
  ask(spec->groups[0], Function::mean, {app::WindowKind::count, 0, 0, 0, 5}, 0);
  spec->reach = 37 * kDay;
  app::RowPlan row;
  row.slots = kTxFields;
  for (app::Group& group : spec->groups) {
    app::GroupUse use;
    use.group = group.index;
    use.key.push_back(slot(group.key_fields[0], Type::of(Kind::text)));
    for (std::size_t i = 0; i < group.aggregates.size(); ++i) {
      use.aggregates.push_back({row.slots++, group.index, static_cast<int>(i)});
    }
    row.groups.push_back(std::move(use));
  }
  spec->rows.push_back(std::move(row));
  return spec;
}

struct World {
  std::shared_ptr<const app::Spec> spec = fraud();
  std::shared_ptr<const feature::Plans> plans = std::make_shared<const feature::Plans>(spec);
  std::vector<feature::Shard> shards;
  std::vector<feature::Touch> touches;
  feature::PartialRow row;
  std::vector<Micros> block;
  Position position = 0;
  Micros low_time = kNoTime;
  std::uint64_t seed = 1;

  World() {
    for (ShardId id = 0; id < kShardCount; ++id) shards.emplace_back(plans, id);
  }
  // Made before anything is measured.
  std::vector<std::string> names;
  std::string_view name(std::uint64_t i) {
    while (names.size() <= i) names.push_back(std::to_string(1'000'000 + names.size()));
    return names[i];
  }
  std::uint64_t random() {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
  }
  void feed(Micros time, std::uint64_t customer, std::uint64_t terminal) {
    const std::string_view customer_id = names[customer], terminal_id = names[terminal];
    const Value fraud = Value::boolean(random() % 100 == 0);
    const Value fields[] = {Value::timestamp(time), Value::text(customer_id),
                            Value::text(terminal_id),
                            Value::decimal(static_cast<std::int64_t>(random() % 20'000)), fraud};
    feature::FoldInput input;
    input.position = ++position;
    input.time = time;
    input.low_time = low_time;
    input.event_type = 0;
    input.fields = fields;
    input.labels = {&fraud, 1};
    touches.clear();
    row.clear();
    feature::route(*spec, 0, fields, true, touches);
    for (const feature::Touch& touch : touches) {
      shards[touch.shard].apply(input, touch, row);
    }
    block.push_back(time);
    if (block.size() == 1000) {
      std::nth_element(block.begin(), block.begin() + 9, block.end());
      low_time = std::max(low_time, block[9]);
      block.clear();
    }
  }
  feature::Shard::Size size() const {
    feature::Shard::Size sum;
    for (const feature::Shard& shard : shards) {
      const auto size = shard.size();
      sum.keys += size.keys;
      sum.entries += size.entries;
      sum.bytes += size.bytes;
    }
    return sum;
  }
  void compact() {
    for (feature::Shard& shard : shards) shard.compact(low_time);
  }
};

// Of this process, so that neighbours count for less.
double cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::size_t heap() {
  return mallinfo2().uordblks;
}

void show(const char* what, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::printf("%-34s %8.1f / %8.1f / %8.1f\n", what, values.front(), values[values.size() / 2],
              values.back());
}

void time_and_bytes(int events) {
  std::vector<double> ns;
  const std::size_t before = heap();
  World world;
  world.name(10'000);
  const std::size_t names = heap() - before;
  const Micros start = 1'530'000'000 * kSecond;
  constexpr int kSlice = 20'000;
  for (int i = 0; i < events; i += kSlice) {
    const double from = cpu_ns();
    for (int j = i; j < i + kSlice; ++j) {
      const Micros late = static_cast<Micros>(world.random() % 9) * kSecond;
      world.feed(start + j * 9 * kSecond + late, world.random() % 5'000, world.random() % 10'000);
    }
    if (i * 9 * kSecond >= 40 * kDay) ns.push_back((cpu_ns() - from) / kSlice);
  }
  show("CPU ns per event, full windows", ns);
  const auto hot = world.size();
  const std::size_t hot_heap = heap() - before - names;
  world.compact();  // twice: what was touched since the last time keeps running
  world.compact();
  const auto cold = world.size();
  const std::size_t cold_heap = heap() - before - names;
  const auto per = [](std::size_t bytes, const feature::Shard::Size& size) {
    return static_cast<double>(bytes) / static_cast<double>(size.entries);
  };
  std::printf(
      "%zu keys, %zu entries; heap bytes per entry: running %.1f, compacted %.1f "
      "(own count %.1f, %.1f)\n",
      cold.keys, cold.entries, per(hot_heap, hot), per(cold_heap, cold), per(hot.bytes, hot),
      per(cold.bytes, cold));
}

void idle_keys() {
  const std::size_t before = heap();
  World world;
  world.name(200'000);
  const std::size_t empty = heap() - before;
  constexpr std::uint64_t kKeys = 200'000;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    world.feed(1'530'000'000 * kSecond + static_cast<Micros>(i) * kSecond, i, i);
  }
  world.compact();  // twice: what was touched since the last time keeps running
  world.compact();
  std::printf("heap bytes per idle key with one entry: %.1f; 256 empty shards: %zu\n",
              static_cast<double>(heap() - before - empty) / (2.0 * kKeys), empty);
}

}  // namespace

int main(int argc, char** argv) {
  const int events = argc > 1 ? std::atoi(argv[1]) : 860'000;
  std::printf("%-34s %8s / %8s / %8s\n", "", "min", "median", "max");
  time_and_bytes(events);
  if (argc <= 2) idle_keys();
}
