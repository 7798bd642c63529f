#include "expr/aggregates.h"

#include <gtest/gtest.h>

#include "expr/parse.h"

namespace quintet::expr {
namespace {

using event::Kind;
using event::Type;

struct Taken {
  Parsed parsed;
  std::vector<Problem> problems;
  std::optional<AggregateCall> call;
};

Taken taken(std::string_view text) {
  Taken out;
  out.parsed = parse(text);
  if (out.parsed.ok()) out.call = take_apart(*out.parsed.ast, out.problems);
  return out;
}

std::string refused(std::string_view text) {
  const Taken t = taken(text);
  return t.problems.empty() ? "" : t.problems[0].message;
}

TEST(Aggregates, AreTakenApart) {
  EXPECT_EQ(taken("count() over 7d by a").call->input, nullptr);
  EXPECT_EQ(taken("count(x) over 7d by a").call->input->text, "x");
  EXPECT_EQ(taken("quantile(x, 0.95) over 7d by a").call->q, 0.95);
  EXPECT_EQ(taken("quantile(q = 1, x = y) over 7d by a").call->q, 1.0);
  EXPECT_EQ(taken("list(x) over 7d by a").call->limit, 100);
  EXPECT_EQ(taken("list(x, n = 5) over 7d by a").call->limit, 5);
  EXPECT_EQ(taken("top_k(x, 3) over 7d by a").call->limit, 3);
  EXPECT_EQ(taken("any(b)").call->function->id, AggregateId::any);
}

TEST(Aggregates, RefuseArgumentsThatDoNotFit) {
  for (std::string_view text :
       {"sum()", "mean(x, 2)", "count(x, y)", "quantile(x)", "quantile(x, 1.5)", "quantile(x, y)",
        "quantile(x, -0.5)", "list(x, 0)", "list(x, 10001)", "top_k(x)", "top_k(x, 1001)",
        "top_k(x, 2.5)", "sum(y = 1)", "sum(x, x = 2)"}) {
    const Taken t = taken(text);
    ASSERT_EQ(t.problems.size(), 1u) << text;
    EXPECT_EQ(t.problems[0].code, code::kArguments) << text;
    EXPECT_FALSE(t.call.has_value());
  }
  EXPECT_EQ(taken("max(a, b)").problems[0].hint, "the larger of several values is greatest(a, b)");
}

TEST(Aggregates, RefuseAFunctionThatIsNone) {
  EXPECT_EQ(refused("abs(x) over 7d by a"), "`abs` is not an aggregate");
  EXPECT_EQ(taken("meen(x) over 7d by a").problems[0].hint, "did you mean `mean`?");
  EXPECT_EQ(taken("lag(x) over 7d by a").problems[0].hint,
            "write last(x) over 1h delayed 23h by KEY");
}

TEST(Aggregates, RefuseClausesThatDoNotGoTogether) {  // S3.3, S3.5
  EXPECT_EQ(refused("count() over all delayed 7d by a"),
            "`delayed` goes with a window of time only");
  EXPECT_EQ(refused("count() over 5 events every 1h by a"),
            "`every` goes with a window of time only");
  EXPECT_EQ(refused("count() over session 1h delayed 1d by a"),
            "`delayed` goes with a window of time only");
  EXPECT_EQ(refused("count() over 7d every 2d by a"),
            "the window 7d is not a multiple of `every 2d`");
  EXPECT_EQ(refused("count() over 8d every 2d delayed 1d by a"),
            "the delay 1d is not a multiple of `every 2d`");
  EXPECT_EQ(refused("count() over next 1d including this by a"),
            "`including this` does not go with `over next`");
  EXPECT_EQ(refused("count() over 106751991d delayed 1d by a"),
            "window and delay are too long together");
  EXPECT_EQ(refused("count() over 8d every 2d delayed 2d by a including this"), "");
  EXPECT_EQ(taken("meen(x) over all every 1h delayed 1d by a").problems.size(), 3u);
}

TEST(Aggregates, HaveATypeForEveryInputTheyTake) {  // S4
  const auto type = [](std::string_view name, Type input) {
    const std::optional<Type> t = result_type(*find_aggregate(name), input);
    return t ? event::to_string(*t) : "";
  };
  const Type boolean = Type::of(Kind::boolean), int64 = Type::of(Kind::int64);
  const Type real = Type::of(Kind::real), text = Type::of(Kind::text);
  const Type duration = Type::of(Kind::duration), time = Type::of(Kind::timestamp);
  EXPECT_EQ(type("count", text), "int64");
  EXPECT_EQ(type("sum", int64), "int64");
  EXPECT_EQ(type("sum", Type::decimal(2)), "decimal(2)");
  EXPECT_EQ(type("sum", real), "double");
  EXPECT_EQ(type("sum", duration), "int64");
  EXPECT_EQ(type("sum", boolean), "");
  EXPECT_EQ(type("mean", boolean), "double");
  EXPECT_EQ(type("var", text), "");
  EXPECT_EQ(type("min", time), "timestamp");
  EXPECT_EQ(type("max", text), "string");
  EXPECT_EQ(type("max", boolean), "");
  EXPECT_EQ(type("any", boolean), "bool");
  EXPECT_EQ(type("all", int64), "");
  EXPECT_EQ(type("last", Type::decimal(3)), "decimal(3)");
  EXPECT_EQ(type("list", Type::decimal(3)), "list(decimal(3))");
  EXPECT_EQ(type("list", Type::list(text)), "");
  EXPECT_EQ(type("distinct", text), "int64");
  EXPECT_EQ(type("quantile", Type::decimal(2)), "double");
  EXPECT_EQ(type("quantile", time), "");
  EXPECT_EQ(type("top_k", text), "list(string)");
  const Taken sum = taken("sum(flag) over 7d by a");
  EXPECT_EQ(wrong_input(*sum.call, boolean).message,
            "`sum` needs a number or a duration, this is bool");
}

}  // namespace
}  // namespace quintet::expr
