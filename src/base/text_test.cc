#include "base/text.h"

#include <random>

#include <gtest/gtest.h>

namespace quintet {
namespace {

TEST(Text, CaseIsAscii) {
  EXPECT_EQ(lower_ascii("AbZ\xc3\x84[@"), "abz\xc3\x84[@");
  EXPECT_EQ(upper_ascii("abz\xc3\xa4{`"), "ABZ\xc3\xa4{`");
  EXPECT_TRUE(equal_but_for_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equal_but_for_case("a", "ab"));
}

TEST(Text, TrimsAndSplits) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, KnowsUtf8) {
  for (const auto* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const auto* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, EveryCodePointReturns) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string out;
    append_utf8(out, c);
    std::string_view rest = out;
    ASSERT_EQ(take_code_point(rest), c);
    ASSERT_TRUE(rest.empty());
  }
}

TEST(Text, EachDamagedPartBecomesOneReplacement) {
  // The example of the Unicode standard, section 3.9: a, F1 80 80, E1 80, C2, b, 80, c, 80, BF, d.
  EXPECT_EQ(repair_utf8("a\xf1\x80\x80\xe1\x80\xc2"
                        "b\x80"
                        "c\x80\xbf"
                        "d"),
            "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
            "b\xef\xbf\xbd"
            "c\xef\xbf\xbd\xef\xbf\xbd"
            "d");
  std::mt19937_64 random(12);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string repaired = repair_utf8(bytes);
    ASSERT_TRUE(is_utf8(repaired));
    ASSERT_EQ(is_utf8(bytes), repaired == bytes);
    ASSERT_EQ(count_code_points(bytes), count_code_points(repaired));
    ASSERT_TRUE(is_utf8(shown(bytes)));
  }
}

TEST(Text, ShowsForeignTextSafely) {
  EXPECT_EQ(shown("a\"\n\xff"), "\"a\\\"\\x0a\\xff\"");
  EXPECT_EQ(shown("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\"\xc3\xa9\xc3\xa9...\"");
  EXPECT_EQ(shown("abc", 3), "\"abc\"");
}

TEST(Text, PassesOverOneByteOrderMark) {
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFid,at"), "id,at");
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBF\xEF\xBB\xBF"), "\xEF\xBB\xBF");
  for (const char* text : {"", "id", "\xEF\xBB", "id\xEF\xBB\xBF"}) {
    EXPECT_EQ(without_byte_order_mark(text), text);
  }
}

TEST(Text, FindsWhatWasMeant) {
  const std::string_view names[] = {"amount", "account", "count", "customer"};
  EXPECT_EQ(nearest("amuont", names), "amount");
  EXPECT_EQ(nearest("coutn", names), "count");
  EXPECT_EQ(nearest("custmer", names), "customer");
  EXPECT_EQ(nearest("zebra", names), std::nullopt);
  EXPECT_EQ(nearest("", names), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), names), std::nullopt);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3);
  EXPECT_GT(edit_distance("kitten", "sitting", 2), 2);
}

}  // namespace
}  // namespace quintet
