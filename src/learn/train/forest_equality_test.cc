// Our forest against libxgboost's own prediction, bit for bit, on models that it trained just now.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "learn/forest.h"
#include "learn/train/booster.h"

namespace quintet::learn {
namespace {

constexpr std::size_t kColumns = 12;

// Skewed values with repeats, so that many equal a threshold, and every seventh missing.
std::vector<float> random_rows(std::size_t rows, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(rows * kColumns);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = static_cast<float>(random() >> 8) / float{1 << 24};
    const bool coarse = i % kColumns < 4;
    values[i] = coarse ? std::floor(bits * 20) : bits * bits * 10 - 2;
    if (random() % 7 == 0) values[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}

float or_zero(float x) {
  return std::isnan(x) ? 0 : x;
}

struct Kind {
  const char* objective;
  Parameters more;
  int classes = 0;
  bool positive = false;
  bool ranked = false;
};

struct Trained {
  Booster booster;
  std::string ubj;
  std::string json;
};

Expected<Trained> train(const Kind& kind, std::size_t rows, int rounds) {
  const auto values = random_rows(rows, 7);
  std::vector<float> labels(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* x = &values[i * kColumns];
    const float z = or_zero(x[0]) * 0.3f + or_zero(x[5]) * or_zero(x[6]) - or_zero(x[7]);
    const std::string_view name = kind.objective;
    if (kind.classes > 0 || kind.ranked) {
      labels[i] = std::clamp(std::floor(z), 0.0f,
                             static_cast<float>(kind.classes > 0 ? kind.classes - 1 : 4));
    } else if (name.starts_with("binary") || name == "reg:logistic") {
      labels[i] = z > 4 ? 1 : 0;
    } else {
      labels[i] = kind.positive ? std::abs(z) + 0.1f : z;
    }
  }
  std::vector<std::uint32_t> groups;
  if (kind.ranked) groups.assign(rows / 20, 20);
  TRY(const Matrix matrix, Matrix::make({values, kColumns, labels, {}, groups}));
  Parameters parameters = {{"objective", kind.objective}, {"max_depth", "6"}, {"nthread", "1"},
                           {"tree_method", "hist"},       {"eta", "0.2"},     {"verbosity", "0"}};
  if (kind.classes > 0) parameters.emplace_back("num_class", std::to_string(kind.classes));
  parameters.insert(parameters.end(), kind.more.begin(), kind.more.end());
  const Matrix* cached[] = {&matrix};
  TRY(Booster booster, Booster::make(cached, parameters));
  for (int i = 0; i < rounds; ++i) TRY_DO(booster.update(i, matrix));
  TRY(std::string ubj, booster.save("ubj"));
  TRY(std::string json, booster.save("json"));
  return Trained{std::move(booster), std::move(ubj), std::move(json)};
}

std::size_t bits_that_differ(std::span<const float> a, std::span<const float> b) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    n += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]);
  }
  return n;
}

// Scores `rows` random rows by libxgboost and by us from UBJ and from JSON, singly and together.
void expect_equal(const Kind& kind, std::size_t rows) {
  SCOPED_TRACE(kind.objective);
  auto trained = train(kind, 2'000, 30);
  ASSERT_TRUE(trained) << trained.error().message();
  const auto ours = read_model({"xgboost", trained->ubj, {}});
  ASSERT_TRUE(ours) << ours.error().message();
  const auto from_json = read_model({"xgboost", trained->json, {}});
  ASSERT_TRUE(from_json) << from_json.error().message();
  EXPECT_EQ((*ours)->digest(), (*from_json)->digest());

  const auto values = random_rows(rows, 11);
  const auto matrix = Matrix::make({values, kColumns, {}, {}, {}});
  ASSERT_TRUE(matrix);
  const auto theirs = trained->booster.predict(*matrix, Booster::Output::value);
  ASSERT_TRUE(theirs) << theirs.error().message();
  const std::size_t n_outputs = (*ours)->n_outputs();
  std::vector<float> together(rows * n_outputs);
  (*ours)->score_rows(values, together);
  std::vector<float> singly(rows * n_outputs);
  for (std::size_t i = 0; i < rows; ++i) {
    (*ours)->score(std::span(values).subspan(i * kColumns, kColumns),
                   std::span(singly).subspan(i * n_outputs, n_outputs));
  }
  EXPECT_EQ(bits_that_differ(together, singly), 0u);
  if (std::string_view(kind.objective) == "multi:softmax") {
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_EQ(singly[i * n_outputs + n_outputs - 1], (*theirs)[i]) << i;
    }
    return;
  }
  const std::size_t shown = kind.classes > 0 ? n_outputs - 1 : n_outputs;
  std::vector<float> compared;
  for (std::size_t i = 0; i < rows; ++i) {
    compared.insert(compared.end(), &singly[i * n_outputs], &singly[i * n_outputs] + shown);
  }
  ASSERT_EQ(compared.size(), theirs->size());
  EXPECT_EQ(bits_that_differ(compared, *theirs), 0u);
}

TEST(ForestEquality, BinaryLogisticEqualsXgboostOnAMillionRows) {
  expect_equal({"binary:logistic", {}}, 1'000'000);
}

TEST(ForestEquality, ABaseScoreThatIsNoHalfEntersTheMarginFirst) {
  expect_equal({"binary:logistic", {{"base_score", "0.0371"}}}, 20'000);
  expect_equal({"reg:squarederror", {{"base_score", "-3.7"}}}, 20'000);
  expect_equal({"count:poisson", {{"base_score", "2.25"}}, 0, true}, 20'000);
}

TEST(ForestEquality, MulticlassProbabilitiesAndClassesEqualXgboosts) {
  expect_equal({"multi:softprob", {}, 5}, 20'000);
  expect_equal({"multi:softmax", {{"base_score", "0.3"}}, 3}, 20'000);
}

TEST(ForestEquality, EveryOtherObjectiveEqualsXgboosts) {
  expect_equal({"binary:logitraw", {{"base_score", "0.2"}}}, 20'000);
  expect_equal({"reg:logistic", {}}, 20'000);
  expect_equal({"reg:squarederror", {}}, 20'000);
  expect_equal({"reg:absoluteerror", {}}, 20'000);
  expect_equal({"reg:pseudohubererror", {}}, 20'000);
  expect_equal({"reg:gamma", {}, 0, true}, 20'000);
  expect_equal({"reg:tweedie", {}, 0, true}, 20'000);
  expect_equal({"rank:pairwise", {}, 0, true, true}, 20'000);
  expect_equal({"rank:ndcg", {}, 0, true, true}, 20'000);
}

TEST(ForestEquality, ForestsOfOtherShapesEqualXgboosts) {
  expect_equal({"reg:squarederror", {{"num_parallel_tree", "3"}, {"subsample", "0.7"}}}, 5'000);
  expect_equal({"reg:squarederror", {{"tree_method", "exact"}, {"gamma", "5"}}}, 5'000);
  expect_equal({"reg:squarederror", {{"max_depth", "1"}}}, 5'000);
  expect_equal({"reg:squarederror",
                {{"max_depth", "0"}, {"max_leaves", "300"}, {"grow_policy", "lossguide"}}},
               5'000);
  expect_equal({"binary:logistic", {{"eta", "30"}, {"lambda", "0"}}}, 20'000);
}

TEST(ForestEquality, WhatCannotBeScoredIsRefusedByName) {
  const auto dart = train({"reg:squarederror", {{"booster", "dart"}}}, 200, 2);
  ASSERT_TRUE(dart) << dart.error().message();
  const auto refused = read_model({"xgboost", dart->ubj, {}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("\"dart\""), std::string::npos)
      << refused.error().message();
  const auto linear = train({"reg:squarederror", {{"booster", "gblinear"}}}, 200, 2);
  ASSERT_TRUE(linear) << linear.error().message();
  EXPECT_FALSE(read_model({"xgboost", linear->json, {}}));
  const auto hinge = train({"binary:hinge", {}}, 200, 2);
  ASSERT_TRUE(hinge) << hinge.error().message();
  const auto objective = read_model({"xgboost", hinge->json, {}});
  ASSERT_FALSE(objective);
  EXPECT_NE(objective.error().message().find("binary:hinge"), std::string::npos);
}

}  // namespace
}  // namespace quintet::learn
