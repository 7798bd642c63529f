#include "stage/training.h"

#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: test
events:
  sale:
    id: id
    time: at
    fields: {id: string, at: timestamp, shop: string, amount: double}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, sale_id: string, bad: bool}
labels:
  fraud:
    {of: sale, value: any(bad) from report over next 2d by sale_id, otherwise: false, after: 1d}
features:
  s:
    of: sale
    columns: {seen: count() over 30d by shop}
models:
  score:
    of: sale
    type: xgboost
    inputs: [amount, seen]
    train: {label: fraud, holdout: last 1d, window: 2d, metrics: [auc]}
    promote: {when: auc >= current}
)";

class Training : public ::testing::Test {
 protected:
  Training() : spec_(app::load(kApp).spec), ingest_(spec_, 1, 1, sealer_), rows_(spec_, 0) {
    ingest_.keep_no_blocks();
  }

  // A sale at the end of so many hours; its id is "s" and that number.
  void sale(int hour, double amount, bool history = false) {
    event::Event event;
    event.start(spec_->events[0]);
    const std::string id = "s" + std::to_string(hour);
    event.id = event.arena.copy(id);
    event.time = hour * kHour;
    event.values[0] = event::Value::text(event.id);
    event.values[1] = event::Value::timestamp(event.time);
    event.values[2] = event::Value::text("x");
    event.values[3] = event::Value::real(amount);
    offer(std::move(event), history);
  }

  void report(int hour, int sale_hour, bool bad) {
    event::Event event;
    event.start(spec_->events[1]);
    event.id = event.arena.copy("r" + std::to_string(hour));
    event.time = hour * kHour;
    event.values[1] = event::Value::timestamp(event.time);
    event.values[2] = event::Value::text(event.arena.copy("s" + std::to_string(sale_hour)));
    event.values[3] = event::Value::boolean(bad);
    offer(std::move(event), false);
  }

  void offer(event::Event event, bool history) {
    Admitted admitted;
    const Micros now = event.time;
    const Admission admission = ingest_.offer({std::move(event), history, {}}, now, admitted);
    ASSERT_EQ(admission.what, Admission::What::admitted) << admission.error.message();
    if (history) {
      TrainingRows::make_asking(admitted.record);
      ASSERT_TRUE(complete(*spec_, *spec_, 1, sealer_, admitted));
    }
    ASSERT_TRUE(rows_.add(admitted, *spec_));
  }

  learn::Rows cut(int as_of_hour) {
    auto rows = rows_.cut(rules_of(spec_->models[0]), as_of_hour * kHour);
    EXPECT_TRUE(rows) << rows.error().message();
    return *std::move(rows);
  }

  std::shared_ptr<const app::Spec> spec_;
  NoSealer sealer_;
  Ingest ingest_;
  TrainingRows rows_;
};

TEST_F(Training, RefusesParametersThatTheLibraryDoesNotKnow) {
  const auto& model = spec_->models[0];
  const auto refused = [&](const char* name, const char* value) {
    app::TrainRules rules = rules_of(model);
    EXPECT_TRUE(set_rule(rules, name, value));
    const auto checked = check_parameters(model, rules);
    return checked ? std::string() : checked.error().message();
  };
  EXPECT_EQ(refused("max_depth", "3"), "");
  EXPECT_EQ(refused("window", "3d"), "");
  EXPECT_EQ(refused("max_dept", "3"),
            "there is no parameter \"max_dept\" for xgboost; did you mean max_depth?");
  EXPECT_NE(refused("max_depth", "x"), "");
}

TEST_F(Training, CutsByEventTimeWithAGapThatIsAsLongAsTheLabelTakes) {  // S5.5
  for (int hour = 0; hour <= 10 * 24; hour += 24) sale(hour, hour);
  // end = day 9; judged on [8, 9]; gap [7, 8); learned from [5, 7).
  const learn::Rows rows = cut(10 * 24);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.values[0], 5 * 24);
  EXPECT_EQ(rows.values[2], 6 * 24);
  EXPECT_EQ(rows.splits[1], learn::Split::train);
  EXPECT_EQ(rows.values[4], 8 * 24);
  EXPECT_EQ(rows.splits[2], learn::Split::holdout);
  EXPECT_EQ(rows.values[6], 9 * 24);
}

TEST_F(Training, CutsExactlyAtTheEdges) {  // S5.5
  for (const int hour : {119, 120, 167, 168, 191, 192, 216, 217}) sale(hour, hour);
  // end = hour 216; judged on [192, 216]; gap [168, 192); learned from [120, 168).
  const learn::Rows rows = cut(10 * 24);
  std::vector<float> learned, judged;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    (rows.splits[i] == learn::Split::train ? learned : judged).push_back(rows.values[2 * i]);
  }
  EXPECT_EQ(learned, (std::vector<float>{120, 167}));
  EXPECT_EQ(judged, (std::vector<float>{192, 216}));
}

TEST_F(Training, LearnsFromAllUpToTheEndWithoutAHoldout) {  // S5.5
  for (const int hour : {0, 24, 48, 49}) sale(hour, hour);
  app::TrainRules rules = rules_of(spec_->models[0]);
  rules.holdout = 0;
  rules.parameters.clear();  // `window`
  const auto rows = rows_.cut(rules, 72 * kHour);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 3U);  // hour 49 is known a day later, at hour 73
}

TEST_F(Training, UsesALabelOnceItIsKnownAtTheAsOf) {  // S5.4
  for (int day = 1; day <= 6; ++day) sale(day * 24, day);
  report(6 * 24 + 1, 2 * 24 + 0, true);  // four days after: too late to be its label
  report(6 * 24 + 1 + 1, 5 * 24, true);
  EXPECT_EQ(cut(6 * 24 - 1).size(), 3U);  // day 5 is not known before day 6
  const learn::Rows rows = cut(7 * 24);
  EXPECT_EQ(rows.labels, (std::vector<float>{0, 0, 1, 0}));
}

TEST_F(Training, TakesTheLastReportAndOtherwiseTheWordOfTheFile) {  // S5.1, S5.4
  for (int day = 1; day <= 6; ++day) sale(day * 24, day);
  report(6 * 24 + 1, 5 * 24, true);
  report(6 * 24 + 2, 6 * 24, true);
  report(6 * 24 + 3, 6 * 24, false);
  const learn::Rows rows = cut(7 * 24);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.labels, (std::vector<float>{0, 0, 1, 0}));
}

TEST_F(Training, GivesHistoryRecordsRowsLikeOthers) {  // S5.5
  for (int day = 1; day <= 6; ++day) sale(day * 24, day, day < 4);
  const learn::Rows rows = cut(7 * 24);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.values[1], 1);  // one sale of the shop before it
}

TEST_F(Training, WithoutAsOfWaitsForTheNewestLabelOnly) {  // S5.4
  EXPECT_EQ(rows_.as_of(5 * kDay), 5 * kDay);
  sale(24, 1);
  EXPECT_EQ(rows_.as_of(5 * kDay), 2 * kDay);
  EXPECT_EQ(rows_.as_of(kDay + 1), kDay + 1);
}

TEST_F(Training, RefusesACutWithNothingToLearnFrom) {
  sale(24, 1);
  const auto rows = rows_.cut(rules_of(spec_->models[0]), 2 * kDay);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), Code::invalid);
}

TEST_F(Training, ChangesRulesByName) {
  app::TrainRules rules = rules_of(spec_->models[0]);
  EXPECT_TRUE(set_rule(rules, "rounds", "7"));
  EXPECT_TRUE(set_rule(rules, "window", "3d"));
  EXPECT_TRUE(set_rule(rules, "max_depth", "4"));
  EXPECT_EQ(rules.rounds, 7);
  EXPECT_EQ(training_window(rules), 3 * kDay);
  const std::string request = write_training_request({*spec_, spec_->models[0], rules, 2, 9, 5});
  EXPECT_NE(request.find("\"parameters\":{\"max_depth\":\"4\"}"), std::string::npos) << request;
  EXPECT_FALSE(set_rule(rules, "rounds", "0"));
  EXPECT_FALSE(set_rule(rules, "window", "long"));
  EXPECT_FALSE(set_rule(rules, "label", "other"));
}

TEST_F(Training, KeepsTheVersionInForceAmongEquals) {  // S7.5
  EXPECT_EQ(promotion_reason(spec_->models[0], .75, .5), "auc 0.75 > 0.5");
  EXPECT_EQ(promotion_reason(spec_->models[0], .5, .5), "");
  EXPECT_EQ(promotion_reason(spec_->models[0], .25, .5), "");
}

}  // namespace
}  // namespace quintet::stage
