#include <gtest/gtest.h>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

// A column of orders (and its name `c`), expected to be refused.
Diagnostic column_refused(std::string_view code, const std::string& expression) {
  return refused(code, kShop,
                 "features:\n  f:\n    of: order\n    columns:\n      c: " + expression + "\n");
}

Diagnostic columns_refused(std::string_view code, const std::string& columns) {
  return refused(code, kShop, "features:\n  f:\n    of: order\n    columns:\n" + columns);
}

Diagnostic ping_refused(std::string_view code, const std::string& expression) {
  return refused(code, kShop,
                 "features:\n  f:\n    of: ping\n    columns:\n      c: " + expression + "\n");
}

TEST(Columns, RefusesUnknownNamesWithTheNearestOne) {
  EXPECT_EQ(column_refused("QNT-0310", "«amuont» + 1").hint, "did you mean `amount`?");
  EXPECT_EQ(column_refused("QNT-0310", "product.«prise»").hint, "did you mean `price`?");
  column_refused("QNT-0310", "count() where «amuont» > 1 over 7d by customer");
  column_refused("QNT-0310", "mean(«amuont») over 7d by customer");
  column_refused("QNT-0202", "count() over 7d by «custmer»");
  column_refused("QNT-0201", "count() from «refnd» over 7d by customer");
  column_refused("QNT-0201", "count() from «product» over 7d by sku");
  column_refused("QNT-0201", "«prodct»[sku].price");
  column_refused("QNT-0202", "product[sku].«prise»");
}

TEST(Columns, RefusesWhatMayNotBeRead) {
  column_refused("QNT-0311", "if(«returned», 1, 0)");
  column_refused("QNT-0311", "if(«back», 1, 0)");
  column_refused("QNT-0311", "length(«audit_no»)");
  column_refused("QNT-0311", "«product.secret»");
  column_refused("QNT-0311", "any(«returned») over 7d delayed 7d by customer");
  column_refused("QNT-0408", "count() over 7d by «audit_no»");
}

TEST(Columns, RefusesComputedNamesInsideAnAggregate) {
  columns_refused("QNT-0311", "      a: amount * 2\n      b: mean(«a») over 7d by customer\n");
  columns_refused("QNT-0311",
                  "      a: lower(customer)\n      b: count() over 7d by (customer = «a»)\n");
}

TEST(Columns, RefusesWrongTypesAtTheirOwnPlace) {
  column_refused("QNT-0320", "weekday(«amount»)");
  column_refused("QNT-0320", "mean(«note») over 7d by customer");
}

TEST(Columns, NamesTheWholeCycle) {
  const Diagnostic cycle =
      columns_refused("QNT-0404", "      a: b + 1\n      b: c + 1\n      c: «a» + 1\n      d: c\n");
  EXPECT_EQ(cycle.message, "`a` needs itself: a -> b -> c -> a");
  EXPECT_EQ(cycle.related.size(), 3U);
  columns_refused("QNT-0404", "      a: «a» + 1\n");
}

TEST(Columns, RefusesAWindowOnAnEventWithoutTime) {
  ping_refused("QNT-0402", "count() over «7d» by customer");
  ping_refused("QNT-0402", "count() over «session 30m» by customer");
  ping_refused("QNT-0402", "count() from order over «7d» by customer");
  column_refused("QNT-0402", "count() from ping over «7d» by customer");
  EXPECT_TRUE(accepted(kShop,
                       "features:\n  f:\n    of: ping\n    columns:\n"
                       "      a: count() over all by customer\n"
                       "      b: mean(level) over 5 events by customer\n"));
}

TEST(Columns, RefusesALabelThatIsReadBeforeItIsKnown) {
  const Diagnostic early = column_refused("QNT-0403", "any(back) over «7d» by customer");
  ASSERT_EQ(early.related.size(), 1U);
  EXPECT_EQ(early.hint, "write `delayed 7d` or more");
  column_refused("QNT-0403", "any(back) over 7d delayed «6d» by customer");
  column_refused("QNT-0403", "count() where back over «all» by customer");
  column_refused("QNT-0403", "any(back) over «5 events» by customer");
  column_refused("QNT-0403", "any(back) over 7d delayed 7d by customer «including this»");
  // Rounded down, 00:59 of a day and 23:00 of the day before are an hour's step apart.
  const Diagnostic rounded =
      column_refused("QNT-0403", "any(back) over 7d every 1d delayed «7d» by customer");
  EXPECT_EQ(rounded.hint, "write `delayed 8d` or more");
  column_refused("QNT-0403", "count() where back over 7d every 7d delayed «7d» by customer");
  EXPECT_TRUE(accepted(kShop,
                       "features:\n  f:\n    of: order\n    columns:\n"
                       "      c: any(back) over 7d delayed 7d by customer\n"
                       "      d: any(back) over 7d every 1d delayed 8d by customer\n"));
}

TEST(Columns, RefusesAnAggregateWithoutWindowOrKey) {
  column_refused("QNT-0405", "1 + «mean(amount)»");
  column_refused("QNT-0405", "«mean(amount) over 7d»");
  column_refused("QNT-0405", "«mean(amount) by customer»");
}

TEST(Columns, RefusesToLookForward) {
  column_refused("QNT-0406", "count() over «next 7d» by customer");
}

TEST(Columns, RefusesThisEventInAnotherGroup) {
  column_refused("QNT-0407", "count() from refund over 7d by customer «including this»");
  column_refused("QNT-0407", "count() over 7d by (customer = sku) «including this»");
}

TEST(Columns, RefusesKeysThatDoNotFit) {
  column_refused("QNT-0408", "count() from refund over 7d by «refund_id»");
  column_refused("QNT-0408", "count() over 7d by (customer, «customer»)");
  column_refused("QNT-0320", "count() from refund over 7d by (customer = «amount»)");
}

TEST(Columns, RefusesALookUpWithAnotherKey) {
  ping_refused("QNT-0311", "«product.price»");
  refused("QNT-0409", kHead,
          "tables:\n  t: {key: [a, b], fields: {a: string, b: string, c: int64}}\n"
          "events:\n  e: {fields: {a: string}}\n"
          "features:\n  f: {of: e, columns: {c2: \"«t[a].c»\"}}\n");
}

TEST(Columns, RefusesWindowsThatAreNotWhole) {
  column_refused("QNT-0331", "count() over «90m» every 1h by customer");
  column_refused("QNT-0331", "count() over all delayed «7d» by customer");
}

TEST(Columns, RefusesUnknownSetsAndSetsInTheExpressionAlone) {
  columns_refused("QNT-0216", "      c_«{dayz}»: count() over {dayz} by customer\n");
  columns_refused("QNT-0217", "      c: count() over «{days}» by customer\n");
}

TEST(Columns, PointsIntoTheFileForAMemberOfASet) {
  columns_refused("QNT-0310", "      c_{days}: mean(«amuont») over {days} by customer\n");
  columns_refused("QNT-0310", "      c_{days}: if(1 > 0, «x_{days}», 2)\n");
}

TEST(Columns, PointsIntoQuotedAndFoldedExpressions) {
  column_refused("QNT-0310", "\"note == \\\"x\\\" and «amuont» > 1\"");
  column_refused("QNT-0310", ">-\n        amount > 1 and\n        «amuont» > 1");
}

TEST(Columns, RefusesAnAggregateInADecision) {
  refused("QNT-0330", kShop,
          "decisions:\n  d:\n    of: order\n    cases:\n"
          "      - {when: «count() over 7d by customer» > 3, then: stop}\n      - {then: go}\n");
}

TEST(Columns, RefusesMoreThanFourThousand) {
  std::string members;
  for (int i = 0; i < 70; ++i) members += "m" + std::to_string(i) + ", ";
  refused("QNT-0218", kHead,
          "sets: {a: [" + members + "], b: [" + members + "]}\n" +
              "events:\n  e: {fields: {k: "
              "int64}}\nfeatures:\n  f: {of: e, columns: {«\"c_{a}_{b}\"»: k}}\n");
}

}  // namespace
}  // namespace quintet::app
