#include "sim/application.h"

#include "app/load.h"
#include "learn/linear.h"

namespace quintet::sim {

namespace {

constexpr std::string_view kHead = R"(quintet: 1
app: simulated
pattern: monolithic
late: 1h
events:
  payment:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: {type: string, optional: true, privacy: pseudonymize}
      shop: string
      amount: {type: decimal(2), minimum: 0}
      rate: double
      bad: {type: bool, optional: true, use: label}
  report:
    id: id
    time: at
    fields: {id: string, at: timestamp, payment_id: string, fraud: bool}
labels:
  known: {of: payment, value: bad, otherwise: false, after: 1m}
  reported:
    of: payment
    value: any(fraud) from report over next 1h by payment_id
    otherwise: false
    after: 2m
features:
  tx:
    of: payment
    columns:
      n_5m: count() over 5m by customer including this
      spent_1h: sum(amount) over 1h by shop
      rates_1h: sum(rate) over 1h by shop
      std_all: std(amount) over all by customer including this
      last_three: list(amount, 3) over 5 events by customer
      burst: count() over session 30s by customer
      shops: distinct(shop) over 1h every 10m by customer
      risk: coalesce(mean(known) over 1h delayed 1m by shop, 0)
      reported_1h: count() where reported over 1h delayed 2m by customer
)";

constexpr std::string_view kMore = R"(      p90: quantile(amount, 0.9) over 1h by shop
      n_10m: count() over 10m by (customer, shop)
)";

constexpr std::string_view kMoreOfBase = R"(      p90: quantile(amount, 0.9) over 1h by shop
      n_2m: count() over 2m by customer
      twice: 2 * n_5m
)";

constexpr std::string_view kTail = R"(models:
  score: {of: payment, type: linear, inputs: [n_5m, amount, risk], file: none.json}
decisions:
  verdict:
    of: payment
    cases:
      - {when: score >= 0.9, then: stop}
      - {when: risk > 0.5, then: review}
      - {then: go}
)";

std::shared_ptr<const app::Spec> load(const std::string& text) {
  const app::Loaded loaded = app::load(text);
  for (const app::Diagnostic& diagnostic : loaded.diagnostics) {
    check(loaded.spec != nullptr, diagnostic.message.c_str());
  }
  return loaded.spec;
}

}  // namespace

const std::vector<std::shared_ptr<const app::Spec>>& applications(bool retain) {
  static const std::string head(kHead), tail(kTail);
  static const std::vector<std::shared_ptr<const app::Spec>> both = {
      load(head + tail), load(head + std::string(kMore) + tail)};
  static const std::string kept = "retain: " + std::to_string(kRetain / kHour) + "h\n";
  static const std::vector<std::shared_ptr<const app::Spec>> removing = {
      load(head + tail + kept), load(head + std::string(kMoreOfBase) + tail + kept)};
  return retain ? removing : both;
}

stage::ModelVersion model_version(int number) {
  learn::LinearParts parts;
  parts.bias = -2;
  parts.inputs = {{"n_5m", 0.5 * number, 0}, {"amount", 0.01, 0}, {"risk", 1, 0}};
  stage::ModelVersion model;
  model.model = "score";
  model.digest = learn::Linear::make(parts)->digest();
  model.bytes = learn::to_json(parts);
  return model;
}

}  // namespace quintet::sim
