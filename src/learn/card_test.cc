#include "learn/card.h"

#include <gtest/gtest.h>

#include "learn/document.h"

namespace quintet::learn {
namespace {

Card small_card() {
  Card card;
  card.model = "score";
  card.version = 3;
  card.digest = "abc";
  card.type = "xgboost";
  card.objective = "binary:logistic";
  card.label = "fraud";
  card.inputs = {"amount", "terminal|risk"};
  card.outputs = {"probability"};
  card.metrics = {{"auc", 0.875}, {"average_precision", 0.1}};
  card.calibration = {{0, 0.1, 5, 0.04, 0.2}};
  card.rows_train = 100;
  card.rows_holdout = 20;
  card.parameters = {{"max_depth", "5"}};
  card.seed = 7;
  card.lineage = {1, 130, 1'600'000, "app", {{"amount", "c1"}}, "rows", "xgboost 1.7.4"};
  return card;
}

TEST(Card, IsJsonThatReadsBack) {
  const auto document = read_json(to_json(small_card()), JsonFloats::float64);
  ASSERT_TRUE(document) << document.error().message();
  const Place root(*document);
  EXPECT_EQ(*root.member("version")->integer(0, 9), 3);
  EXPECT_EQ(*root.member("metrics")->member("auc")->number(), 0.875);
  EXPECT_EQ(*root.member("lineage")->member("columns")->member("amount")->text(), "c1");
  EXPECT_EQ(*root.member("calibration")->list()->at(0).member("count")->integer(0, 9), 5);
}

TEST(Card, IsMarkdownInWhichNamesCannotBreakATable) {
  const std::string text = to_markdown(small_card());
  EXPECT_NE(text.find("# Model score, version 3\n"), std::string::npos);
  EXPECT_NE(text.find("| average\\_precision | 0.1 |"), std::string::npos);
  EXPECT_NE(text.find("amount, terminal\\|risk"), std::string::npos);
}

TEST(Card, OfEqualTrainingsIsEqual) {
  EXPECT_EQ(to_json(small_card()), to_json(small_card()));
  EXPECT_EQ(to_markdown(small_card()), to_markdown(small_card()));
}

}  // namespace
}  // namespace quintet::learn
