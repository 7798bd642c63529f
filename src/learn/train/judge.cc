#include "learn/train/judge.h"

#include <map>

#include "base/json_out.h"

namespace quintet::learn {
namespace {

// The output that is judged: the class if there is one, else the first.
std::vector<float> judged_scores(const Model& model, const Rows& rows) {
  const std::size_t width = model.n_outputs();
  std::vector<float> all(rows.size() * width);
  model.score_rows(rows.values, all);
  std::vector<float> scores(rows.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = all[i * width + width - 1];
  return scores;
}

float plainest_guess(const Request& request, const Rows& train) {
  if (request.objective.starts_with("multi:")) {
    std::map<float, std::uint64_t> counts;
    for (const float label : train.labels) ++counts[label];
    auto most = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it) {
      if (it->second > most->second) most = it;
    }
    return most->first;
  }
  double sum = 0;
  for (const float label : train.labels) sum += label;
  return static_cast<float>(sum / static_cast<double>(train.size()));
}

void add_metrics(JsonWriter& json, std::string_view key, const std::vector<CardMetrics>& metrics) {
  json.key(key).begin_object();
  for (const CardMetrics& metric : metrics) json.key(metric.name).real(metric.value);
  json.end_object();
}

}  // namespace

Expected<Judgement> judge(const Model& model, const Request& request, const Rows& train,
                          const Rows& holdout) {
  Judgement judgement;
  judgement.rows_train = train.size();
  judgement.rows_holdout = holdout.size();
  if (holdout.size() == 0) return judgement;
  const std::vector<float> scores = judged_scores(model, holdout);
  const std::vector<float> guesses(holdout.size(), plainest_guess(request, train));
  for (const std::string& name : request.metrics) {
    const auto value = measure(name, {scores, holdout.labels});
    if (!value) {
      judgement.unmeasured.push_back(name + ": " + value.error().message());
      continue;
    }
    judgement.metrics.push_back({name, *value});
    const auto plain = measure(name, {guesses, holdout.labels});
    if (plain) judgement.baseline.push_back({name, *plain});
  }
  if (request.objective == "binary:logistic") {
    TRY(judgement.calibration, calibration({scores, holdout.labels}));
  }
  return judgement;
}

Card make_card(const Model& model, const Request& request, const Judgement& judgement,
               const std::string& rows_digest) {
  Card card;
  card.model = request.model;
  card.version = request.version;
  card.digest = model.digest();
  card.type = request.type;
  card.objective = request.objective;
  card.label = request.label;
  card.inputs = model.features();
  card.outputs = model.outputs();
  card.metrics = judgement.metrics;
  card.calibration = judgement.calibration;
  card.rows_train = judgement.rows_train;
  card.rows_holdout = judgement.rows_holdout;
  for (const auto& [name, value] : request.parameters) card.parameters[name] = value;
  const bool linear = request.type == "linear";
  if (!linear) {
    card.parameters["rounds"] = std::to_string(request.rounds);
    card.parameters["segment_rounds"] = std::to_string(request.segment_rounds);
    card.parameters["nthread"] = std::to_string(request.nthread);
  }
  card.seed = request.seed;
  card.lineage = request.lineage;
  card.lineage.rows = rows_digest;
  card.lineage.library = linear ? "quintet linear 1" : "xgboost " + xgboost_version();
  return card;
}

std::string metrics_json(const Card& card, const Judgement& judgement) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("digest", card.digest).field("type", card.type);
  json.field("objective", card.objective).field("library", card.lineage.library);
  json.field("rows", card.lineage.rows);
  json.key("rows_train").uint64(card.rows_train).key("rows_holdout").uint64(card.rows_holdout);
  json.key("seed").uint64(card.seed);
  add_metrics(json, "metrics", judgement.metrics);
  add_metrics(json, "baseline", judgement.baseline);
  json.key("unmeasured").begin_array();
  for (const std::string& text : judgement.unmeasured) json.text(text);
  json.end_array().end_object();
  return out + "\n";
}

std::string done_line(const Card& card) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("done").boolean(true).field("digest", card.digest);
  add_metrics(json, "metrics", card.metrics);
  json.end_object();
  return out;
}

}  // namespace quintet::learn
