// States made over without a fold: into another version, and without a subject.
#include "feature/carry.h"

#include "app/load.h"
#include "base/bytes.h"
#include "event/decode.h"
#include "feature/fixture.h"

namespace quintet::feature {
namespace {

constexpr std::string_view kHead = R"(quintet: 1
app: shop
pattern: monolithic
tables:
  branch:
    key: shop
    fields: {shop: int64, town: string, owner: {type: string, privacy: pseudonymize}}
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: {type: string, privacy: pseudonymize}
      card: {type: string, privacy: mask}
      shop: int64
      amount: {type: decimal(2), minimum: 0}
features:
  f:
    of: sale
    columns:
)";

constexpr std::string_view kColumns = R"(
      spent: sum(amount) over 7d by customer
      ever: count() over all by customer
      most: max(amount) where amount > 1 over all by shop
      three: list(amount, 3) over 3 events by shop
      cards: distinct(card) over 1d by shop
      city: branch.town
)";

std::shared_ptr<const app::Spec> spec_of(std::string_view columns) {
  const app::Loaded loaded = app::load(std::string(kHead) + std::string(columns));
  for (const auto& diagnostic : loaded.diagnostics) ADD_FAILURE() << diagnostic.message;
  return loaded.spec;
}

// Shards that have seen some events.
class Seen {
 public:
  explicit Seen(std::shared_ptr<const app::Spec> spec)
      : spec_(std::move(spec)), plans_(std::make_shared<const Plans>(spec_)) {}

  void take(const char* type, const std::string& json) {
    const auto index = static_cast<std::size_t>(spec_->event_index(type));
    event::Event event;
    event::Decoder decoder(spec_->events[index], {std::string(32, 'k'), 0});
    const auto decoded = decoder.json(json, event);
    ASSERT_TRUE(decoded) << decoded.error().message();
    FoldInput input;
    input.position = ++position_;
    input.time = event.time == kNoTime ? 0 : event.time;
    input.event_type = static_cast<int>(index);
    input.fields = event.values;
    std::vector<Touch> touches;
    route(*spec_, input.event_type, event.values, true, touches);
    PartialRow row;
    for (const Touch& touch : touches) shard(touch.shard).apply(input, touch, row);
  }
  void take_some() {
    for (int i = 0; i < 40; ++i) {
      const std::string number = std::to_string(i);
      take("sale", R"({"id":")" + number + R"(","at":)" + number + R"(,"customer":"c)" +
                       std::to_string(i % 5) + R"(","card":"400000)" + std::to_string(1000 + i) +
                       R"(","shop":)" + std::to_string(i % 3) + R"(,"amount":)" + number + "}");
      take("branch", R"({"shop":)" + std::to_string(i % 3) + R"(,"town":"t)" + number +
                         R"(","owner":"c)" + std::to_string(i % 5) + R"("})");
    }
  }
  Shard& shard(ShardId id) { return shards_.try_emplace(id, plans_, id).first->second; }
  std::map<ShardId, std::string> bytes() const {
    std::map<ShardId, std::string> all;
    for (const auto& [id, shard] : shards_) {
      ByteWriter out(all[id]);
      shard.write(out);
    }
    return all;
  }
  const Plans& plans() const { return *plans_; }
  const std::shared_ptr<const app::Spec>& spec() const { return spec_; }

 private:
  std::shared_ptr<const app::Spec> spec_;
  std::shared_ptr<const Plans> plans_;
  std::map<ShardId, Shard> shards_;
  Position position_ = 0;
};

std::string again(const std::shared_ptr<const app::Spec>& spec, const std::string& bytes) {
  ByteReader in(bytes);
  auto shard = Shard::read(spec, in);
  EXPECT_TRUE(shard) << shard.error().message();
  std::string out;
  ByteWriter writer(out);
  if (shard) shard->write(writer);
  return out;
}

// The pseudonym, as it stands in a key.
std::string pseudonym(const Seen& seen, const std::string& customer) {
  event::Event event;
  event::Decoder decoder(
      seen.spec()->events[static_cast<std::size_t>(seen.spec()->event_index("sale"))],
      {std::string(32, 'k'), 0});
  EXPECT_TRUE(decoder.json(
      R"({"id":"x","at":1,"customer":")" + customer + R"(","card":"1234567","shop":1,"amount":1})",
      event));
  return std::string(event.values[2].as_text());
}

TEST(Carry, TheSameVersionGivesTheSameBytes) {
  Seen seen(spec_of(kColumns));
  seen.take_some();
  for (const auto& [id, bytes] : seen.bytes()) {
    const auto carried = carry_over(seen.plans(), seen.plans(), bytes);
    ASSERT_TRUE(carried) << carried.error().message();
    EXPECT_EQ(*carried, bytes);
  }
}

TEST(Carry, WhatIsCutShortIsBroken) {
  Seen seen(spec_of(kColumns));
  seen.take_some();
  const std::string bytes = seen.bytes().begin()->second;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(carry_over(seen.plans(), seen.plans(), bytes.substr(0, size)).error().code(),
              Code::broken);
    EXPECT_EQ(without_subject(seen.plans(), "x", bytes.substr(0, size)).error().code(),
              Code::broken);
  }
}

// S10.6
TEST(Carry, AnotherVersionReadsWhatItShares) {
  Seen old(spec_of(kColumns));
  old.take_some();
  // Other order, other windows, a new argument, an event type less in one group.
  Seen fresh(spec_of(R"(
      three: list(amount, 2) over 2 events by shop
      kept: max(amount) where amount > 1 over all by shop
      ever: count() over all by customer
      dear: count() over all by (shop, customer)
      city: branch.town
)"));
  fresh.take_some();
  for (const auto& [id, bytes] : old.bytes()) {
    const auto carried = carry_over(old.plans(), fresh.plans(), bytes);
    ASSERT_TRUE(carried) << carried.error().message();
    again(fresh.spec(), *carried);
  }
  EXPECT_EQ(cold_columns(*old.spec(), *fresh.spec(), kDay, kNoTime),
            std::vector<std::string>{"sale.dear"});
}

TEST(Carry, AColumnIsColdIfTheBaseLacksWhatItAsks) {
  const auto old = spec_of(kColumns);
  const auto cold = [&](const std::string& column, Micros edge, Micros low) {
    const auto fresh = spec_of("      c: " + column + "\n      d: c is null\n");
    return !cold_columns(*old, *fresh, edge, low).empty();
  };
  // Below the cut all is a day old or older; the log goes on to day 20, and late ones take a day.
  const Micros edge = kDay, low = 20 * kDay;
  EXPECT_FALSE(cold("sum(amount) over 7d by customer", edge, low));
  EXPECT_FALSE(cold("sum(amount) over 7d by (customer, shop)", edge, low));
  EXPECT_FALSE(cold("sum(amount) over 18d by (customer, shop)", edge, low));
  EXPECT_TRUE(cold("sum(amount) over 19d by (customer, shop)", edge, low));
  EXPECT_TRUE(cold("count() over session 19d by shop", edge, low));
  EXPECT_FALSE(cold("sum(amount) over 7d by customer", edge, 2 * kDay));  // the base has it
  EXPECT_TRUE(cold("mean(shop) over 7d by customer", edge, 2 * kDay));    // but not this
  EXPECT_TRUE(cold("sum(amount) over 8d by customer", edge, 2 * kDay));
  EXPECT_FALSE(cold("max(amount) over all by shop", edge, low));
  EXPECT_TRUE(cold("max(amount) where amount > 2 over all by shop", edge, low));
  EXPECT_TRUE(cold("max(shop) over all by shop", edge, low));
  EXPECT_FALSE(cold("count() over 90 events by customer", edge, low));  // `all` is kept
  EXPECT_TRUE(cold("count() over all by (customer, shop)", edge, low));
  EXPECT_FALSE(cold("branch.town", edge, low));
  EXPECT_FALSE(cold("branch.owner", edge, low));
}

TEST(Carry, ACountWindowMayNotGrow) {
  const auto old = spec_of("      c: list(amount, 3) over 3 events by shop\n");
  const auto more = spec_of("      c: list(amount, 3) over 4 events by shop\n");
  EXPECT_EQ(cold_columns(*old, *more, 0, kNoTime), std::vector<std::string>{"sale.c"});
  EXPECT_TRUE(cold_columns(*more, *old, 0, kNoTime).empty());
}

// S10.5
TEST(Carry, ASubjectLeavesWithItsKeysRowsAndPrivateFields) {
  Seen seen(spec_of(kColumns));
  seen.take_some();
  const std::string subject = pseudonym(seen, "c1");
  std::string before, after;
  for (const auto& [id, bytes] : seen.bytes()) {
    const auto left = without_subject(seen.plans(), subject, bytes);
    ASSERT_TRUE(left) << left.error().message();
    EXPECT_EQ(again(seen.spec(), *left), *left);
    before += bytes;
    after += *left;
  }
  EXPECT_NE(before.find(subject), std::string::npos);
  EXPECT_EQ(after.find(subject), std::string::npos);
  // The others' keys stay; the cards, under the keys of shops, are nobody's any more.
  EXPECT_NE(after.find(pseudonym(seen, "c2")), std::string::npos);
  EXPECT_NE(before.find("1007"), std::string::npos);
  EXPECT_EQ(after.find("1007"), std::string::npos);
  // Of a table the row stays, without the owner.
  EXPECT_NE(after.find("t39"), std::string::npos);
}

}  // namespace
}  // namespace quintet::feature
