// The example applications, and what their files mean.
#include "app/spec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  EXPECT_TRUE(in.good() || in.eof()) << path;
  return out.str();
}

std::string example(const std::string& name) {
  return read_file(std::string(QUINTET_SOURCE_DIR) + "/apps/" + name + "/app.yaml");
}

TEST(Spec, LoadsTheFraudApplicationWithItsFifteenFeatures) {
  auto spec = accepted("", example("fraud"));
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->groups.size(), 2U);
  EXPECT_EQ(spec->groups[0].name, "transaction by customer_id");
  EXPECT_EQ(spec->groups[0].reach, 30 * kDay);
  EXPECT_EQ(spec->groups[0].inputs.size(), 1U);
  EXPECT_EQ(spec->groups[0].aggregates.size(), 6U);
  EXPECT_EQ(spec->groups[1].name, "transaction by terminal_id");
  EXPECT_EQ(spec->groups[1].reach, 37 * kDay);
  ASSERT_EQ(spec->groups[1].inputs.size(), 1U);
  EXPECT_TRUE(spec->groups[1].inputs[0].reads_label);
  EXPECT_EQ(spec->reach, 37 * kDay);
  const RowPlan& row = spec->rows[0];
  EXPECT_EQ(row.columns.size(), 14U);
  EXPECT_EQ(row.columns[2].name, "customer_count_1d");
  EXPECT_EQ(row.columns[13].name, "terminal_risk_30d");
  EXPECT_EQ(row.slot_names[6], "during_weekend");
  EXPECT_EQ(row.slot_types[8].kind, event::Kind::int64);
  ASSERT_EQ(spec->models.size(), 1U);
  const ModelSpec& score = spec->models[0];
  EXPECT_EQ(score.inputs.size(), 15U);
  EXPECT_EQ(score.input_names[0], "amount");
  EXPECT_EQ(score.input_digests[0], "amount:decimal(2)");
  EXPECT_EQ(score.input_digests[1].size(), 64U);
  EXPECT_EQ(score.outputs[0].name, "probability");
  EXPECT_EQ(score.train->holdout, 7 * kDay);
  EXPECT_EQ(score.promote_metric, "average_precision");
  EXPECT_EQ(score.train->parameters.size(), 2U);
  EXPECT_EQ(row.steps.size(), 16U);
  EXPECT_EQ(row.steps.back().what, Step::What::decision);
  ASSERT_EQ(spec->views.size(), 1U);
  EXPECT_EQ(spec->views[0].aggregates[1].type, event::Type::decimal(2));
}

// The example of DESIGN, section 5, but for its sink.
constexpr std::string_view kDesign = R"(quintet: 1
app: card-fraud
pattern: monolithic
sets: {days: [1d, 7d, 30d]}
tables:
  merchant: {key: terminal_id, fields: {terminal_id: string, country: string, opened: timestamp}}
events:
  transaction:
    id: transaction_id
    time: at
    fields:
      transaction_id: {type: string, from: TRANSACTION_ID}
      at: {type: timestamp, from: TX_DATETIME}
      customer_id: {type: string, privacy: pseudonymize}
      terminal_id: string
      amount: {type: decimal(2), minimum: 0}
      is_fraud: {type: bool, optional: true, use: label}
  chargeback: {id: case_id, time: filed_at, fields:
      {case_id: string, filed_at: timestamp, transaction_id: string, fraud: bool}}
labels:
  fraud: {of: transaction, value: is_fraud, after: 7d}
features:
  tx:
    of: transaction
    columns:
      weekend: weekday(at) >= 6
      foreign: merchant.country != "BE"
      customer_count_{days}: count() over {days} by customer_id including this
      customer_mean_{days}: mean(amount) over {days} by customer_id including this
      terminal_risk_{days}: coalesce(mean(fraud) over {days} delayed 7d by terminal_id, 0)
      last_five: mean(amount) over 5 events by customer_id
      ratio: amount / customer_mean_7d
models:
  score:
    of: transaction
    type: xgboost
    inputs: [amount, weekend, customer_*, terminal_risk_*]
    train: {label: fraud, holdout: last 7d, rounds: 100, max_depth: 5,
            metrics: [auc, average_precision]}
    promote: {when: average_precision >= current}
decisions:
  verdict:
    of: transaction
    cases: [{when: score >= 0.9, then: block}, {when: score >= 0.5, then: review}, {then: approve}]
views:
  blocked: {of: transaction, where: verdict == "block", by: [terminal_id], every: 1h,
            aggregate: {n: count(), amount: sum(amount)}}
)";

TEST(Spec, LoadsTheExampleOfTheDesign) {
  auto spec = accepted("", kDesign);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->models[0].inputs.size(), 11U);
  EXPECT_EQ(spec->events[1].subject_field, 2);
  EXPECT_EQ(spec->rows[1].steps.size(), 15U);
  const std::string later =
      "value: any(fraud) from chargeback over next 120d by transaction_id, otherwise: false, "
      "after: 7d";
  std::string text(kDesign);
  text.replace(text.find("value: is_fraud, after: 7d"), 26, later);
  EXPECT_TRUE(accepted("", text));
}

TEST(Spec, LoadsTheOtherExamples) {
  auto maintenance = accepted("", example("maintenance"));
  ASSERT_TRUE(maintenance);
  EXPECT_EQ(maintenance->groups.size(), 1U);
  EXPECT_EQ(maintenance->groups[0].count_reach, 1);
  auto chargebacks = accepted("", example("chargebacks"));
  ASSERT_TRUE(chargebacks);
  EXPECT_EQ(chargebacks->utc_offset_minutes, 60);
  EXPECT_EQ(chargebacks->groups.size(), 3U);
  EXPECT_EQ(chargebacks->rows[1].tables.size(), 1U);
  EXPECT_EQ(chargebacks->rows[1].tables[0].reads.size(), 2U);
}

const Column& column(const Spec& spec, std::string_view name) {
  for (const RowPlan& row : spec.rows) {
    for (const Column& each : row.columns) {
      if (each.name == name) return each;
    }
  }
  static const Column none;
  ADD_FAILURE() << "no column " << name;
  return none;
}

std::shared_ptr<const Spec> shop(const std::string& columns) {
  return accepted(kShop, "features:\n  f:\n    of: order\n    columns:\n" + columns);
}

TEST(Spec, PutsStepsInOrderOfTheirDependencies) {
  auto spec = shop("      a: b + 1\n      b: c + 1\n      c: amount\n");
  ASSERT_TRUE(spec);
  const RowPlan& row = spec->rows[1];
  ASSERT_EQ(row.steps.size(), 3U);
  EXPECT_EQ(row.steps[0].index, 2);
  EXPECT_EQ(row.steps[1].index, 1);
  EXPECT_EQ(row.steps[2].index, 0);
}

TEST(Spec, SharesGroupsInputsAndAggregates) {
  auto spec = shop(
      "      a: mean(amount) over 7d by customer\n"
      "      b: 2 * mean( (amount) ) over 7d by customer\n"
      "      c: sum(amount) where amount > 3 over 7d by customer\n"
      "      d: count() where amount > 3 over 3 events by (sku, customer)\n"
      "      e: count() over all by (customer, sku)\n"
      "      g: count() from refund over 7d by customer\n"
      "      h: count() from refund over 7d by (customer = lower(customer))\n");
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->groups.size(), 3U);
  EXPECT_EQ(spec->groups[0].aggregates.size(), 2U);
  EXPECT_EQ(spec->groups[0].inputs.size(), 1U);
  EXPECT_EQ(spec->groups[0].filters.size(), 1U);
  EXPECT_EQ(spec->groups[1].name, "order by customer, sku");
  EXPECT_EQ(spec->groups[1].aggregates.size(), 2U);
  EXPECT_EQ(spec->groups[2].source, 2);
  // Two keys ask the third group.
  EXPECT_EQ(spec->rows[1].groups.size(), 4U);
  EXPECT_EQ(spec->rows[1].groups[0].aggregates.size(), 2U);
}

TEST(Spec, GivesAColumnADigestOfWhatItComputes) {
  auto a = shop("      x: amount + 1\n      v: mean(amount) over 7d by customer\n      z: x * 2\n");
  auto b = shop(
      "      renamed: 1 + 0 + amount\n      x2: (amount + 1)\n      z: x2 * 2\n"
      "      v: mean(amount) over 8d by customer\n");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(column(*a, "x").digest, column(*b, "x2").digest);
  EXPECT_EQ(column(*a, "z").digest, column(*b, "z").digest);
  EXPECT_NE(column(*a, "x").digest, column(*b, "renamed").digest);
  EXPECT_NE(column(*a, "v").digest, column(*b, "v").digest);
}

TEST(Spec, ExpandsSetsAndPutsConstantsIn) {
  auto spec = shop(
      "      m_{days}: mean(amount) over {days} by customer\n"
      "      big: amount > limit and customer != home\n");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->rows[1].columns[0].name, "m_1d");
  EXPECT_EQ(spec->rows[1].columns[1].name, "m_7d");
  auto plain = shop("      big: amount > 10.5 and customer != \"BE\"\n");
  EXPECT_EQ(column(*spec, "big").digest, column(*plain, "big").digest);
}

TEST(Spec, LooksTablesUpByFieldAndByExpression) {
  auto spec = shop(
      "      a: product.price\n      b: product.group\n"
      "      c: product[lower(sku)].price\n");
  ASSERT_TRUE(spec);
  ASSERT_EQ(spec->rows[1].tables.size(), 2U);
  EXPECT_EQ(spec->rows[1].tables[0].reads.size(), 2U);
  EXPECT_EQ(spec->rows[1].tables[1].reads[0].field, 1);
}

}  // namespace
}  // namespace quintet::app
