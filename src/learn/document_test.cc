#include "learn/document.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quintet::learn {
namespace {

Expected<Value> json(std::string_view text) {
  return read_json(text, JsonFloats::float32);
}

TEST(Json, ReadsEveryKindOfValue) {
  const auto value =
      json(R"({"a":[1,-2.5,3e2],"b":{"c":"x\n\u00e9\ud83d\ude00"},"d":[true,null]})");
  ASSERT_TRUE(value) << value.error().message();
  const Place root(*value);
  const auto numbers = root.member("a")->numbers();
  EXPECT_EQ(std::vector<double>(numbers->begin(), numbers->end()),
            (std::vector<double>{1, -2.5, 300}));
  EXPECT_EQ(*root.member("b")->member("c")->text(), "x\n\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(root.member("d")->list()->size(), 2u);
}

TEST(Json, RoundsToFloat32OnceAndToFloat64IfAsked) {
  EXPECT_EQ(std::get<double>(json("0.1")->is), static_cast<double>(0.1f));
  EXPECT_EQ(std::get<double>(read_json("0.1", JsonFloats::float64)->is), 0.1);
  EXPECT_EQ(std::get<double>(json("1e-45")->is), static_cast<double>(1e-45f));
}

TEST(Json, RefusesWhatIsNotStrict) {
  for (const char* text : {"",          "{",           "[1,]",
                           "[1 2]",     "{\"a\":1,}",  "{\"a\":1,\"a\":2}",
                           "01",        "1.",          "1e",
                           "+1",        "tru",         "\"\x01\"",
                           "\"\\x\"",   "\"\\ud800\"", "\"\\udc00\"",
                           "\"open",    "[1]x",        "{a:1}",
                           "[1,\"a\"]", "1e99",        "9007199254740993",
                           "-",         "[,]",         "nan",
                           "\"\\u12\""}) {
    EXPECT_FALSE(json(text)) << text;
  }
}

TEST(Json, IsRefusedWhenNestedTooDeeply) {
  EXPECT_TRUE(json(std::string(20, '[') + std::string(20, ']')));
  EXPECT_FALSE(json(std::string(1'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(json(objects));
}

std::string_view operator""_bytes(const char* text, std::size_t size) {
  return {text, size};
}

TEST(Ubj, ReadsCountedTypedAndOpenContainers) {
  const auto value = read_ubj(
      "{i\1a[$l#i\2\0\0\0\1\xff\xff\xff\xffi\1b[i\5U\xff]i\1cSi\2hii\1d[#i\1Ti\1eZ}"_bytes);
  ASSERT_TRUE(value) << value.error().message();
  const Place root(*value);
  EXPECT_EQ(root.member("a")->numbers()->back(), -1);
  EXPECT_EQ(root.member("b")->numbers()->back(), 255);
  EXPECT_EQ(*root.member("c")->text(), "hi");
  EXPECT_EQ(root.member("d")->list()->size(), 1u);
}

TEST(Ubj, ReadsFloatsBigEndian) {
  EXPECT_EQ(std::get<double>(read_ubj("d\x3f\xc0\0\0"_bytes)->is), 1.5);
  EXPECT_EQ(std::get<double>(read_ubj("D\x3f\xf8\0\0\0\0\0\0"_bytes)->is), 1.5);
  EXPECT_EQ(std::get<double>(read_ubj("I\xff\xfe"_bytes)->is), -2);
}

TEST(Ubj, RefusesWhatExceedsTheFile) {
  for (const std::string_view bytes :
       {""_bytes, "{"_bytes, "d\0\0"_bytes, "Si\5hi"_bytes,
        "SL\x7f\xff\xff\xff\xff\xff\xff\xff"_bytes, "[$d#L\x40\0\0\0\0\0\0\0"_bytes,
        "[$Z#L\x7f\0\0\0\0\0\0\0"_bytes, "[$d"_bytes, "Si\xff"_bytes, "[#d\0\0\0\0"_bytes,
        "{i\1aZi\1aZ}"_bytes, "ZZ"_bytes, "H"_bytes, "[i\1Z]"_bytes}) {
    EXPECT_FALSE(read_ubj(bytes));
  }
  EXPECT_FALSE(read_ubj(std::string(1'000'000, '[')));
}

TEST(Place, SaysWhereSomethingIsWrong) {
  const auto value = json(R"({"learner":{"trees":[{},{"n":"7x"}]}})");
  const Place root(*value);
  const auto trees = root.member("learner")->member("trees")->list();
  EXPECT_EQ(trees->at(0).member("n").error().message(), "learner.trees[0] lacks \"n\"");
  EXPECT_EQ(trees->at(1).member("n")->integer(0, 9).error().message(),
            "learner.trees[1].n is not a whole number");
}

}  // namespace
}  // namespace quintet::learn
