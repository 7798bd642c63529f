#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/decimal.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "base/text.h"

namespace quintet {
namespace {

// The document written again: the same value, without blanks.
void rewrite(JsonWriter& out, JsonValue v) {
  switch (v.kind()) {
    case JsonKind::absent: ADD_FAILURE() << "a value that is not there"; break;
    case JsonKind::null: out.null(); break;
    case JsonKind::boolean: out.boolean(*v.as_bool()); break;
    case JsonKind::number: out.raw(v.text()); break;
    case JsonKind::text: out.text(v.text()); break;
    case JsonKind::array:
      out.begin_array();
      for (auto e = v.first(); e; e = e.next()) rewrite(out, e);
      out.end_array();
      break;
    case JsonKind::object:
      out.begin_object();
      for (auto m = v.first(); m; m = m.next()) rewrite(out.key(m.name()), m);
      out.end_object();
  }
}

std::string rewritten(const JsonDocument& document) {
  std::string out;
  JsonWriter json(out);
  rewrite(json, document.root());
  EXPECT_TRUE(json.done());
  return out;
}

TEST(JsonOut, WritesAllKinds) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", "a\"\\\n\x01\x7f/").key("n").int64(-5).key("u");
  json.uint64(18446744073709551615u).key("x").begin_array().real(0.1).real(-0.0);
  json.real(std::numeric_limits<double>::infinity()).boolean(true).null().raw("[1]");
  json.begin_object().end_object().begin_array().end_array().end_array().end_object();
  EXPECT_TRUE(json.done());
  EXPECT_EQ(out,
            "{\"id\":\"a\\\"\\\\\\n\\u0001\x7f/\",\"n\":-5,\"u\":18446744073709551615,"
            "\"x\":[0.1,0,null,true,null,[1],{},[]]}");
}

TEST(JsonOut, DamagedUtf8IsReplaced) {
  std::string out;
  append_json_text(out, "\xc3\xa9\xff-\xe2\x82");
  EXPECT_EQ(out, "\"\xc3\xa9\xef\xbf\xbd-\xef\xbf\xbd\"");
}

TEST(JsonIn, GivesWhatIsThere) {
  const auto d = JsonDocument::parse(
      " {\"a\": [1, -2.5e1, 1e3, 9223372036854775808], \"b\": {\"c\": "
      "\"x\\u00e9\\ud83d\\ude00\\/\"},"
      " \"t\": true, \"n\": null, \"\": \"\"} ");
  ASSERT_TRUE(d.has_value());
  const JsonValue root = d->root();
  EXPECT_EQ(root.size(), 5u);
  const JsonValue one = root.find("a").first();
  EXPECT_EQ(one.as_int64(), 1);
  EXPECT_EQ(one.next().as_double(), -25.0);
  EXPECT_EQ(one.next().text(), "-2.5e1");
  EXPECT_EQ(one.next().next().as_int64(), 1000);
  EXPECT_EQ(one.next().next().next().as_int64(), std::nullopt);
  EXPECT_EQ(one.next().next().next().as_double(), 9223372036854775808.0);
  EXPECT_FALSE(one.next().next().next().next());
  EXPECT_EQ(root.find("b").find("c").as_text(), "x\xc3\xa9\xf0\x9f\x98\x80/");
  EXPECT_EQ(root.find("b").source(), "{\"c\": \"x\\u00e9\\ud83d\\ude00\\/\"}");
  EXPECT_EQ(root.find("t").as_bool(), true);
  EXPECT_TRUE(root.find("n").is(JsonKind::null));
  EXPECT_EQ(root.find("").as_text(), "");
  EXPECT_EQ(root.find("t").name(), "t");
  EXPECT_EQ(root.offset(), 1u);
}

TEST(JsonIn, OfWhatIsAbsentEverythingCanBeAsked) {
  const auto d = JsonDocument::parse("[]");
  const JsonValue v = d->root().find("a").find("b").first().next();
  EXPECT_EQ(v.kind(), JsonKind::absent);
  EXPECT_EQ(v.as_int64(), std::nullopt);
  EXPECT_EQ(v.text(), "");
  EXPECT_EQ(v.name(), "");
  EXPECT_EQ(v.size(), 0u);
  EXPECT_EQ(v.source(), "");
}

TEST(JsonIn, ErrorsSayWhereAndWhy) {
  const auto why = [](std::string_view text) {
    return JsonDocument::parse(text).error().message();
  };
  EXPECT_EQ(why("[1,]"), "this is not JSON at byte 3: no value");
  EXPECT_EQ(why("{\"a\":1,\"b\":2,\"a\":3}"), "this is not JSON at byte 17: a key is given twice");
  EXPECT_EQ(why("{\"a\":1,\"\\u0061\":2}"), "this is not JSON at byte 16: a key is given twice");
  EXPECT_EQ(why("\"\\ud800x\""), "this is not JSON at byte 7: half of a surrogate pair");
  EXPECT_EQ(why(""), "this is not JSON at byte 0: it ends too soon");
  EXPECT_EQ(JsonDocument::parse("x").error().place(), "byte 0");
  EXPECT_EQ(JsonDocument::parse("x").error().code(), Code::invalid);
}

TEST(JsonIn, RefusesWhatTheStandardDoesNotAllow) {
  for (const std::string_view bad : {"[",
                                     "]",
                                     "{",
                                     "[1 2]",
                                     "{\"a\" 1}",
                                     "{\"a\":}",
                                     "{a:1}",
                                     "{'a':1}",
                                     "{\"a\":1,}",
                                     "01",
                                     "-",
                                     "+1",
                                     "1.",
                                     ".5",
                                     "1e",
                                     "0x1",
                                     "NaN",
                                     "Infinity",
                                     "-Infinity",
                                     "tru",
                                     "True",
                                     "nulll",
                                     "\"",
                                     "\"\\x\"",
                                     "\"\\u12\"",
                                     "\"\\u12g4\"",
                                     "\"\\udc00\"",
                                     "\"\\ud800\\u0041\"",
                                     "\"\t\"",
                                     "\"\xff\"",
                                     "\"\xed\xa0\x80\"",
                                     "1 2",
                                     "// c\n1",
                                     "[1]/**/",
                                     "\xef\xbb\xbf[]",
                                     "-01",
                                     "[,1]",
                                     "{,}",
                                     "\"\\"}) {
    EXPECT_FALSE(JsonDocument::parse(bad)) << bad;
  }
  EXPECT_FALSE(JsonDocument::parse(std::string_view("\0", 1)));
  EXPECT_FALSE(JsonDocument::parse(std::string_view("[]\0", 3)));
}

TEST(JsonIn, DepthAndNumberOfValuesAreLimited) {
  const auto nested = [](int n) {
    return std::string(static_cast<std::size_t>(n), '[') +
           std::string(static_cast<std::size_t>(n), ']');
  };
  EXPECT_TRUE(JsonDocument::parse(nested(32)));
  EXPECT_FALSE(JsonDocument::parse(nested(33)));
  EXPECT_FALSE(JsonDocument::parse(std::string(1'000'000, '[')));
  EXPECT_TRUE(JsonDocument::parse("[1,2]", {.nodes = 3}));
  EXPECT_FALSE(JsonDocument::parse("[1,2,3]", {.nodes = 3}));
}

TEST(JsonIn, ADocumentMayBeMoved) {
  auto d = JsonDocument::parse("[\"a\"]");
  const JsonValue v = d->root().first();
  const JsonDocument other = *std::move(d);
  EXPECT_EQ(v.as_text(), "a");
}

// Whatever the bytes: it is refused with a place inside the text, or it can be written, read again
// and is the same.
TEST(JsonIn, MutatedDocumentsAreRefusedOrReturn) {
  const std::string seed =
      "{\"a\":[1,-2.5e+10,\"x\\n\\u00e9\",{\"b\":{}}],\"c\":{\"d\":[[],null,true,false]},"
      "\"e\":\"\xc3\xa9\xf0\x9f\x98\x80\",\"f\":0.001}";
  constexpr std::string_view kBytes = "{}[]\",:\\u0e-+.19tfn \x80\xc3";
  std::mt19937_64 random(13);
  int good = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = seed;
    for (std::uint64_t k = random() % 3; k < 3; ++k) {
      const std::size_t at = random() % text.size();
      const char c =
          random() % 4 == 0 ? static_cast<char>(random()) : kBytes[random() % kBytes.size()];
      switch (random() % 4) {
        case 0: text[at] = c; break;
        case 1: text.insert(at, 1, c); break;
        case 2: text.erase(at, 1 + random() % 4); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 9));
      }
    }
    const auto d = JsonDocument::parse(text);
    if (!d) {
      const auto at = parse_int64(d.error().place().substr(5));
      ASSERT_TRUE(at.has_value() && *at <= static_cast<std::int64_t>(text.size()));
      continue;
    }
    ++good;
    const std::string once = rewritten(*d);
    ASSERT_TRUE(is_utf8(once));
    const auto again = JsonDocument::parse(once);
    ASSERT_TRUE(again.has_value()) << once;
    ASSERT_EQ(rewritten(*again), once);
  }
  EXPECT_GT(good, 1000);
}

}  // namespace
}  // namespace quintet
