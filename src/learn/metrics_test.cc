#include "learn/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quintet::learn {
namespace {

// Four rows whose figures are worked out by hand: of the four pairs three are in order.
const std::vector<float> kScores = {0.1f, 0.4f, 0.35f, 0.8f};
const std::vector<float> kLabels = {0, 0, 1, 1};
const Scored kRows{kScores, kLabels};

TEST(Metrics, AucIsTheShareOfPairsInOrder) {
  EXPECT_EQ(*auc(kRows), 0.75);
}

TEST(Metrics, AucCountsATieAsHalf) {
  const std::vector<float> scores = {0.5f, 0.5f, 0.5f, 0.9f};
  const std::vector<float> labels = {0, 1, 0, 1};
  EXPECT_EQ(*auc({scores, labels}), 0.75);
}

TEST(Metrics, AucDoesNotDependOnTheOrderOfRows) {
  const std::vector<float> scores = {0.8f, 0.35f, 0.4f, 0.1f};
  const std::vector<float> labels = {1, 1, 0, 0};
  EXPECT_EQ(*auc({scores, labels}), 0.75);
}

// Recall 1/2 at precision 1, then recall 1 at precision 2/3.
TEST(Metrics, AveragePrecisionIsThatOfTheSteps) {
  EXPECT_EQ(*average_precision(kRows), (1.0 + 2.0 / 3.0) / 2);
}

TEST(Metrics, AveragePrecisionTakesTiedRowsTogether) {
  const std::vector<float> scores = {0.5f, 0.5f, 0.2f};
  const std::vector<float> labels = {1, 0, 1};
  EXPECT_EQ(*average_precision({scores, labels}), (0.5 + 2.0 / 3.0) / 2);
}

TEST(Metrics, LogLossIsTheMeanNegativeLogarithm) {
  const std::vector<float> scores = {0.25f, 0.5f};
  const std::vector<float> labels = {0, 1};
  EXPECT_NEAR(*log_loss({scores, labels}), -(std::log(0.75) + std::log(0.5)) / 2, 1e-15);
}

TEST(Metrics, LogLossIsClippedForACertaintyThatIsWrong) {
  const std::vector<float> scores = {0.0f};
  const std::vector<float> labels = {1};
  EXPECT_NEAR(*log_loss({scores, labels}), 23 * std::log(2.0), 1e-13);
}

TEST(Metrics, BrierIsTheMeanSquare) {
  const std::vector<float> scores = {0.25f, 0.5f};
  const std::vector<float> labels = {0, 1};
  EXPECT_EQ(*brier({scores, labels}), (0.0625 + 0.25) / 2);
}

TEST(Metrics, PrecisionAtARankSharesTiesAtTheEdge) {
  EXPECT_EQ(*precision_at(kRows, 1), 1.0);
  EXPECT_EQ(*precision_at(kRows, 2), 0.5);
  EXPECT_EQ(*precision_at(kRows, 4), 0.5);
  const std::vector<float> scores = {0.9f, 0.5f, 0.5f, 0.5f};
  const std::vector<float> labels = {1, 1, 0, 0};
  EXPECT_EQ(*precision_at({scores, labels}, 2), (1 + 1.0 / 3.0) / 2);
  EXPECT_FALSE(precision_at(kRows, 5));
  EXPECT_FALSE(precision_at(kRows, 0));
}

TEST(Metrics, RmseAndMaeAreThoseOfTheErrors) {
  const std::vector<float> scores = {1, 2, 3};
  const std::vector<float> labels = {1, 4, 7};
  EXPECT_EQ(*rmse({scores, labels}), std::sqrt(20.0 / 3.0));
  EXPECT_EQ(*mae({scores, labels}), 2.0);
}

// Class 0: F1 2/3; class 1: 2/3; class 2 is never met and class 3 never guessed right.
TEST(Metrics, MacroF1IsTheMeanOverTheClassesThatOccur) {
  const std::vector<float> guessed = {0, 0, 1, 1};
  const std::vector<float> labels = {0, 1, 1, 3};
  EXPECT_EQ(*accuracy({guessed, labels}), 0.5);
  EXPECT_NEAR(*macro_f1({guessed, labels}), (2.0 / 3 + 1.0 / 2 + 0) / 3, 1e-15);
}

TEST(Metrics, CalibrationPutsOneIntoTheLastBin) {
  const std::vector<float> scores = {0.0f, 0.05f, 0.95f, 1.0f};
  const std::vector<float> labels = {0, 1, 1, 1};
  const auto bins = calibration({scores, labels});
  ASSERT_TRUE(bins);
  ASSERT_EQ(bins->size(), 10u);
  EXPECT_EQ((*bins)[0].count, 2u);
  EXPECT_EQ((*bins)[0].positive_share, 0.5);
  EXPECT_EQ((*bins)[9].count, 2u);
  EXPECT_EQ((*bins)[5].count, 0u);
  EXPECT_FLOAT_EQ(static_cast<float>((*bins)[9].mean_score), 0.975f);
}

TEST(Metrics, AreFoundByName) {
  EXPECT_EQ(*measure("auc", kRows), 0.75);
  EXPECT_EQ(*measure("precision_at_1", kRows), 1.0);
  EXPECT_FALSE(measure("precision_at_0", kRows));
  EXPECT_FALSE(measure("precision_at_x", kRows));
  EXPECT_FALSE(measure("magic", kRows));
  EXPECT_EQ(greater_is_better("log_loss"), false);
  EXPECT_EQ(greater_is_better("precision_at_7"), true);
  EXPECT_EQ(greater_is_better("magic"), std::nullopt);
  EXPECT_EQ(task_of_metric("rmse"), "regression");
}

TEST(Metrics, RefuseWhatTheyCannotJudge) {
  const std::vector<float> none;
  const std::vector<float> one = {1};
  const std::vector<float> half = {0.5f};
  const std::vector<float> nan = {NAN};
  EXPECT_FALSE(auc({none, none}));
  EXPECT_FALSE(auc({half, one}));
  EXPECT_FALSE(average_precision({half, half}));
  EXPECT_FALSE(brier({one, none}));
  EXPECT_FALSE(rmse({nan, one}));
  EXPECT_FALSE(mae({one, nan}));
}

}  // namespace
}  // namespace quintet::learn
