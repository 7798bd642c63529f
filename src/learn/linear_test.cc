#include "learn/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quintet::learn {
namespace {

LinearParts two_inputs(bool logistic) {
  return {logistic, -1.5, {{"amount", 0.5, 0}, {"age", -0.25, 40}}};
}

float score(const Model& model, std::vector<float> row) {
  float out = 0;
  model.score(row, std::span(&out, 1));
  return out;
}

TEST(Linear, AddsUpAndLinks) {
  const auto value = Linear::make(two_inputs(false));
  EXPECT_EQ(score(*value, {7, 4}), 1.0f);
  EXPECT_EQ(value->outputs(), (std::vector<std::string>{"value"}));
  const auto probability = Linear::make(two_inputs(true));
  EXPECT_EQ(score(*probability, {3, 0}), 0.5f);
  EXPECT_NEAR(score(*probability, {7, 4}), 1 / (1 + std::exp(-1.0)), 1e-7);
}

TEST(Linear, PutsTheUsualValueForAMissingOne) {
  const auto model = Linear::make(two_inputs(false));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(score(*model, {7, nan}), score(*model, {7, 40}));
}

TEST(Linear, ComesBackFromItsFileWithTheSameDigest) {
  LinearParts parts = two_inputs(true);
  parts.inputs[0].weight = 1.0 / 3;
  parts.bias = -0.0;
  const auto made = Linear::make(parts);
  const std::string file = to_json(parts);
  const auto model = read_model({"linear", file, {}});
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ((*model)->digest(), made->digest());
  EXPECT_EQ((*model)->type(), "linear");
}

TEST(Linear, RefusesAFileThatIsWrong) {
  for (const char* file :
       {"{}",
        R"({"quintet_linear":2,"link":"identity","bias":0,"inputs":[{"name":"a","weight":1}]})",
        R"({"quintet_linear":1,"link":"cosine","bias":0,"inputs":[{"name":"a","weight":1}]})",
        R"({"quintet_linear":1,"link":"identity","bias":NaN,"inputs":[{"name":"a","weight":1}]})",
        R"({"quintet_linear":1,"link":"identity","bias":0,"inputs":[]})",
        R"({"quintet_linear":1,"link":"identity","bias":0,"inputs":[{"weight":1}]})",
        R"({"quintet_linear":1,"link":"identity","bias":0,"inputs":[{"name":"a","weight":"1"}]})",
        R"({"quintet_linear":1,"link":"identity","bias":0,)"
        R"("inputs":[{"name":"a","weight":1},{"name":"a","weight":1}]})"}) {
    EXPECT_FALSE(read_model({"linear", file, {}})) << file;
  }
}

}  // namespace
}  // namespace quintet::learn
