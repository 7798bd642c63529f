#include "expr/parse.h"

#include <gtest/gtest.h>

namespace quintet::expr {
namespace {

std::string shown(std::string_view text) {
  const Parsed p = parse(text);
  return p.ok() ? print(*p.ast) : "problem: " + p.problems.at(0).message;
}

Problem problem_of(std::string_view text) {
  Parsed p = parse(text);
  return p.problems.empty() ? Problem{} : p.problems[0];
}

std::string spanned(std::string_view text) {
  const Problem p = problem_of(text);
  return std::string(text.substr(p.span.begin, p.span.end - p.span.begin));
}

TEST(Parse, BindsOperatorsByPrecedence) {
  EXPECT_EQ(shown("a + b * c"), "(a + (b * c))");
  EXPECT_EQ(shown("a - b - c"), "((a - b) - c)");
  EXPECT_EQ(shown("a / b * c % d"), "(((a / b) * c) % d)");
  EXPECT_EQ(shown("-a * b"), "((- a) * b)");
  EXPECT_EQ(shown("a < b + 1 and not c or d"), "(((a < (b + 1)) and (not c)) or d)");
  EXPECT_EQ(shown("not a == b"), "(not (a == b))");
  EXPECT_EQ(shown("not not a"), "(not (not a))");
  EXPECT_EQ(shown("a or b and c"), "(a or (b and c))");
  EXPECT_EQ(shown("(a or b) and c"), "((a or b) and c)");
  EXPECT_EQ(shown("a + b is null"), "((a + b) is null)");
  EXPECT_EQ(shown("a is not null and b"), "((a is not null) and b)");
  EXPECT_EQ(shown("not a in [1, 2]"), "(not (a in [1, 2]))");
  EXPECT_EQ(shown("a not in [1] is null"), "((a not in [1]) is null)");
}

TEST(Parse, TakesASignIntoTheLiteral) {
  EXPECT_EQ(shown("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(shown("a - -5"), "(a - -5)");
  EXPECT_EQ(shown("a -5"), "(a - 5)");
  EXPECT_EQ(shown("- -5"), "(- -5)");
  EXPECT_EQ(shown("-(5)"), "(- (5))");
  EXPECT_EQ(shown("--0"), "(- (0))");
  EXPECT_EQ(shown("-30m"), "-30m");
  EXPECT_EQ(problem_of("9223372036854775808").code, code::kLiteral);
}

TEST(Parse, ReadsLiterals) {
  EXPECT_EQ(shown("0.50"), "0.5");
  EXPECT_EQ(shown("007.0"), "7.0");
  EXPECT_EQ(shown("1E+06"), "1e6");
  EXPECT_EQ(shown(".5"), "0.5");
  EXPECT_EQ(shown("'it''s'").substr(0, 8), "problem:");
  EXPECT_EQ(shown("'say \\'hi\\' \"x\"\\n'"), "\"say 'hi' \\\"x\\\"\\n\"");
  EXPECT_EQ(shown("[true, false, null]"), "[true, false, null]");
  EXPECT_EQ(shown("1h30m"), "1h30m");
  EXPECT_EQ(shown("90m"), "1h30m");
  EXPECT_EQ(shown("36h"), "1d12h");
  EXPECT_EQ(shown("1500ms"), "1s500ms");
  EXPECT_EQ(shown("[1, 2,]"), "[1, 2]");
}

TEST(Parse, ReadsDurations) {
  EXPECT_EQ(parse_duration("7d"), 7 * kDay);
  EXPECT_EQ(parse_duration("1d12h30m45s10ms5us"),
            kDay + 12 * kHour + 30 * kMinute + 45 * kSecond + 10'005);
  EXPECT_EQ(parse_duration(""), std::nullopt);
  EXPECT_EQ(parse_duration("7"), std::nullopt);
  EXPECT_EQ(parse_duration("d"), std::nullopt);
  EXPECT_EQ(parse_duration("1.5h"), std::nullopt);
  EXPECT_EQ(parse_duration("30m1h"), std::nullopt);
  EXPECT_EQ(parse_duration("1h1h"), std::nullopt);
  EXPECT_EQ(parse_duration("7w"), std::nullopt);
  EXPECT_EQ(parse_duration("-7d"), std::nullopt);
  EXPECT_EQ(parse_duration("106751992d"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999us"), std::nullopt);
}

TEST(Parse, ReadsNamesMembersAndLookUps) {
  EXPECT_EQ(shown("merchant.country != \"BE\""), "(merchant.country != \"BE\")");
  EXPECT_EQ(shown("merchant[other_id].country"), "merchant[other_id].country");
  EXPECT_EQ(shown("merchant [ a + 1 ] . country"), "merchant[(a + 1)].country");
  EXPECT_EQ(problem_of("a.b.c").code, code::kSyntax);
  EXPECT_EQ(problem_of("a[1]").code, code::kSyntax);
}

TEST(Parse, NamesCharactersThatLookLikeOthersOrLikeNothing) {
  EXPECT_EQ(problem_of("a \xE2\x88\x92 b").message,
            "the minus sign U+2212 means nothing in an expression");
  EXPECT_EQ(problem_of("a \xE2\x88\x92 b").hint, "write the plain `-`");
  EXPECT_EQ(problem_of("\xE2\x80\x8B"
                       "a")
                .message,
            "the invisible space U+200B means nothing in an expression");
  EXPECT_EQ(problem_of("a == \xE2\x80\x9Cx\xE2\x80\x9D").hint,
            "texts stand in plain quotes: '...' or \"...\"");
  EXPECT_EQ(problem_of("\xC3\xA9 + 1").message, "`\xC3\xA9` means nothing in an expression");
}

TEST(Parse, ReadsCallsWithNamedArguments) {
  EXPECT_EQ(shown("round(x, digits = 2)"), "round(x, digits = 2)");
  EXPECT_EQ(shown("if(a == 1, 2, 3)"), "if((a == 1), 2, 3)");
  EXPECT_EQ(shown("f()"), "f()");
}

TEST(Parse, ReadsTheClausesOfAnAggregateInAnyOrder) {
  const std::string all =
      "(mean(amount) from transaction where (amount > 0) over 7d every 1h delayed 1d by "
      "(customer_id) including this)";
  EXPECT_EQ(shown("mean(amount) from transaction where amount > 0 over 7d every 1h delayed 1d by "
                  "customer_id including this"),
            all);
  EXPECT_EQ(shown("mean(amount) including this by (customer_id) delayed 24h over 7d where amount > "
                  "0 every 60m from transaction"),
            all);
  EXPECT_EQ(shown(all), all);
}

TEST(Parse, ReadsEveryKindOfWindow) {
  EXPECT_EQ(shown("count() over 5 events by a"), "(count() over 5 events by (a))");
  EXPECT_EQ(shown("count() over session 30m by a"), "(count() over session 30m by (a))");
  EXPECT_EQ(shown("count() over all by a"), "(count() over all by (a))");
  EXPECT_EQ(shown("any(fraud) from chargeback over next 120d by transaction_id"),
            "(any(fraud) from chargeback over next 120d by (transaction_id))");
}

TEST(Parse, ReadsKeysThatAreRenamedOrComputed) {
  EXPECT_EQ(shown("count() from b over 1d by (k = lower(name), j)"),
            "(count() from b over 1d by (k = lower(name), j))");
}

TEST(Parse, TakesACallWithoutClausesForAnAggregateByItsName) {
  EXPECT_EQ(parse("count()").ast->kind, Ast::Kind::aggregate);
  EXPECT_EQ(parse("sum(amount) / 2").ast->children[0]->kind, Ast::Kind::aggregate);
  EXPECT_EQ(parse("abs(amount)").ast->kind, Ast::Kind::call);
  EXPECT_EQ(parse("abs(amount) over 7d by a").ast->kind, Ast::Kind::aggregate);
}

TEST(Parse, GoesOnAfterAnAggregate) {
  EXPECT_EQ(shown("amount / mean(amount) over 7d by a - 1"),
            "((amount / (mean(amount) over 7d by (a))) - 1)");
  EXPECT_EQ(shown("coalesce(mean(x) over 7d by a, 0)"), "coalesce((mean(x) over 7d by (a)), 0)");
}

TEST(Parse, GivesTheWindowAfterACallInWhereToTheAggregate) {
  EXPECT_EQ(shown("count() where length(name) > 3 and starts_with(name, \"a\") over 7d by a"),
            "(count() where ((length(name) > 3) and starts_with(name, \"a\")) over 7d by (a))");
}

TEST(Parse, RefusesWhatComesWithALaterVersion) {
  for (std::string_view text :
       {"count() over first 5 events by a", "count() over next 20 events by a",
        "count() over next until b", "count() over 7d step 1h by a", "count() until b",
        "count() over 7d by a each x", "count() over 7d emit x"}) {
    EXPECT_EQ(problem_of(text).code, code::kReserved) << text;
    EXPECT_NE(problem_of(text).message.find("reserved for a later version"), std::string::npos);
  }
  EXPECT_EQ(shown("step + 1"), "(step + 1)");
}

TEST(Parse, PointsAtWhatIsWrong) {
  const struct {
    std::string_view text, span, code;
  } kCases[] = {
      {"a +", "", code::kSyntax},
      {"a + * b", "*", code::kSyntax},
      {"a b", "b", code::kSyntax},
      {"a = 1", "=", code::kSyntax},
      {"a && b", "&&", code::kSyntax},
      {"!a", "!", code::kSyntax},
      {"a < b < c", "<", code::kSyntax},
      {"a is 1", "1", code::kSyntax},
      {"if(a, 1", "(a, 1", code::kUnclosed},
      {"[1, 2", "[1, 2", code::kUnclosed},
      {"\"abc", "\"abc", code::kUnclosed},
      {"a # b", "#", code::kSyntax},
      {"a \xff b", "\xff", code::kSyntax},
      {"\"a\xff\"", "\"a", code::kLiteral},
      {"7x", "7x", code::kLiteral},
      {"010", "010", code::kLiteral},
      {"2024-01-02", "01", code::kLiteral},
      {"1.5h", "1.5h", code::kLiteral},
      {"\"\\q\"", "\\q", code::kLiteral},
      {"f(a,, b)", ",", code::kSyntax},
      {"f(a))", ")", code::kSyntax},
      {"from + 1", "from", code::kSyntax},
      {"a > not (b)", "not", code::kSyntax},
      {"in(a)", "in", code::kSyntax},
      {"a over 7d", "over", code::kAggregate},
      {"count() over 7 by a", "7", code::kAggregate},
      {"count() over by a", "by", code::kAggregate},
      {"count() over 0s by a", "0s", code::kAggregate},
      {"count() over 0 events by a", "0", code::kAggregate},
      {"count() over 7d over 8d", "over", code::kAggregate},
      {"count() over 7d by a, b", ",", code::kSyntax},
      {"count() over 7d including that", "that", code::kAggregate},
      {"count() over 7d delayed by a", "by", code::kAggregate},
      {"count() from over 7d", "over", code::kAggregate},
      {"count() by ()", ")", code::kAggregate},
      {"", "", code::kSyntax},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(problem_of(c.text).code, c.code) << c.text;
    EXPECT_EQ(spanned(c.text), c.span) << c.text;
  }
}

TEST(Parse, SaysWhatToWriteInstead) {
  EXPECT_EQ(problem_of("a = 1").hint, "equality is written ==");
  EXPECT_EQ(problem_of("a || b").hint, "write `or`");
  EXPECT_EQ(problem_of("a < b < c").hint, "write a < b and b < c");
  EXPECT_EQ(problem_of("count() over 7d by a, b").hint,
            "several keys stand in parentheses: by (a, b)");
  EXPECT_EQ(problem_of("count() over 7").hint, "write 7 events, or a duration as 7d");
}

TEST(Parse, KnowsWhereEverythingStands) {
  const std::string_view text = "round(amount, digits = 2) > merchant.limit";
  const Parsed p = parse(text);
  const auto at = [&](Span s) { return text.substr(s.begin, s.end - s.begin); };
  EXPECT_EQ(at(p.ast->span), text);
  EXPECT_EQ(at(p.ast->name_span), ">");
  const Ast& call = *p.ast->children[0];
  EXPECT_EQ(at(call.span), "round(amount, digits = 2)");
  EXPECT_EQ(at(call.name_span), "round");
  EXPECT_EQ(at(call.arguments[1].name_span), "digits");
  EXPECT_EQ(at(p.ast->children[1]->member_span), "limit");
}

TEST(Parse, KeepsItsLimits) {
  EXPECT_EQ(problem_of(std::string(4097, 'a')).code, code::kTooLarge);
  EXPECT_TRUE(parse(std::string(4096, 'a')).ok());
  EXPECT_EQ(problem_of(std::string(70, '(') + "a" + std::string(70, ')')).code, code::kTooLarge);
  EXPECT_TRUE(parse(std::string(60, '(') + "a" + std::string(60, ')')).ok());
  EXPECT_EQ(problem_of(std::string(2000, '-') + "a").code, code::kTooLarge);
  std::string chain = "a";
  for (int i = 0; i < 200; ++i) chain += "+a";
  EXPECT_TRUE(parse(chain).ok());
  for (int i = 0; i < 200; ++i) chain += "+a";
  EXPECT_EQ(problem_of(chain).code, code::kTooLarge);
  std::string wide = "f(a";
  for (int i = 0; i < 2000; ++i) wide += ",a";
  EXPECT_EQ(problem_of(wide + ")").code, code::kTooLarge);
}

TEST(Parse, VisitsAggregatesAndNamesOnce) {
  const Parsed p = parse("a + count() where b over 7d by c + max(d) over all by e + t[k].f + u.v");
  std::vector<std::string> aggregates, names;
  visit_aggregates(*p.ast, [&](const Ast& a) { aggregates.push_back(a.text); });
  visit_names(*p.ast, [&](const Ast& a) { names.push_back(print(a)); });
  EXPECT_EQ(aggregates, (std::vector<std::string>{"count", "max"}));
  EXPECT_EQ(names, (std::vector<std::string>{"a", "k", "t[k].f", "u.v"}));
}

TEST(Suggest, FindsASlipOfTheFingerOnly) {
  const std::vector<std::string> names = {"amount", "customer_id", "at", "terminal_id"};
  EXPECT_EQ(nearest("amuont", names), "amount");
  EXPECT_EQ(nearest("customerId", names), "customer_id");
  EXPECT_EQ(nearest("costumer_id", names), "customer_id");
  EXPECT_EQ(nearest("zz", names), "");
  EXPECT_EQ(nearest("fraud", names), "");
  EXPECT_EQ(did_you_mean("ammount", names), "did you mean `amount`?");
}

TEST(Codes, AllHaveATextAndStandOnce) {
  for (std::size_t i = 1; i < codes().size(); ++i) EXPECT_LT(codes()[i - 1].code, codes()[i].code);
  for (const CodeText& c : codes()) EXPECT_FALSE(c.text.empty()) << c.code;
}

}  // namespace
}  // namespace quintet::expr
