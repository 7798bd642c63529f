// Random streams: every answer of the shards is that of the definitions (naive.h), whatever was
// late, equal in time, null, reported, erased, compacted or restored on the way.
#include <random>

#include "base/bytes.h"
#include "feature/fixture.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using event::Kind;
using event::Type;
using event::Value;

namespace {

using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

app::Window any_window(Random& random, Micros unit, bool delayed) {
  const Micros delay = (delayed ? 8 : pick(random, 0, 3) * 2) * unit;
  switch (delayed ? pick(random, 0, 4) : pick(random, 0, 8)) {
    case 0:
    case 1:
    case 2: return over(pick(random, 1, 12) * unit, delay);
    case 3: return over(pick(random, 1, 6) * 2 * unit, delay, 2 * unit);
    case 4: return over(6 * unit, delayed ? 9 * unit : 3 * unit, 3 * unit);
    case 5:
    case 6: return last(pick(random, 1, 9));
    case 7: return session(pick(random, 1, 4) * unit / 2);
    default: return everything();
  }
}

Type type_of(Function function, Type input) {
  switch (function) {
    case Function::sum: return input;
    case Function::list:
    case Function::top_k: return Type::list(input);
    default: return Type::of(Kind::int64);
  }
}

// A function that takes the slot.
Function any_function(Random& random, Kind kind) {
  static const std::vector<Function> numbers = {
      Function::count,    Function::sum,      Function::mean,  Function::min,  Function::max,
      Function::var,      Function::std,      Function::first, Function::last, Function::list,
      Function::distinct, Function::quantile, Function::top_k};
  static const std::vector<Function> texts = {Function::count,    Function::min,  Function::max,
                                              Function::first,    Function::last, Function::list,
                                              Function::distinct, Function::top_k};
  static const std::vector<Function> bools = {Function::count, Function::mean, Function::var,
                                              Function::any,   Function::all,  Function::last,
                                              Function::first, Function::top_k};
  const auto& from = kind == Kind::text ? texts : kind == Kind::boolean ? bools : numbers;
  return from[random() % from.size()];
}

Aggregate any_aggregate(Random& random, SpecBuilder& builder, int group, bool labelled) {
  auto& g = builder.spec().groups[static_cast<std::size_t>(group)];
  Aggregate aggregate;
  aggregate.window = any_window(random, kSecond, labelled);
  // At most one in eight sees everything, which would keep memory from ever being freed.
  bool reads_label = false;
  if (pick(random, 0, 5) > 0) {
    aggregate.input = static_cast<int>(random() % g.inputs.size());
    const auto& input = g.inputs[static_cast<std::size_t>(aggregate.input)];
    reads_label |= input.reads_label;
    aggregate.function = any_function(random, input.program.type().kind);
    aggregate.type = type_of(aggregate.function, input.program.type());
  }
  if (pick(random, 0, 2) == 0) {
    aggregate.filter = static_cast<int>(random() % g.filters.size());
    reads_label |= g.filters[static_cast<std::size_t>(aggregate.filter)].reads_label;
  }
  aggregate.q = static_cast<double>(pick(random, 0, 20)) / 20;
  aggregate.limit = pick(random, 1, 4);
  aggregate.including_this = !reads_label && pick(random, 0, 1) == 1;
  return aggregate;
}

std::shared_ptr<const app::Spec> any_spec(Random& random) {
  SpecBuilder builder;
  const int customer = builder.group("tx by customer", {kCustomer});
  for (const int slot : {kAmount, kScore, kOk, kCity, kN}) builder.input(customer, slot);
  builder.input_if(customer, kAmount, kOk);
  builder.filter(customer, kOk);
  const int terminal = builder.group("tx by terminal", {kTerminal});
  for (const int slot : {+kFraud, +kAmount, +kFlag}) builder.input(terminal, slot);
  builder.input_if(terminal, kFraud, kOk);
  builder.input_if(terminal, kCity, kFraud);
  builder.filter(terminal, kOk);
  builder.filter(terminal, kFraud);
  const int both = builder.group("tx by terminal, customer", {kTerminal, kCustomer});
  builder.input(both, kScore);
  builder.filter(both, kOk);
  for (int i = 0; i < 30; ++i) {
    builder.aggregate(customer, any_aggregate(random, builder, customer, false));
  }
  for (int i = 0; i < 15; ++i) {
    builder.aggregate(terminal, any_aggregate(random, builder, terminal, true));
  }
  for (int i = 0; i < 8; ++i) {
    Aggregate aggregate = any_aggregate(random, builder, both, false);
    if (aggregate.window.kind == app::WindowKind::all) aggregate.window = last(3);
    builder.aggregate(both, aggregate);
  }
  return builder.build();
}

// One random record after the other, with the low time of small blocks.
class Stream {
 public:
  Stream(Random& random, Micros grain) : random_(random), grain_(grain) {}

  Position position = 0;
  Micros low_time = kNoTime;
  std::vector<Tx> events;  // by place in `positions`
  std::vector<Position> positions;
  event::Arena arena;

  Tx next() {
    ++position;
    now_ += pick(random_, 0, 6) == 0 ? pick(random_, 0, 9) * kSecond
                                     : pick(random_, 0, kSecond / grain_) * grain_;
    Tx tx;
    tx.time = now_;
    const auto how = pick(random_, 0, 19);
    if (how < 4) tx.time -= pick(random_, 0, 8 * kSecond / grain_) * grain_;
    if (how == 4) tx.time -= pick(random_, 0, 60) * kSecond;
    if (how == 5 && !events.empty()) tx.time = events[random_() % events.size()].time;
    const auto some = [&](Value value) { return pick(random_, 0, 7) == 0 ? Value() : value; };
    tx.fields[kAt] = Value::timestamp(tx.time);
    tx.fields[kCustomer] = some(text("customer-", 3));
    tx.fields[kTerminal] = some(Value::int64(pick(random_, 0, 1)));
    tx.fields[kAmount] = some(Value::decimal(
        pick(random_, 0, 9) == 0 ? pick(random_, -4'000'000'000'000, 4'000'000'000'000)
                                 : pick(random_, -5, 3000)));
    tx.fields[kScore] = some(Value::real(static_cast<double>(pick(random_, -9, 9)) * scale()));
    tx.fields[kOk] = some(Value::boolean(pick(random_, 0, 1) == 1));
    tx.fields[kCity] = some(text("city ", 5));
    tx.fields[kN] = some(Value::int64(pick(random_, 0, 30) == 0 ? INT64_MAX - pick(random_, 0, 5)
                                                                : pick(random_, -9, 9)));
    tx.labels[0] = tx.fields[kOk];
    if (pick(random_, 0, 4) == 0) tx.labels[1] = Value::boolean(pick(random_, 0, 1) == 1);
    return tx;
  }

  void admitted(const Tx& tx) {
    events.push_back(tx);
    positions.push_back(position);
    block_.push_back(tx.time);
    if (block_.size() < 25) return;
    std::sort(block_.begin(), block_.end());
    low_time = std::max(low_time, block_[3]);
    block_.clear();
  }

 private:
  Value text(const char* stem, std::int64_t most) {
    return Value::text(arena.copy(stem + std::to_string(pick(random_, 0, most))));
  }
  double scale() {
    static const double scales[] = {1, 0.1, 1e-3, 1e100, 3e-300};
    return scales[static_cast<std::size_t>(pick(random_, 0, 30) < 28 ? pick(random_, 0, 1)
                                                                     : pick(random_, 0, 4))];
  }

  Random& random_;
  Micros grain_;
  Micros now_ = 1'500'000'000 * kSecond;
  std::vector<Micros> block_;
};

FoldInput input_of(const Tx& tx, const Stream& stream, int type) {
  FoldInput input;
  input.position = stream.position;
  input.time = tx.time;
  input.low_time = stream.low_time;
  input.event_type = type;
  input.fields = tx.fields;
  if (type == 0) input.labels = tx.labels;
  return input;
}

void compare(const app::Spec& spec, const FoldInput& input, const Naive& naive,
             const std::map<int, Value>& plain, const std::map<int, Value>& moved) {
  const app::RowPlan& plan = spec.rows[static_cast<std::size_t>(input.event_type)];
  for (const app::GroupUse& use : plan.groups) {
    std::string key;
    ByteWriter out(key);
    event::Arena arena;
    for (const auto& part : use.key) {
      const Value value = part.run(input.fields, arena);
      if (value.is_null()) {
        key.clear();
        break;
      }
      event::write_canonical(out, value);
    }
    for (const app::AggregateUse& read : use.aggregates) {
      const Value wanted = naive.answer(input, read, key, arena);
      const auto got = plain.find(read.slot), also = moved.find(read.slot);
      ASSERT_TRUE(got != plain.end() && also != moved.end());
      const auto& a = spec.groups[static_cast<std::size_t>(read.group)]
                          .aggregates[static_cast<std::size_t>(read.aggregate)];
      const auto what = [&] {
        return "position " + std::to_string(input.position) + ", group " +
               std::to_string(read.group) + ", function " +
               std::to_string(static_cast<int>(a.function)) + ", window " +
               std::to_string(static_cast<int>(a.window.kind)) + " " +
               std::to_string(a.window.length) + " delayed " + std::to_string(a.window.delay) +
               " every " + std::to_string(a.window.every) + " n " + std::to_string(a.window.n) +
               (a.including_this ? " including this" : "") + ", filter " +
               std::to_string(a.filter) + ", input " + std::to_string(a.input);
      };
      ASSERT_TRUE(event::same(wanted, got->second))
          << what() << ": wanted " << show(wanted) << ", got " << show(got->second);
      ASSERT_TRUE(event::same(wanted, also->second))
          << what() << " after a restore: wanted " << show(wanted) << ", got "
          << show(also->second);
    }
  }
}

void run(std::uint64_t seed, int records) {
  Random random(seed);
  const auto spec = any_spec(random);
  Naive naive(spec);
  World plain(spec), moved(spec);
  Stream stream(random, seed % 2 == 0 ? kSecond : 1);
  PartialRow a, b;
  for (int i = 0; i < records; ++i) {
    const Tx tx = stream.next();
    const auto what = pick(random, 0, 19);
    if (what < 3 && !stream.events.empty()) {  // a report of some earlier event
      const std::size_t of = random() % stream.events.size();
      FoldInput target;
      target.position = stream.positions[of];
      target.time = stream.events[of].time;
      target.fields = stream.events[of].fields;
      const FoldInput report = input_of(tx, stream, 1);
      const Value value = what == 0 ? Value() : Value::boolean(what == 1);
      naive.report(1, target.position, report.time, value);
      plain.report(1, report, target, value);
      moved.report(1, report, target, value);
      continue;
    }
    const FoldInput input = input_of(tx, stream, what == 3 ? 3 : 0);
    const auto x = plain.feed(input, a), y = moved.feed(input, b);
    ASSERT_NO_FATAL_FAILURE(compare(*spec, input, naive, x, y)) << "seed " << seed;
    if (what != 3) {
      naive.add(input);
      stream.admitted(tx);
    }
    if (pick(random, 0, 40) == 0) moved.compact(stream.low_time);
    if (pick(random, 0, 40) == 0) {
      ASSERT_NO_FATAL_FAILURE(moved.restore());
    }
    if (pick(random, 0, 150) == 0) {
      std::string key;
      ByteWriter out(key);
      event::write_canonical(out, Value::int64(1));
      naive.erase(1, key);
      plain.erase(1, key);
      moved.erase(1, key);
    }
  }
  plain.compact(stream.low_time);
  moved.compact(stream.low_time);
  ASSERT_EQ(plain.bytes(), moved.bytes());
}

}  // namespace

// S3.1, S3.2, S3.3, S3.4, S3.5, S3.6, S4.1, S4.2, S4.3, S4.4, S4.5, S4.6
TEST(Windows, AnswerWhatTheDefinitionsSayForAnyStream) {
  const char* seeds = std::getenv("QUINTET_SEEDS");
  const std::uint64_t count = seeds ? std::strtoull(seeds, nullptr, 10) : 6;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    ASSERT_NO_FATAL_FAILURE(run(seed, 300)) << "seed " << seed;
  }
}

}  // namespace quintet::feature
