#include "event/decode.h"

namespace quintet::event {
namespace {

Field field(std::string name, Type type) {
  Field f;
  f.name = name;
  f.from = name;
  f.type = type;
  return f;
}

// id, amount decimal(2) >= 0, at, customer (pseudonymized), card (masked), tags, ok optional
struct DecodeTest : testing::Test {
  DecodeTest() {
    type.name = "tx";
    type.fields = {
        field("id", Type::of(Kind::text)),      field("amount", Type::decimal(2)),
        field("at", Type::of(Kind::timestamp)), field("customer", Type::of(Kind::text)),
        field("card", Type::of(Kind::text)),    field("tags", Type::list(Type::of(Kind::int64))),
        field("ok", Type::of(Kind::boolean))};
    type.fields[1].minimum = Value::decimal(0);
    type.fields[3].privacy = Privacy::pseudonymize;
    type.fields[4].privacy = Privacy::mask;
    for (std::size_t i = 3; i < 7; ++i) type.fields[i].optional = true;
    type.id_field = 0;
    type.time_field = 2;
    type.subject_field = 3;
    decoder = std::make_unique<Decoder>(type, Decoder::Options{std::string(32, 'k'), 0});
  }

  Error refused(std::string_view json) {
    Event event;
    auto result = decoder->json(json, event);
    EXPECT_FALSE(result) << json;
    return result ? invalid("") : result.error();
  }

  EventType type;
  std::unique_ptr<Decoder> decoder;
};

constexpr const char* kGood =
    R"({"id":"a","amount":12.30,"at":"2024-01-02T03:04:05Z","customer":"ann","card":"4111111111",)"
    R"("tags":[1,2,null],"ok":true,"else":{"x":[1]}})";

TEST_F(DecodeTest, ReadsAJsonObject) {
  Event event;
  const auto result = decoder->json(kGood, event);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(event.id, "a");
  EXPECT_EQ(event.values[1].as_int64(), 1230);
  EXPECT_EQ(event.time, 1704164645 * kSecond);
  EXPECT_EQ(event.values[5].items().size(), 3u);
  EXPECT_TRUE(event.values[5].items()[2].is_null());
  EXPECT_TRUE(event.values[6].as_bool());
}

TEST_F(DecodeTest, RefusesAnEmptyId) {  // S1.4
  const Error error = refused(R"({"id":"","amount":1,"at":1})");
  EXPECT_EQ(error.id(), "missing");
  EXPECT_EQ(error.place(), "id");
}

struct TextTest : testing::Test {
  std::string read(Kind kind, std::string_view text) {
    const auto value = value_of_text(Type::of(kind), text, {}, 0, arena);
    if (!value) return std::string(value.error().id());
    return kind == Kind::bytes ? std::string(value->as_text()) : std::to_string(value->as_int64());
  }
  Arena arena;
};

TEST_F(TextTest, ReadsDurationsAsExpressionsWriteThem) {
  EXPECT_EQ(read(Kind::duration, "90s"), "90000000");
  EXPECT_EQ(read(Kind::duration, "1h30m"), "5400000000");
  EXPECT_EQ(read(Kind::duration, "-1m1ms"), "-60001000");
  EXPECT_EQ(read(Kind::duration, "-7"), "-7");
  EXPECT_EQ(read(Kind::duration, "0"), "0");
  for (const char* bad : {"", "-", "h", "5x", "1h-3m", "1h 3m", "1h3", "1.5h", "9999999999d"}) {
    EXPECT_EQ(read(Kind::duration, bad), "wrong_type") << bad;
  }
}

TEST_F(TextTest, ReadsBytesInBase64) {
  EXPECT_EQ(read(Kind::bytes, "aGk="), "hi");
  EXPECT_EQ(read(Kind::bytes, "aGk"), "hi");
  EXPECT_EQ(read(Kind::bytes, "/+8="), "\xff\xef");
  EXPECT_EQ(read(Kind::bytes, "_-8"), "\xff\xef");
  EXPECT_EQ(read(Kind::bytes, ""), "");
  for (const char* bad : {"a", "not base64!", "aG k"}) {
    EXPECT_EQ(read(Kind::bytes, bad), "wrong_type") << bad;
  }
}

// S8.1
TEST_F(DecodeTest, HidesPrivateFieldsBeforeAnythingElseSeesThem) {
  Event event;
  ASSERT_TRUE(decoder->json(kGood, event));
  EXPECT_EQ(event.values[3].as_text().size(), 32u);
  EXPECT_EQ(event.values[3].as_text().find("ann"), std::string_view::npos);
  EXPECT_EQ(event.values[4].as_text(), "******1111");
}

// S1.5
TEST_F(DecodeTest, JsonAndCsvOfOneEventHaveTheSameContent) {
  Event a, b;
  ASSERT_TRUE(decoder->json(
      R"({"id":"a","amount":12.3,"at":"2024-01-02 03:04:05","customer":"ann","ok":false})", a));
  const std::string_view header[] = {"ok", "id", "amount", "at", "customer", "unknown"};
  ASSERT_TRUE(decoder->csv_header(header));
  const std::string_view cells[] = {"0", "a", "12.30", "2024-01-02T03:04:05Z", "ann", "?"};
  ASSERT_TRUE(decoder->csv(cells, b));
  std::string scratch;
  EXPECT_EQ(content_hash(a, scratch), content_hash(b, scratch));
}

TEST_F(DecodeTest, RefusesWithFieldAndReason) {
  EXPECT_EQ(refused("[1]").id(), "not_object");
  EXPECT_EQ(refused("{").id(), "not_json");
  EXPECT_EQ(refused(std::string(kGood) + "x").id(), "not_json");
  EXPECT_EQ(refused(R"({"id":"a","id":"b"})").id(), "duplicate_field");
  EXPECT_EQ(refused(R"({"id":"a","at":0})").place(), "amount");
  EXPECT_EQ(refused(R"({"id":"a","amount":-1,"at":0})").id(), "out_of_range");
  EXPECT_EQ(refused(R"({"id":"a","amount":1.234,"at":0})").place(), "amount");
  EXPECT_EQ(refused(R"({"id":7,"amount":1,"at":0})").id(), "wrong_type");
  EXPECT_EQ(refused(R"({"id":"a","amount":1,"at":"soon"})").place(), "at");
  EXPECT_EQ(refused(R"({"id":"a","amount":1,"at":0,"ok":1})").place(), "ok");
  EXPECT_EQ(refused(R"({"id":"a","amount":1,"at":0,"tags":{"a":1}})").id(), "wrong_type");
  EXPECT_EQ(refused(R"({"id":"a","amount":1,"at":0,"tags":[[1]]})").id(), "wrong_type");
  EXPECT_EQ(refused(R"({"id":"a","amount":1,"at":99999999999999})").id(), "out_of_range");
  EXPECT_EQ(refused(R"({"id":")" + std::string(70'000, 'x') + R"(","amount":1,"at":0})").id(),
            "too_long");
}

TEST_F(DecodeTest, SurvivesHostileJson) {
  std::uint64_t seed = 1;
  const auto random = [&] {
    return seed = seed * 6364136223846793005U + 1442695040888963407U, seed >> 33;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = kGood;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (random() % 3 == 0) bad.resize(random() % bad.size());
    Event event;
    (void)decoder->json(bad, event);
  }
  EXPECT_EQ(refused(std::string(100'000, '[')).code(), Code::invalid);
}

TEST_F(DecodeTest, RefusesAHeaderThatLacksAColumnOrNamesOneTwice) {
  const std::string_view lacking[] = {"id", "at"};
  EXPECT_EQ(decoder->csv_header(lacking).error().place(), "amount");
  const std::string_view twice[] = {"id", "at", "amount", "at"};
  EXPECT_EQ(decoder->csv_header(twice).error().id(), "duplicate_field");
}

TEST(SplitCsv, FollowsRfc4180) {
  std::string scratch;
  std::vector<std::string_view> cells;
  ASSERT_TRUE(split_csv("a,\"b \"\"c\"\", d\",,e\r", ',', scratch, cells));
  EXPECT_EQ(cells, (std::vector<std::string_view>{"a", "b \"c\", d", "", "e"}));
  ASSERT_TRUE(split_csv("a,", ',', scratch, cells));
  EXPECT_EQ(cells.size(), 2u);
  EXPECT_FALSE(split_csv("\"a", ',', scratch, cells));
  EXPECT_FALSE(split_csv("\"a\"b", ',', scratch, cells));
}

}  // namespace
}  // namespace quintet::event
