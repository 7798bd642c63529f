#include "expr/check.h"

#include <gtest/gtest.h>

#include "expr/testing.h"

namespace quintet::expr {
namespace {

using event::Kind;
using event::Type;
using event::Value;

std::string type_name(std::string_view text) {
  const Answer a = answer(text);
  return a.problems.empty() ? event::to_string(a.type) : a.text;
}

std::string first_code(std::string_view text, const CheckOptions& options = {}) {
  const Answer a = answer(text, options);
  return a.problems.empty() ? "" : a.problems[0].code;
}

std::string first_hint(std::string_view text) {
  const Answer a = answer(text);
  return a.problems.empty() ? "" : a.problems[0].hint;
}

std::string first_place(std::string_view text) {
  const Answer a = answer(text);
  if (a.problems.empty()) return "";
  const Span s = a.problems[0].span;
  return std::string(text.substr(s.begin, s.end - s.begin));
}

TEST(Check, GivesEveryOperationItsType) {  // S6.3
  EXPECT_EQ(type_name("n + 1"), "int64");
  EXPECT_EQ(type_name("n * n - n"), "int64");
  EXPECT_EQ(type_name("n / 2"), "double");
  EXPECT_EQ(type_name("n % 2"), "int64");
  EXPECT_EQ(type_name("amount + 1"), "decimal(2)");
  EXPECT_EQ(type_name("amount + 0.5"), "decimal(2)");
  EXPECT_EQ(type_name("amount * 2"), "decimal(2)");
  EXPECT_EQ(type_name("n * amount"), "decimal(2)");
  EXPECT_EQ(type_name("amount * amount"), "double");
  EXPECT_EQ(type_name("amount / 2"), "double");
  EXPECT_EQ(type_name("amount + x"), "double");
  EXPECT_EQ(type_name("x + 1"), "double");
  EXPECT_EQ(type_name("1.5"), "double");
  EXPECT_EQ(type_name("-amount"), "decimal(2)");
  EXPECT_EQ(type_name("at - at"), "duration");
  EXPECT_EQ(type_name("at + 1d"), "timestamp");
  EXPECT_EQ(type_name("1d + at"), "timestamp");
  EXPECT_EQ(type_name("gap * 2"), "duration");
  EXPECT_EQ(type_name("2 * gap - 1h"), "duration");
  EXPECT_EQ(type_name("gap / 1h"), "double");
  EXPECT_EQ(type_name("-gap"), "duration");
  EXPECT_EQ(type_name("n > 1 and flag"), "bool");
  EXPECT_EQ(type_name("if(flag, 1, 2.5)"), "double");
  EXPECT_EQ(type_name("if(flag, amount, 1.25)"), "decimal(2)");
  EXPECT_EQ(type_name("if(flag, amount, 1.125)"), "double");
  EXPECT_EQ(type_name("coalesce(missing, 0)"), "int64");
  EXPECT_EQ(type_name("coalesce(x, 0)"), "double");
  EXPECT_EQ(type_name("coalesce(null, n)"), "int64");
  EXPECT_EQ(type_name("[1, 2.5]"), "list(double)");
  EXPECT_EQ(type_name("shop.size"), "int64");
}

TEST(Check, RefusesTypesThatDoNotFit) {
  for (std::string_view text : {"name + 1",
                                "name + name",
                                "flag + 1",
                                "at + at",
                                "at * 2",
                                "gap * 1.5",
                                "gap + 1",
                                "x % 2",
                                "amount % 2",
                                "-name",
                                "-flag",
                                "-at",
                                "n == name",
                                "n == \"7\"",
                                "flag == 1",
                                "flag < flag",
                                "gap > 7",
                                "at > 5",
                                "tags == tags",
                                "n in [\"a\"]",
                                "name in [1]",
                                "n in n",
                                "n in tags",
                                "if(flag, n, name)",
                                "coalesce(n, flag)",
                                "abs(name)",
                                "hour(n)",
                                "lower(n)",
                                "days(n)",
                                "size(name)",
                                "hour(null)",
                                "n + null",
                                "null",
                                "coalesce(null, null)",
                                "[]",
                                "[1, \"a\"]",
                                "element(name, 1)",
                                "least(flag, flag)",
                                "case(n, \"a\", 1, 0)",
                                "nullif(n, name)",
                                "contains(name, 1)",
                                "to_double(at)",
                                "truncate(at, 3)"}) {
    EXPECT_EQ(first_code(text), code::kType) << text;
  }
}

TEST(Check, NamesBothTypesAndSaysWhatToWrite) {
  EXPECT_EQ(answer("name + n").text, "problem: `+` does not take string and int64");
  EXPECT_EQ(first_hint("name + name"), "texts are joined by concat(a, b)");
  EXPECT_EQ(first_hint("flag + 1"), "a bool becomes a number by if(b, 1, 0)");
  EXPECT_EQ(answer("n == name").text, "problem: `==` cannot compare int64 and string");
  EXPECT_EQ(first_hint("n == \"7\""), "write the number without quotes");
  EXPECT_EQ(first_hint("at > \"2024-01-01\""),
            "no literal is a point in time: compare a part of it, as year(at) >= 2024");
  EXPECT_EQ(first_hint("gap > 7"), "write a duration, as 7d or 30m");
  EXPECT_EQ(first_hint("flag == 1"), "a bool is true or false");
}

TEST(Check, RefusesEqualityWithNull) {  // S6.2
  EXPECT_EQ(first_code("n == null"), code::kNullCompared);
  EXPECT_EQ(first_hint("n == null"), "write n is null");
  EXPECT_EQ(first_hint("null != amount"), "write amount is not null");
  EXPECT_EQ(first_code("n in [1, null]"), code::kNullCompared);
  EXPECT_EQ(first_code("null in [1]"), code::kNullCompared);
}

TEST(Check, WantsABoolInEveryCondition) {
  for (std::string_view text : {"n and flag", "flag or name", "not n", "if(n, 1, 2)"}) {
    EXPECT_EQ(first_code(text), code::kNotBool) << text;
  }
  CheckOptions where;
  where.expected = Type::of(Kind::boolean);
  where.what = "`where`";
  EXPECT_EQ(answer("n", where).text, "problem: `where` needs bool, this is int64");
  EXPECT_EQ(first_code("n", where), code::kNotBool);
  EXPECT_EQ(answer("n > 1", where).text, "true");
}

TEST(Check, FindsAllIndependentProblemsInOneRun) {
  const Answer a = answer("amuont + 1 > nothing2 and hourr(at) == null or n");
  ASSERT_EQ(a.problems.size(), 4u);
  EXPECT_EQ(a.problems[0].hint, "did you mean `amount`?");
  EXPECT_EQ(a.problems[1].hint, "did you mean `nothing`?");
  EXPECT_EQ(a.problems[2].hint, "did you mean `hour`?");
  EXPECT_EQ(a.problems[3].code, code::kNotBool);
}

TEST(Check, PointsAtTheNameTheOperatorOrTheArgument) {
  EXPECT_EQ(first_place("1 + amuont"), "amuont");
  EXPECT_EQ(first_place("n + name"), "+");
  EXPECT_EQ(first_place("abs(n, 1)"), "1");
  EXPECT_EQ(first_place("shop.sizes > 1"), "sizes");
  EXPECT_EQ(first_place("shp.size > 1"), "shp");
  EXPECT_EQ(first_place("abss(n)"), "abss");
  EXPECT_EQ(first_place("lower(n)"), "n");
}

TEST(Check, SuggestsTheNameThatWasMeant) {
  EXPECT_EQ(first_hint("shop.sizes"), "did you mean `size`?");
  EXPECT_EQ(first_hint("shp.size"), "did you mean `shop`?");
  EXPECT_EQ(first_hint("shop"), "write `shop.` and one of its parts, as shop.size");
  EXPECT_EQ(first_hint("country == BELGIUM"), "a text stands in quotes: \"country\"");
  EXPECT_EQ(first_hint("now()"), "no expression reads a clock; use the event's own time");
  EXPECT_EQ(first_hint("maen(x)"), "did you mean `mean`?");
}

TEST(Check, SaysWhyAKnownNameMayNotBeRead) {
  EXPECT_EQ(first_code("is_fraud"), code::kNotReadable);
  EXPECT_EQ(answer("is_fraud").text, "problem: `is_fraud` is a label, known only after its delay");
}

TEST(Check, IsSilentAboutWhatWasReportedBefore) {
  const Parsed p = parse("broken + 1 > name");
  const Checked c = check(*p.ast, ExampleScope());
  EXPECT_TRUE(c.failed);
  EXPECT_FALSE(c.ok());
  EXPECT_TRUE(c.problems.empty());
}

TEST(Check, TakesAggregatesFromTheCaller) {
  const Parsed p = parse("amount / mean(amount) over 7d by name");
  EXPECT_EQ(check(*p.ast, ExampleScope()).problems.at(0).code, code::kNoAggregateHere);
  Resolved resolved;
  visit_aggregates(*p.ast, [&](const Ast& a) {
    resolved[&a] = Symbol{2, Type::of(Kind::real), "mean(amount) over 7d", {}, {}, false};
  });
  CheckOptions options;
  options.resolved = &resolved;
  const Checked c = check(*p.ast, ExampleScope(), options);
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(c.program.canonical(), "(amount / mean(amount) over 7d)");
  event::Arena arena;
  EXPECT_EQ(c.program.run(example_row(), arena).as_real(), 5.0);
}

TEST(Check, WidensToTheExpectedTypeOnly) {
  CheckOptions real, decimal, text;
  real.expected = Type::of(Kind::real);
  decimal.expected = Type::decimal(3);
  text.expected = Type::of(Kind::text);
  EXPECT_EQ(answer("n", real).text, "7");
  EXPECT_EQ(answer("n", real).type, Type::of(Kind::real));
  EXPECT_EQ(answer("amount", real).text, "12.5");
  EXPECT_EQ(answer("amount", decimal).text, "12.500");
  EXPECT_EQ(answer("1.25", decimal).text, "1.250");
  EXPECT_EQ(first_code("1.2345", decimal), code::kType);
  EXPECT_EQ(first_code("x", decimal), code::kType);
  EXPECT_EQ(answer("null", text).text, "null");
  EXPECT_EQ(first_code("n", text), code::kType);
}

TEST(Check, HasOneNormalFormForOneMeaning) {
  const std::string form = answer("(amount+0.50)>shop.size and n in [1,2]").canonical;
  EXPECT_EQ(form, "(((amount + 0.5) > shop[shop_id].size) and is_in(n, [1, 2]))");
  EXPECT_EQ(answer("amount + .5 > (shop . size) and (is_in(n, [1, 2]))").canonical, form);
  EXPECT_EQ(answer("round(digits = 1, x = x)").canonical, "round(x, 1)");
  EXPECT_EQ(answer("gap > 90m").canonical, answer("gap > 1h30m").canonical);
  EXPECT_EQ(answer("name == 'a'").canonical, answer("name == \"a\"").canonical);
  EXPECT_NE(answer("n - (n - 1) > 0").canonical, answer("(n - n) - 1 > 0").canonical);
}

TEST(Check, ReadsLiteralsAsConstants) {
  event::Arena arena;
  EXPECT_EQ(constant(*parse("false").ast, std::nullopt, arena).value.as_bool(), false);
  EXPECT_EQ(constant(*parse("1.5").ast, Type::decimal(2), arena).value.as_int64(), 150);
  EXPECT_EQ(constant(*parse("[\"a\", \"b\"]").ast, std::nullopt, arena).value.items().size(), 2u);
  EXPECT_TRUE(constant(*parse("null").ast, std::nullopt, arena).problems.empty());
  EXPECT_EQ(constant(*parse("n").ast, std::nullopt, arena).problems.at(0).code, code::kType);
  EXPECT_EQ(constant(*parse("1 + 1").ast, std::nullopt, arena).problems.at(0).code, code::kType);
  EXPECT_EQ(constant(*parse("\"a\"").ast, Type::of(Kind::int64), arena).problems.size(), 1u);
}

}  // namespace
}  // namespace quintet::expr
