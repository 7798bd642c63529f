#include <random>

#include "base/bytes.h"
#include "feature/fixture.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using event::Value;

namespace {

std::shared_ptr<const app::Spec> small_spec() {
  SpecBuilder builder;
  const int group = builder.group("tx by customer", {kCustomer});
  Aggregate aggregate;
  aggregate.function = Function::last;
  aggregate.input = builder.input(group, kCity);
  aggregate.window = over(100 * kSecond);
  builder.aggregate(group, aggregate);
  aggregate.function = Function::sum;
  aggregate.input = builder.input(group, kAmount);
  aggregate.type = event::Type::decimal(2);
  builder.aggregate(group, aggregate);
  return builder.build();
}

Tx tx(int i) {
  static const char* const cities[] = {"Ghent", "", "Liège"};
  Tx tx;
  tx.time = i * kSecond;
  tx.fields[kCustomer] = Value::text("the customer");
  tx.fields[kCity] = i % 4 == 3 ? Value() : Value::text(cities[i % 4]);
  tx.fields[kAmount] = Value::decimal(i * 1000);
  return tx;
}

FoldInput input_of(const Tx& tx, Position position) {
  FoldInput input;
  input.position = position;
  input.time = tx.time;
  input.event_type = 0;
  input.fields = tx.fields;
  return input;
}

// The only shard with anything in it.
std::string snapshot(const std::shared_ptr<const app::Spec>& spec, int events) {
  World world(spec);
  PartialRow row;
  for (int i = 1; i <= events; ++i) world.feed(input_of(tx(i), static_cast<Position>(i)), row);
  return world.bytes();
}

Expected<Shard> read(const std::shared_ptr<const app::Spec>& spec, std::string_view bytes) {
  ByteReader in(bytes);
  return Shard::read(spec, in);
}

}  // namespace

TEST(Snapshot, ReadsBackToTheSameBytes) {
  const auto spec = small_spec();
  const std::string bytes = snapshot(spec, 20);
  auto shard = read(spec, bytes);
  ASSERT_TRUE(shard.has_value());
  std::string again;
  ByteWriter out(again);
  shard->write(out);
  EXPECT_EQ(bytes, again);
}

TEST(Snapshot, IsRefusedIfAnythingIsMissingOrAdded) {
  const auto spec = small_spec();
  const std::string bytes = snapshot(spec, 5);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto shard = read(spec, bytes.substr(0, n));
    ASSERT_FALSE(shard.has_value()) << n;
    EXPECT_EQ(shard.error().code(), Code::broken);
  }
  EXPECT_FALSE(read(spec, bytes + '\0').has_value());
}

TEST(Snapshot, OfAnotherApplicationIsRefused) {
  const auto spec = small_spec();
  SpecBuilder other;
  other.spec().digest = std::string(64, '6');
  EXPECT_FALSE(read(other.build(), snapshot(spec, 5)).has_value());
}

TEST(Snapshot, ThatIsDamagedNeverDoesMoreThanFailOrGiveAnotherState) {
  const auto spec = small_spec();
  const std::string bytes = snapshot(spec, 12);
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    auto shard = read(spec, damaged);
    if (!shard.has_value()) continue;
    std::string again;
    ByteWriter out(again);
    shard->write(out);
    ASSERT_EQ(again, damaged) << "two byte forms of one state";
  }
}

TEST(Erase, TakesAKeyAndAllItsEntries) {
  const auto spec = small_spec();
  World world(spec);
  PartialRow row;
  for (int i = 1; i <= 5; ++i) world.feed(input_of(tx(i), static_cast<Position>(i)), row);
  std::string key;
  ByteWriter out(key);
  event::write_canonical(out, Value::text("the customer"));
  Shard& shard = world.shard(shard_of("tx by customer", key));
  EXPECT_TRUE(shard.erase(Touch::What::group, 0, key));
  EXPECT_FALSE(shard.erase(Touch::What::group, 0, key));
  EXPECT_EQ(world.size().entries, 0u);
  EXPECT_EQ(show(world.feed(input_of(tx(6), 6), row)[kTxFields + 2]), "0");
}

TEST(Table, AnswersTheLatestRowOfItsKey) {
  const auto spec = small_spec();
  World world(spec);
  PartialRow row;
  const auto place = [&](Position position, std::int64_t key, Value country) {
    const std::vector<Value> fields = {Value::int64(key), country};
    FoldInput input;
    input.position = position;
    input.event_type = 2;
    input.fields = fields;
    input.asks = false;
    world.feed(input, row);
  };
  Tx event = tx(1);
  event.fields[kTerminal] = Value::int64(7);
  EXPECT_EQ(show(world.feed(input_of(event, 1), row)[kTxFields]), "");
  place(2, 7, Value::text("BE"));
  place(3, 8, Value::text("NL"));
  EXPECT_EQ(show(world.feed(input_of(event, 4), row)[kTxFields]), "BE");
  place(5, 7, Value::text("FR"));
  ASSERT_NO_FATAL_FAILURE(world.restore());
  EXPECT_EQ(show(world.feed(input_of(event, 6), row)[kTxFields]), "FR");
  place(7, 7, Value());
  EXPECT_EQ(show(world.feed(input_of(event, 8), row)[kTxFields]), "");
}

TEST(Explain, SaysWhyAnEntryIsInOrOut) {
  SpecBuilder builder;
  const int group = builder.group("tx by customer", {kCustomer});
  Aggregate aggregate;
  aggregate.function = Function::sum;
  aggregate.window = over(10 * kSecond, 5 * kSecond);
  aggregate.input = builder.input(group, kAmount);
  aggregate.filter = builder.filter(group, kOk);
  aggregate.type = event::Type::decimal(2);
  builder.aggregate(group, aggregate);
  const auto spec = builder.build();
  World world(spec);
  PartialRow row;
  Position position = 0;
  for (const int second : {80, 85, 90, 95, 96, 99}) {
    Tx event = tx(second);
    event.fields[kOk] = Value::boolean(second != 95);
    if (second == 96) event.fields[kAmount] = Value();
    world.feed(input_of(event, ++position), row);
  }
  const Tx asker = tx(101);
  FoldInput input = input_of(asker, 7);
  input.low_time = (80 + 15 + 20) * kSecond;
  std::vector<Touch> touches;
  route(*spec, 0, input.fields, true, touches);
  const auto entries = world.shard(touches[0].shard)
                           .explain(input, touches[0], spec->rows[0].groups[0].aggregates[0], 10);
  ASSERT_EQ(entries.size(), 6u);
  const std::vector<std::string> why = {"after the edge",  "null",     "filtered", "",
                                        "before the edge", "forgotten"};
  for (std::size_t i = 0; i < why.size(); ++i) {
    EXPECT_EQ(entries[i].why, why[i]) << i;
    EXPECT_EQ(entries[i].inside, why[i].empty());
  }
  EXPECT_EQ(entries[3].value, "900.00");
}

}  // namespace quintet::feature
