#include <gtest/gtest.h>

#include "expr/testing.h"

namespace quintet::expr {
namespace {

TEST(Operators, FollowThreeValuedLogic) {  // S6.2
  const std::string t = "flag", f = "(not flag)", u = "(missing == 1)";
  const struct {
    std::string a, b, both, either;
  } kTable[] = {{t, t, "true", "true"},  {t, f, "false", "true"},  {t, u, "null", "true"},
                {f, t, "false", "true"}, {f, f, "false", "false"}, {f, u, "false", "null"},
                {u, t, "null", "true"},  {u, f, "false", "null"},  {u, u, "null", "null"}};
  for (const auto& row : kTable) {
    EXPECT_EQ(answer(row.a + " and " + row.b).text, row.both) << row.a << row.b;
    EXPECT_EQ(answer(row.a + " or " + row.b).text, row.either) << row.a << row.b;
  }
  EXPECT_EQ(answer("not flag").text, "false");
  EXPECT_EQ(answer("not (missing == 1)").text, "null");
  EXPECT_EQ(answer("null and flag").text, "null");
  EXPECT_EQ(answer("null or flag").text, "true");
}

TEST(Operators, GiveNullForNull) {  // S6.2
  for (std::string_view text :
       {"missing + 1", "1 - missing", "missing * 2.5", "missing / 2", "missing % 2", "-missing",
        "missing == 1", "missing != 1", "missing < amount", "nothing == name", "missing in [1]"}) {
    EXPECT_EQ(answer(text).text, "null") << text;
    EXPECT_EQ(answer(text).fault, Fault::none) << text;
  }
  EXPECT_EQ(answer("missing is null").text, "true");
  EXPECT_EQ(answer("missing is not null").text, "false");
  EXPECT_EQ(answer("n + 1 is null").text, "false");
  EXPECT_EQ(answer("if(missing == 1, 1, 2)").text, "2");
}

TEST(Operators, AreExactOnInt64OrNullWithAFault) {  // S6.3
  EXPECT_EQ(answer("9223372036854775807 + 0").text, "9223372036854775807");
  for (std::string_view text :
       {"9223372036854775807 + 1", "-9223372036854775808 - 1", "9223372036854775807 * 2",
        "-(-9223372036854775808 + 0)", "amount + 9223372036854775807",
        "amount * 9223372036854775807", "106751991d * 2", "at + 106751991d", "at - 106751991d",
        "1e308 * 10 * x"}) {
    EXPECT_EQ(answer(text).text, "null") << text;
    EXPECT_EQ(answer(text).fault, Fault::overflow) << text;
  }
}

TEST(Operators, DivideExactlyAndRoundOnce) {  // S6.3
  EXPECT_EQ(answer("1 / 3").text, "0.3333333333333333");
  EXPECT_EQ(answer("9007199254740993 / 9007199254740992").text, "1");  // a tie, to even
  EXPECT_EQ(answer("9007199254740995 / 9007199254740992").text, "1.0000000000000004");
  EXPECT_EQ(answer("9223372036854775807 / 2").text, "4611686018427387904");
  EXPECT_EQ(answer("amount / 5").text, "2.5");
  EXPECT_EQ(answer("0.01 / amount == 0.0008").text, "true");
  EXPECT_EQ(answer("gap / 1h").text, "1.5");
  for (std::string_view text : {"n / 0", "x / 0", "amount / 0.00", "n % 0", "gap / 0s", "0 / 0"}) {
    EXPECT_EQ(answer(text).text, "null") << text;
    EXPECT_EQ(answer(text).fault, Fault::domain) << text;
  }
}

TEST(Operators, GiveTheRemainderTheSignOfTheDivisor) {  // S6.3
  EXPECT_EQ(answer("n % 3").text, "1");
  EXPECT_EQ(answer("-n % 3").text, "2");
  EXPECT_EQ(answer("n % -3").text, "-2");
  EXPECT_EQ(answer("-n % -3").text, "-1");
  EXPECT_EQ(answer("-9223372036854775808 % -1").text, "0");
}

TEST(Operators, KeepDecimalsExact) {  // S6.3
  EXPECT_EQ(answer("amount + 0.1").text, "12.60");
  EXPECT_EQ(answer("amount * 3").text, "37.50");
  EXPECT_EQ(answer("amount - n").text, "5.50");
  EXPECT_EQ(answer("amount * amount").text, "156.25");
  EXPECT_EQ(answer("amount * 0.1").text, "1.25");
  EXPECT_EQ(answer("0.1 + 0.2").text, "0.30000000000000004");  // doubles, and said so
}

TEST(Operators, CompareNumbersByExactValue) {  // S6.4
  EXPECT_EQ(answer("amount == 12.5").text, "true");
  EXPECT_EQ(answer("amount == 12.500").text, "true");
  EXPECT_EQ(answer("amount == 12.501").text, "false");
  EXPECT_EQ(answer("amount < 12.501").text, "true");
  EXPECT_EQ(answer("amount > 12.4999999999999999999999").text, "false");  // the double 12.5
  EXPECT_EQ(answer("amount == 12.1 + 0.4").text, "true");
  EXPECT_EQ(answer("amount - 12.4 == 0.1").text, "true");
  EXPECT_EQ(answer("amount - 12.4 == to_double(\"0.1\")").text, "false");
  EXPECT_EQ(answer("9007199254740993 > 9007199254740992.0").text, "true");
  EXPECT_EQ(answer("9007199254740993 == 9007199254740993.0").text, "false");
  EXPECT_EQ(answer("9223372036854775807 < 9223372036854775808.0").text, "true");
  EXPECT_EQ(answer("n <= 7.0").text, "true");
  EXPECT_EQ(answer("n < 1e300").text, "true");
  EXPECT_EQ(answer("x >= 2").text, "true");
  EXPECT_EQ(answer("-0.0 == 0").text, "true");  // S6.1
}

TEST(Operators, CompareTextsByBytes) {  // S6.6
  EXPECT_EQ(answer("\"Z\" < \"a\"").text, "true");
  EXPECT_EQ(answer("\"z\" < \"\xc3\xa4\"").text, "true");
  EXPECT_EQ(answer("\"a\" < \"aa\"").text, "true");
  EXPECT_EQ(answer("name != \"anna\"").text, "true");
}

TEST(Operators, ReckonWithTimes) {
  EXPECT_EQ(answer("at + gap").text, "2024-02-29T15:15:30Z");
  EXPECT_EQ(answer("at - 1d").text, "2024-02-28T13:45:30Z");
  EXPECT_EQ(answer("at - (at - 90m)").text, "1h30m");
  EXPECT_EQ(answer("at - 1d < at").text, "true");
  EXPECT_EQ(answer("gap * 2 == 3h").text, "true");
  EXPECT_EQ(answer("-gap").text, "-1h30m");
  EXPECT_EQ(answer("30m - gap").text, "-1h");
}

TEST(Operators, NeverLetNanOrInfinityIn) {  // S6.1
  for (std::string_view text : {"1e308 * 10.0", "1e308 + 1e308", "-1e308 - 1e308", "pow(10, 309)",
                                "exp(710)", "log(-1)", "sqrt(-0.5)", "pow(-1, 0.5)"}) {
    EXPECT_EQ(answer(text).text, "null") << text;
    EXPECT_NE(answer(text).fault, Fault::none) << text;
  }
  EXPECT_EQ(answer("1e309").problems.at(0).code, code::kLiteral);
}

TEST(Operators, LookIntoLists) {
  EXPECT_EQ(answer("n in [5, 7]").text, "true");
  EXPECT_EQ(answer("n not in [5, 7]").text, "false");
  EXPECT_EQ(answer("amount in [12.5, 13]").text, "true");
  EXPECT_EQ(answer("amount in [12.501]").text, "false");
  EXPECT_EQ(answer("0.1 in [amount - 12.4]").text, "true");
  EXPECT_EQ(answer("2 in [n, amount - 10.5]").text, "true");
  EXPECT_EQ(answer("7 in [n, amount]").text, "true");
  EXPECT_EQ(answer("name in [\"Eve\", \"Anna\"]").text, "true");
  EXPECT_EQ(answer("\"b\" in tags").text, "true");
  EXPECT_EQ(answer("\"c\" not in tags").text, "true");
  EXPECT_EQ(answer("n in [missing, 7]").text, "true");
  EXPECT_EQ(answer("n in [missing, 8]").text, "null");
  EXPECT_EQ(answer("7 in [n, 2.5]").text, "true");
  EXPECT_EQ(answer("contains([1, 2], n)").text, "false");
  EXPECT_EQ(answer("contains(tags, part = \"b\")").text, "true");
}

TEST(Operators, DoNotLookAtWhatDoesNotMatter) {
  EXPECT_EQ(answer("flag or n / 0 > 1").fault, Fault::none);
  EXPECT_EQ(answer("if(flag, 1, 1 / 0)").fault, Fault::none);
  EXPECT_EQ(answer("coalesce(n, n % 0)").fault, Fault::none);
  EXPECT_EQ(answer("coalesce(n % 0, 1)").text, "1");
  EXPECT_EQ(answer("coalesce(n % 0, 1)").fault, Fault::domain);
}

}  // namespace
}  // namespace quintet::expr
