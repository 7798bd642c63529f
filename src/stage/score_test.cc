// Models and decisions on a row: which version, what it sees, which case.
#include "stage/score.h"

#include <cmath>

#include "learn/linear.h"
#include "stage/model_input.h"
#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

using event::Kind;
using event::Type;
using event::Value;

constexpr std::string_view kApp = R"(quintet: 1
app: test
events:
  e:
    id: id
    fields:
      id: string
      big: {type: int64, optional: true}
      amount: {type: decimal(2), optional: true}
      flag: {type: bool, optional: true}
features:
  f:
    of: e
    columns: {half: amount / 2}
models:
  score: {of: e, type: linear, inputs: [half, flag], file: model.json}
  other: {of: e, type: linear, inputs: [score], where: flag, file: other.json}
decisions:
  verdict:
    of: e
    cases:
      - {when: flag, then: flagged}
      - {when: score >= 0.9, then: high, reason: the score}
      - {then: low}
  maybe:
    of: e
    cases: [{when: big > 5, then: large}]
)";

std::shared_ptr<const learn::Model> linear(std::vector<learn::LinearInput> inputs, double bias) {
  learn::LinearParts parts;
  parts.logistic = true;
  parts.bias = bias;
  parts.inputs = std::move(inputs);
  return learn::Linear::make(std::move(parts));
}

struct Scores : testing::Test {
  PlayedLog log{kApp};
  std::shared_ptr<const learn::Model> first = linear({{"half", 1, 0}, {"flag", 0, 0}}, 0);
  std::shared_ptr<const learn::Model> second = linear({{"half", 0, 0}, {"flag", 0, 0}}, 30);

  void promote(std::uint32_t version, const learn::Model& model) {
    ASSERT_TRUE(log.control(event::RecordKind::promote,
                            write_promotion({"score", version, model.digest(), "by hand"})));
  }
  std::map<std::string, std::string> row(const std::string& fields) {
    const std::string id = std::to_string(++rows_);
    return log.offer("e", R"({"id": ")" + id + "\"" + fields + "}", kDay).seen;
  }

 private:
  int rows_ = 0;
};

TEST_F(Scores, UseTheVersionPromotedLastAtASmallerPosition) {  // S7.1, S7.4, A12
  ASSERT_TRUE(log.infer.score().install("score", 1, first));
  ASSERT_TRUE(log.infer.score().install("score", 2, second));
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "null");
  promote(1, *first);
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "0.5");
  promote(2, *second);
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "1");
  promote(1, *first);
  const auto back = log.offer("e", R"({"id": "z", "amount": 0})", kDay);
  EXPECT_EQ(back.seen.at("score.probability"), "0.5");
  ASSERT_EQ(back.outcome.models.size(), 1U);
  EXPECT_EQ(back.outcome.models[0].version, 1U);
  ASSERT_TRUE(log.control(event::RecordKind::promote, write_promotion({"score", 0, "", ""})));
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "null");
}

TEST_F(Scores, RefuseAVersionThatIsNotTheOneThatWasPromoted) {  // S7.1
  const auto promoted = [&](std::uint32_t version, const std::string& digest) {
    return log.control(event::RecordKind::promote,
                       write_promotion({"score", version, digest, "by hand"}));
  };
  EXPECT_EQ(promoted(1, first->digest()).error().code(), Code::not_found);
  ASSERT_TRUE(log.infer.score().install("score", 1, first));
  EXPECT_EQ(promoted(1, second->digest()).error().code(), Code::broken);
}

TEST_F(Scores, PassOverAModelWithOtherInputs) {  // S7.4
  const auto foreign = linear({{"half", 1, 0}}, 0);
  EXPECT_EQ(log.infer.score().install("score", 1, foreign).error().code(), Code::conflict);
  promote(1, *foreign);
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "null");
}

TEST_F(Scores, PassOverAModelWithOtherOutputs) {  // S7.4
  learn::LinearParts parts;
  parts.logistic = false;
  parts.inputs = {{"half", 1, 0}, {"flag", 0, 0}};
  const auto value = learn::Linear::make(std::move(parts));
  const auto installed = log.infer.score().install("score", 1, value);
  ASSERT_FALSE(installed);
  EXPECT_EQ(installed.error().message(),
            "version 1 of model score: it predicts a value (reg:squarederror), in the application "
            "file the model gives a probability (binary:logistic); a model that is not trained "
            "there can say `objective: reg:squarederror`");
  promote(1, *value);
  EXPECT_EQ(row(R"(, "amount": 0)")["score.probability"], "null");
}

TEST_F(Scores, LetANullLeaveAModelsInputMissing) {  // S7.1
  ASSERT_TRUE(log.infer.score().install("score", 1, linear({{"half", 1, 30}, {"flag", 0, 0}}, 0)));
  promote(1, *log.infer.score().installed("score", 1));
  EXPECT_EQ(row("")["score.probability"], "1");  // `missing: 30` of the model
}

TEST_F(Scores, LetAModelReadAnotherOnlyWhereItsConditionHolds) {  // S7.1
  ASSERT_TRUE(log.infer.score().install("score", 1, first));
  ASSERT_TRUE(log.infer.score().install("other", 1, linear({{"score", 60, 0}}, 0)));
  promote(1, *first);
  ASSERT_TRUE(log.control(
      event::RecordKind::promote,
      write_promotion({"other", 1, log.infer.score().installed("other", 1)->digest(), ""})));
  EXPECT_EQ(row(R"(, "amount": 0, "flag": true)")["other.probability"], "1");
  EXPECT_EQ(row(R"(, "amount": 0, "flag": false)")["other.probability"], "null");
  EXPECT_EQ(row(R"(, "amount": 0)")["other.probability"], "null");
}

TEST_F(Scores, CompareAFloatScoreByItsExactValue) {  // S6.4, B18
  // link(x) rounded to float32 is the float next to 0.9, which is smaller than 0.9.
  ASSERT_TRUE(log.infer.score().install(
      "score", 1, linear({{"half", 0, 0}, {"flag", 0, 0}}, 2.1972245773362196)));
  promote(1, *log.infer.score().installed("score", 1));
  const auto seen = row(R"(, "amount": 0)");
  EXPECT_EQ(seen.at("score.probability"), "0.8999999761581421");
  EXPECT_EQ(seen.at("verdict"), "low");
}

TEST_F(Scores, TakeTheFirstCaseThatIsTrue) {  // S7.3, S6.2
  EXPECT_EQ(row(R"(, "flag": true, "big": 6)")["verdict"], "flagged");
  EXPECT_EQ(row(R"(, "flag": false)")["verdict"], "low");
  EXPECT_EQ(row("")["verdict"], "low");  // null is not met
  EXPECT_EQ(row(R"(, "big": 5)")["maybe"], "null");
  EXPECT_EQ(row(R"(, "big": 6)")["maybe"], "large");
  EXPECT_EQ(row("")["maybe"], "null");
}

TEST(ModelInput, IsTheNearestFloatOrMissing) {  // S7.1
  const auto input = [](Kind kind, Value value, int scale = 0) {
    Type type = Type::of(kind);
    type.scale = static_cast<decltype(type.scale)>(scale);
    return to_input(type, value);
  };
  EXPECT_EQ(input(Kind::boolean, Value::boolean(true)), 1.0F);
  EXPECT_EQ(input(Kind::boolean, Value::boolean(false)), 0.0F);
  EXPECT_EQ(input(Kind::int64, Value::int64((1 << 24) + 1)), 16'777'216.0F);  // half to even
  EXPECT_EQ(input(Kind::int64, Value::int64((1 << 24) + 3)), 16'777'220.0F);
  EXPECT_EQ(input(Kind::decimal, Value::decimal(125), 2), 1.25F);
  EXPECT_EQ(input(Kind::real, Value::real(0.1)), 0.1F);
  EXPECT_TRUE(std::isnan(input(Kind::real, Value())));
}

}  // namespace
}  // namespace quintet::stage
