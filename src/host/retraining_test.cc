#include "host/retraining.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

RetrainWatch watch_at(Micros at) {
  RetrainWatch watch;
  watch.since = 70;
  watch.at = at;
  return watch;
}

TEST(ReasonToRetrain, IsTheTimeSinceTheLastTraining) {
  app::RetrainRules rules;
  rules.every = kDay;
  EXPECT_EQ(reason_to_retrain(rules, watch_at(0), kDay - 1), "");
  EXPECT_EQ(reason_to_retrain(rules, watch_at(0), kDay), "every 1d");
  // Nothing is known yet.
  EXPECT_EQ(reason_to_retrain(rules, {}, kDay), "");
}

TEST(ReasonToRetrain, IsTheLabelsThatCame) {
  app::RetrainRules rules;
  rules.labels = 500;
  RetrainWatch watch = watch_at(0);
  watch.labels = 499;
  EXPECT_EQ(reason_to_retrain(rules, watch, kDay), "");
  watch.labels = 500;
  EXPECT_EQ(reason_to_retrain(rules, watch, 0),
            "500 labels since the last training, at position 70");
  watch.since = kNoPosition;
  EXPECT_EQ(reason_to_retrain(rules, watch, 0), "500 labels since the log began");
}

TEST(ReasonToRetrain, IsTheDriftOfAnInput) {
  app::RetrainRules rules;
  rules.drift = 0.25;
  RetrainWatch watch = watch_at(0);
  EXPECT_EQ(reason_to_retrain(rules, watch, kDay), "");
  watch.drift = 0.2;
  watch.drift_input = "amount";
  EXPECT_EQ(reason_to_retrain(rules, watch, kDay), "");
  watch.drift = 0.5;
  EXPECT_EQ(reason_to_retrain(rules, watch, kDay),
            "drift 0.5 of amount since the last training, at position 70");
}

TEST(ReasonToRetrain, IsTheFirstRuleThatIsMet) {
  app::RetrainRules rules;
  rules.every = kDay;
  rules.labels = 10;
  RetrainWatch watch = watch_at(0);
  watch.labels = 10;
  EXPECT_EQ(reason_to_retrain(rules, watch, kHour),
            "10 labels since the last training, at position 70");
}

TEST(RetrainWatch, IsShownAsFarAsItIsKnown) {
  app::ModelSpec model;
  model.name = "score";
  model.retrain = app::RetrainRules{kDay, 500, 0.25};
  EXPECT_EQ(to_json(model, {}),
            R"({"model":"score","every":"1d","labels":500,"labels_since":0,"drift":0.25,)"
            R"("drift_since":null})");
  RetrainWatch watch = watch_at(0);
  watch.labels = 3;
  watch.drift = 0.5;
  watch.drift_input = "amount";
  EXPECT_EQ(to_json(model, watch),
            R"({"model":"score","since":70,"every":"1d","next":"1970-01-02T00:00:00Z",)"
            R"("labels":500,"labels_since":3,"drift":0.25,"drift_since":0.5,)"
            R"("drift_input":"amount"})");
}

}  // namespace
}  // namespace quintet::host
