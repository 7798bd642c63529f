#include <gtest/gtest.h>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

constexpr std::string_view kColumns =
    "features:\n  f: {of: order, columns: {ca: amount * 2, cb: lower(note)}}\n";

Diagnostic model_refused(std::string_view code, const std::string& rest) {
  return refused(
      code, kShop,
      std::string(kColumns) + "models:\n  m:\n    of: order\n    type: xgboost\n" + rest);
}

std::shared_ptr<const Spec> model(const std::string& rest) {
  return accepted(kShop, std::string(kColumns) + "models:\n  m:\n    of: order\n" + rest);
}

TEST(Models, FillsTheSpec) {
  auto spec = model(
      "    type: xgboost\n    inputs: [amount, ca*, ca*]\n    where: amount > 0\n"
      "    train: {label: back, where: amount > 1, holdout: last 7d, rounds: 20, seed: 7, "
      "segment_rounds: 5, max_depth: 3, eta: 0.1, metrics: auc}\n"
      "    promote: {when: log_loss <= current}\n");
  ASSERT_TRUE(spec);
  const ModelSpec& m = spec->models[0];
  EXPECT_EQ(m.objective, "binary:logistic");
  EXPECT_EQ(m.input_names, (std::vector<std::string>{"amount", "ca"}));
  EXPECT_EQ(m.train->label, 0);
  EXPECT_EQ(m.train->rounds, 20);
  EXPECT_EQ(m.train->seed, 7U);
  EXPECT_EQ(m.train->segment_rounds, 5);
  EXPECT_TRUE(m.train->where);
  EXPECT_TRUE(m.where);
  EXPECT_EQ(m.train->parameters[0], (std::pair<std::string, std::string>("eta", "0.1")));
  EXPECT_EQ(m.train->metrics, (std::vector<std::string>{"auc", "log_loss"}));
  EXPECT_TRUE(m.promote_smaller_is_better);
}

TEST(Models, AreTrainedAgainByTime_Labels_Drift) {
  const std::string train = "    type: xgboost\n    inputs: [amount]\n    train: {label: back}\n";
  auto spec = model(train + "    retrain: {every: 1d, labels: 500, drift: 0.25}\n");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->models[0].retrain->every, 86'400 * kSecond);
  EXPECT_EQ(spec->models[0].retrain->labels, 500);
  EXPECT_EQ(spec->models[0].retrain->drift, 0.25);
  spec = model(train + "    retrain: {labels: 1}\n");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->models[0].retrain->every, 0);
  EXPECT_EQ(spec->models[0].retrain->drift, 0);
  EXPECT_FALSE(model(train)->models[0].retrain);
}

TEST(Models, RefuseARuleForTrainingAgainThatIsNone) {
  const std::string inputs = "    inputs: [amount]\n";
  const std::string train = inputs + "    train: {label: back}\n";
  model_refused("QNT-0514", inputs + "    file: m.json\n    retrain: «{every: 1d}»\n");
  model_refused("QNT-0514", train + "    retrain: «{}»\n");
  model_refused("QNT-0514", train + "    retrain: {every: «10ms»}\n");
  model_refused("QNT-0103", train + "    retrain: {labels: 5, every: «daily»}\n");
  model_refused("QNT-0103", train + "    retrain: {labels: 5, drift: «much»}\n");
  model_refused("QNT-0103", train + "    retrain: {labels: 5, drift: «0»}\n");
}

TEST(Models, GivesAMultiClassModelAllItsOutputs) {
  auto spec = model(
      "    type: xgboost\n    inputs: [amount]\n    objective: multi:softprob\n    classes: 3\n"
      "    file: m.json\n"
      "decisions:\n  d: {of: order, cases: [{when: m.class_2 > 0.5, then: two}, {then: other}]}\n");
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->models[0].outputs.size(), 4U);
  EXPECT_EQ(spec->models[0].outputs[3].name, "class");
}

TEST(Models, LetsOneModelReadAnother) {
  auto spec = model(
      "    type: linear\n    inputs: [amount]\n    train: {label: back}\n"
      "  second: {of: order, type: xgboost, inputs: [m, m.probability, ca], train: {label: "
      "back}}\n");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->rows[1].steps.size(), 4U);
  EXPECT_EQ(spec->models[0].type, ModelType::linear);
}

TEST(Models, RefusesInputsThatAreNotThere) {
  EXPECT_EQ(model_refused("QNT-0509", "    inputs: [«amuont»]\n    train: {label: back}\n").hint,
            "did you mean `amount`?");
  model_refused("QNT-0509", "    inputs: [amount, «zz_*»]\n    train: {label: back}\n");
  model_refused("QNT-0510", "    inputs: [amount, «amount»]\n    train: {label: back}\n");
  model_refused("QNT-0511", "    inputs: [amount, «cb»]\n    train: {label: back}\n");
  model_refused("QNT-0511", "    inputs: [«at»]\n    train: {label: back}\n");
  model_refused("QNT-0220", "    inputs: [«returned»]\n    train: {label: back}\n");
  model_refused("QNT-0501", "    inputs: «[]»\n    train: {label: back}\n");
}

TEST(Models, RefusesTrainingThatCannotBe) {
  model_refused("QNT-0219", "    inputs: [amount]\n    train: {label: «bakc»}\n");
  model_refused("QNT-0502", "    inputs: [amount]\n    train: {label: back, eta: «[1, 2]»}\n");
  model_refused("QNT-0502", "    inputs: [amount]\n    train: {label: back, eta: «1.5»}\n");
  model_refused("QNT-0502", "    inputs: [amount]\n    train: {label: back, subsample: «0»}\n");
  model_refused("QNT-0502", "    inputs: [amount]\n    train: {label: back, max_depth: «2.5»}\n");
  model_refused("QNT-0502",
                "    inputs: [amount]\n    train: {label: back, tree_method: «gpu_hist»}\n");
  model_refused("QNT-0502", "    inputs: [amount]\n    train: {label: back, «l2»: 1}\n");
  const Diagnostic unknown =
      model_refused("QNT-0101", "    inputs: [amount]\n    train: {label: back, «max_dept»: 4}\n");
  EXPECT_EQ(unknown.hint, "did you mean `max_depth`?");
  model_refused("QNT-0504", "    inputs: [amount]\n    train: {label: back, metrics: [«roc»]}\n");
  model_refused("QNT-0109", "    inputs: [amount]\n    train: {label: back, rounds: «0»}\n");
  model_refused("QNT-0109", "    inputs: [amount]\n    train: {label: back, holdout: «7d»}\n");
  model_refused("QNT-0106", "    inputs: [amount]\n    train: {label: back, «weight»: amount}\n");
  refused("QNT-0505", kShop, "models:\n  «m»: {of: order, type: xgboost, inputs: [amount]}\n");
  refused("QNT-0503", kHead,
          "events:\n  e: {fields: {a: int64, s: {type: string, use: label}}}\n"
          "labels:\n  l: {of: e, value: s}\n"
          "models:\n  m: {of: e, type: xgboost, inputs: [a], train: {label: «l»}}\n");
  refused("QNT-0203", kShop,
          "models:\n  m: {of: ping, type: xgboost, inputs: [level], train: {label: «back»}}\n");
}

TEST(Models, RefusesToTrainWhatTheTrainerCannot) {
  model_refused("QNT-0507",
                "    inputs: [amount]\n    objective: «rank:pairwise»\n    train: {label: back}\n");
  refused("QNT-0507", kShop,
          std::string(kColumns) +
              "models:\n  m:\n    of: order\n    type: linear\n    inputs: [amount]\n"
              "    objective: «multi:softprob»\n    classes: 3\n    train: {label: back}\n");
}

TEST(Models, RefusesMetricsOfAnotherKindOfModel) {
  model_refused("QNT-0512",
                "    inputs: [amount]\n    train: {label: back, metrics: [auc, «rmse»]}\n");
  model_refused("QNT-0512",
                "    inputs: [amount]\n    objective: reg:squarederror\n"
                "    train: {label: back, metrics: [rmse, «auc»]}\n");
  model_refused("QNT-0512",
                "    inputs: [amount]\n    train: {label: back, metrics: [auc]}\n"
                "    promote: {when: «rmse <= current»}\n");
}

TEST(Models, RefusesFilesAndObjectivesThatCannotBe) {
  model_refused("QNT-0506", "    inputs: [amount]\n    file: m.json\n    sha256: «12ab»\n");
  model_refused("QNT-0507", "    inputs: [amount]\n    file: m.json\n    objective: «binary»\n");
  model_refused("QNT-0507",
                "    inputs: [amount]\n    file: m.json\n    objective: "
                "«multi:softprob»\n");
  model_refused("QNT-0507", "    inputs: [amount]\n    file: m.json\n    classes: «3»\n");
}

TEST(Models, ComeFromAFile) {
  const Loaded loaded = load(std::string(kShop) +
                             "models:\n  m: {of: order, type: xgboost, "
                             "inputs: [amount], file: m.json}\n");
  ASSERT_TRUE(loaded.spec);
  EXPECT_TRUE(loaded.diagnostics.empty());
  EXPECT_EQ(loaded.spec->models[0].file, "m.json");
}

TEST(Models, RefusesRulesOfPromotionThatCannotBe) {
  const std::string train = "    inputs: [amount]\n    train: {label: back}\n";
  model_refused("QNT-0508", train + "    promote: {when: «auc > 0.9»}\n");
  model_refused("QNT-0508", train + "    promote: {when: «auc <= current»}\n");
  model_refused("QNT-0504", train + "    promote: {when: «roc >= current»}\n");
  model_refused("QNT-0508",
                "    inputs: [amount]\n    file: m.json\n    promote: {when: «auc >= current»}\n");
}

TEST(Decisions, RefuseCasesThatAreNeverReached) {
  refused("QNT-0603", kShop,
          "decisions:\n  d:\n    of: order\n    cases:\n      - {then: go}\n"
          "      - «{when: amount > 1, then: stop}»\n");
}

TEST(Decisions, NeedABoolAsCondition) {
  refused("QNT-0322", kShop,
          "decisions:\n  d: {of: order, cases: [{when: «amount», then: stop}, {then: go}]}\n");
}

Diagnostic view_refused(std::string_view code, const std::string& rest) {
  return refused(code, kShop, "views:\n  v:\n    of: order\n" + rest);
}

TEST(Views, RefuseWhatIsNotOneAggregate) {
  view_refused("QNT-0601", "    aggregate: {a: «sum(amount) / count()»}\n");
  view_refused("QNT-0601", "    aggregate: {a: «count() over 7d by sku»}\n");
  view_refused("QNT-0103", "    aggregate: {a: «[1]»}\n");
  view_refused("QNT-0320", "    aggregate: {a: sum(«note»)}\n");
  view_refused("QNT-0310", "    aggregate: {a: sum(«amuont»)}\n");
}

TEST(Views, RefuseLinesThatAreNotThere) {
  view_refused("QNT-0202", "    by: [sku, «skuu»]\n    aggregate: {n: count()}\n");
  view_refused("QNT-0220", "    by: «returned»\n    aggregate: {n: count()}\n");
  view_refused("QNT-0602", "    retain: «7d»\n    aggregate: {n: count()}\n");
}

TEST(Sinks, AreRefusedUntilSomethingIsDelivered) {
  refused("QNT-0604", kShop, "sinks:\n  s: {of: order, to: «\"topic:alerts\"»}\n");
  refused("QNT-0604", kShop, "sinks:\n  s: {of: order, to: «mailbox»}\n");
}

}  // namespace
}  // namespace quintet::app
