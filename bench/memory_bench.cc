// rooms: feature
// The feature state of the fraud application. First as it stands, 15 features over two groups:
// CPU nanoseconds an event once the windows are full. Then one group alone, whose windows share one
// ring: heap bytes per idle key (with the one event that it still holds) over a million keys, and
// per retained event over keys of 200 events, after compaction. Heap bytes are the allocator's own
// count, its overhead included.
#include <malloc.h>

#include "base/check.h"
#include "bench/figure.h"
#include "expr/tree.h"
#include "feature/route.h"
#include "feature/shard.h"

namespace {

using namespace quintet;
using namespace quintet::bench;
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

std::shared_ptr<const app::Spec> fraud(bool one_group) {
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
  if (one_group) spec->groups.pop_back();
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
  std::shared_ptr<const app::Spec> spec;
  std::shared_ptr<const feature::Plans> plans;
  std::vector<feature::Shard> shards;
  std::vector<feature::Touch> touches;
  feature::PartialRow row;
  std::vector<Micros> block;
  Position position = 0;
  Micros low_time = kNoTime;
  std::uint64_t seed = 1;

  explicit World(bool one_group)
      : spec(fraud(one_group)), plans(std::make_shared<const feature::Plans>(spec)) {
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

constexpr Micros kStart = 1'530'000'000 * kSecond;

std::size_t heap() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

// CPU of a simple loop over as many bytes as a window's work touches: whether the machine kept its
// pace.
double pace_of_the_machine(const std::vector<std::uint64_t>& words) {
  const double from = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  std::uint64_t at = 0;
  constexpr int kSteps = 1 << 21;
  for (int i = 0; i < kSteps; ++i) at = words[at % words.size()] + static_cast<std::uint64_t>(i);
  const double took = seconds_on(CLOCK_PROCESS_CPUTIME_ID) - from;
  return 1e9 * took / kSteps + (at == 1 ? 1 : 0);
}

Figure time_an_event() {
  Figure figure("features of the fraud application, CPU an event", "ns", "a random read of 64 MiB");
  World world(false);
  world.name(10'000);
  std::vector<std::uint64_t> words(std::size_t{8} << 20);
  for (std::uint64_t& word : words) word = world.random();
  constexpr int kEvents = 860'000, kSlice = 40'000;
  for (int i = 0; i + kSlice <= kEvents; i += kSlice) {
    const double first = pace_of_the_machine(words);
    const double from = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    for (int j = i; j < i + kSlice; ++j) {
      const Micros late = static_cast<Micros>(world.random() % 9) * kSecond;
      const std::uint64_t customer = world.random() % 5'000, terminal = world.random() % 10'000;
      world.feed(kStart + j * 9 * kSecond + late, customer, terminal);
    }
    const double took = 1e9 * (seconds_on(CLOCK_PROCESS_CPUTIME_ID) - from) / kSlice;
    if (i * 9 * kSecond >= 40 * kDay) figure.add({first, {took}, pace_of_the_machine(words)});
  }
  return figure;
}

// Heap bytes of the state of `keys` keys with `each` events, one a key in turn.
double bytes_of(std::uint64_t keys, std::uint64_t each, std::uint64_t seed) {
  World world(true);
  world.seed = seed;
  world.name(keys);
  const std::size_t before = heap();
  for (std::uint64_t i = 0; i < keys * each; ++i) {
    world.feed(kStart + static_cast<Micros>(i) * 20 * kDay / static_cast<Micros>(keys * each),
               i % keys, 0);
  }
  world.compact();  // twice: what was touched since the last time keeps running
  world.compact();
  check(world.size().entries == keys * each, "an event was not retained");
  return static_cast<double>(heap() - before);
}

}  // namespace

int main() {
  time_an_event().print();
  Figure idle("heap per idle key of one group", "bytes", "", {{"ours", "at_most", 64}});
  Figure retained("heap per retained event of one group", "bytes", "", {{"ours", "at_most", 16}});
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    constexpr std::uint64_t kKeys = 1'000'000, kBusyKeys = 5'000, kEach = 200;
    idle.add({0, {bytes_of(kKeys, 1, seed) / kKeys}, 0});
    retained.add({0, {bytes_of(kBusyKeys, kEach, seed) / (kBusyKeys * kEach)}, 0});
  }
  idle.print();
  retained.print();
}
