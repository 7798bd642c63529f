#include "stage/training.h"

#include <cmath>
#include <limits>

#include "app/vocabulary.h"
#include "base/decimal.h"
#include "base/json_out.h"
#include "base/text.h"
#include "expr/parse.h"
#include "stage/model_input.h"

namespace quintet::stage {

namespace {

using event::Value;

const app::Label& label_of(const app::Spec& spec, int model) {
  const app::ModelSpec& wanted = spec.models[static_cast<std::size_t>(model)];
  check(wanted.train && wanted.train->label >= 0, "a model that is not trained here");
  return spec.labels[static_cast<std::size_t>(wanted.train->label)];
}

bool met(const expr::Program& where, Outcome& row) {
  if (!where) return true;
  const Value value = where.run(row.slots, row.arena);
  return !value.is_null() && value.as_bool();
}

}  // namespace

TrainingRows::TrainingRows(std::shared_ptr<const app::Spec> spec, int model)
    : spec_(std::move(spec)),
      model_(spec_->models[static_cast<std::size_t>(model)]),
      label_(label_of(*spec_, model)),
      infer_(spec_) {
  const std::vector<int> labels = spec_->labels_of(model_.of);
  while (labels[label_place_] != model_.train->label) ++label_place_;
}

void TrainingRows::make_asking(event::Record& record) {
  if (record.kind == event::RecordKind::history) record.kind = event::RecordKind::event;
}

Expected<void> TrainingRows::add(const Admitted& admitted, const app::Spec& written) {
  last_ = admitted.record.position;
  if (admitted.event.type == nullptr || admitted.event.type->index != model_.of) {
    take_reports(admitted, written);
    // Rows of other events teach nothing, but they enter windows.
    return infer_.fold(admitted);
  }
  TRY_DO(infer_.apply(admitted, outcome_));
  take_reports(admitted, written);
  if (!admitted.asks() || !met(model_.where, outcome_) || !met(model_.train->where, outcome_)) {
    return {};
  }
  const app::RowPlan& plan = spec_->rows[static_cast<std::size_t>(model_.of)];
  values_.resize(values_.size() + model_.inputs.size());
  read_inputs(model_, plan, outcome_.slots, std::span(values_).last(model_.inputs.size()));
  labels_.push_back(to_input(label_.type, admitted.labels[label_place_]));
  positions_.push_back(last_);
  times_.push_back(admitted.record.time);
  newest_ = std::max(newest_, admitted.record.time);
  return {};
}

// A report names its event by position; of several the last one counts (S5.1).
void TrainingRows::take_reports(const Admitted& admitted, const app::Spec& written) {
  if (admitted.event.type == nullptr || admitted.event.type->index != label_.report) return;
  for (const event::LabelTarget& target : admitted.record.targets) {
    if (target.label >= written.labels.size()) continue;
    if (written.labels[target.label].name != label_.name) continue;
    const auto found = std::lower_bound(positions_.begin(), positions_.end(), target.position);
    if (found == positions_.end() || *found != target.position) continue;
    event::Arena scratch;
    const Value value = label_.report_value.run(admitted.event.values, scratch);
    labels_[static_cast<std::size_t>(found - positions_.begin())] = to_input(label_.type, value);
  }
}

std::pair<std::span<const float>, std::span<const float>> TrainingRows::split_at(
    Position position) const {
  const auto behind = std::upper_bound(positions_.begin(), positions_.end(), position);
  const auto rows = static_cast<std::size_t>(behind - positions_.begin());
  const std::span<const float> values(values_);
  return {values.first(rows * model_.inputs.size()), values.subspan(rows * model_.inputs.size())};
}

Micros TrainingRows::as_of(Micros now) const {
  return newest_ == kNoTime ? now : std::min(now, newest_ + label_.after);
}

Expected<learn::Rows> TrainingRows::cut(const app::TrainRules& rules, Micros as_of) const {
  const Micros end = as_of - label_.after;
  const Micros judged = rules.holdout > 0 ? end - rules.holdout : end + 1;
  const Micros learned = rules.holdout > 0 ? judged - label_.after : judged;
  const Micros window = training_window(rules);
  const Micros begin = window > 0 ? learned - window : kNoTime;
  const float otherwise = to_input(label_.type, label_.otherwise);
  const std::size_t width = model_.inputs.size();
  learn::Rows rows;
  rows.features = model_.input_names;
  std::size_t train = 0;
  for (std::size_t i = 0; i < times_.size(); ++i) {
    const Micros time = times_[i];
    const bool learns = time < learned && time >= begin;
    if (!learns && (time < judged || time > end)) continue;
    const float label = std::isnan(labels_[i]) ? otherwise : labels_[i];
    if (std::isnan(label)) continue;
    const auto values = std::span(values_).subspan(i * width, width);
    rows.values.insert(rows.values.end(), values.begin(), values.end());
    rows.labels.push_back(label);
    rows.positions.push_back(static_cast<std::int64_t>(positions_[i]));
    rows.splits.push_back(learns ? learn::Split::train : learn::Split::holdout);
    train += learns ? 1 : 0;
  }
  const std::string of = "of " + std::to_string(size()) + " rows ";
  if (train == 0) return invalid(of + "none has a known label before the holdout");
  if (rules.holdout > 0 && train == rows.size()) {
    return invalid(of + "none has a known label in the holdout");
  }
  return rows;
}

Micros training_window(const app::TrainRules& rules) {
  for (const auto& [name, value] : rules.parameters) {
    if (name == "window") return expr::parse_duration(value).value_or(0);
  }
  return 0;
}

std::string write_training_request(const TrainingRequest& request) {
  const app::ModelSpec& model = request.model;
  const app::TrainRules& rules = request.rules;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("type", model.type == app::ModelType::linear ? "linear" : "xgboost");
  json.field("objective", model.objective).field("model", model.name);
  json.key("version").uint64(request.version);
  json.field("label", request.spec.labels[static_cast<std::size_t>(rules.label)].name);
  json.key("features").begin_array();
  for (const std::string& name : model.input_names) json.text(name);
  json.end_array();
  json.key("rounds").int64(rules.rounds).key("segment_rounds").int64(rules.segment_rounds);
  json.key("seed").uint64(rules.seed).key("nthread").int64(rules.threads);
  if (model.objective.starts_with("multi:")) {
    json.key("num_class").uint64(model.outputs.size() - 1);
  }
  json.key("parameters").begin_object();
  for (const auto& [name, value] : rules.parameters) {
    if (name != "window") json.field(name, value);
  }
  json.end_object();
  if (!rules.metrics.empty()) {
    json.key("metrics").begin_array();
    for (const std::string& metric : rules.metrics) json.text(metric);
    json.end_array();
  }
  json.key("lineage").begin_object().key("log_from").uint64(request.log_from);
  json.key("log_to").uint64(request.log_to).key("as_of").int64(request.as_of);
  json.field("application", request.spec.digest).key("columns").begin_object();
  for (std::size_t i = 0; i < model.input_names.size(); ++i) {
    json.field(model.input_names[i], model.input_digests[i]);
  }
  json.end_object().end_object().end_object();
  return out;
}

namespace {

Expected<void> set_number(std::string_view name, std::string_view text, std::int64_t least,
                          std::int64_t& to) {
  const auto number = parse_int64(text);
  if (!number || *number < least) {
    return invalid("expected a number from " + std::to_string(least)).at(std::string(name));
  }
  to = *number;
  return {};
}

Expected<void> set_duration(std::string_view name, std::string_view text, Micros& to) {
  const auto length = expr::parse_duration(text);
  if (!length || *length < 0) {
    return invalid("expected a duration, as 7d").at(std::string(name));
  }
  to = *length;
  return {};
}

}  // namespace

app::TrainRules rules_of(const app::ModelSpec& model) {
  const app::TrainRules& given = *model.train;
  app::TrainRules rules;
  rules.label = given.label;
  rules.holdout = given.holdout;
  rules.rounds = given.rounds;
  rules.segment_rounds = given.segment_rounds;
  rules.seed = given.seed;
  rules.threads = given.threads;
  rules.parameters = given.parameters;
  rules.metrics = given.metrics;
  return rules;
}

Expected<void> set_rule(app::TrainRules& rules, std::string_view name, std::string_view value) {
  std::int64_t number = 0;
  if (name == "rounds" || name == "segment_rounds" || name == "threads") {
    TRY_DO(set_number(name, value, 1, number));
    if (number > 10'000) return invalid("expected at most 10000").at(std::string(name));
    int& to = name == "rounds" ? rules.rounds
                               : (name == "threads" ? rules.threads : rules.segment_rounds);
    to = static_cast<int>(number);
    return {};
  }
  if (name == "seed") {
    TRY_DO(set_number(name, value, 0, number));
    rules.seed = static_cast<std::uint64_t>(number);
    return {};
  }
  if (name == "window") {
    Micros length = 0;
    TRY_DO(set_duration(name, value, length));
  }
  if (name == "holdout") {
    if (value.starts_with("last ")) value.remove_prefix(5);
    return set_duration(name, value, rules.holdout);
  }
  if (name == "label" || name == "where" || name == "metrics") {
    return invalid("is changed in the application file").at(std::string(name));
  }
  std::erase_if(rules.parameters, [&](const auto& one) { return one.first == name; });
  rules.parameters.emplace_back(name, value);
  std::sort(rules.parameters.begin(), rules.parameters.end());
  return {};
}

Expected<void> check_parameters(const app::ModelSpec& model, const app::TrainRules& rules) {
  const std::string_view type = model.type == app::ModelType::linear ? "linear" : "xgboost";
  const auto known = app::parameter_names(type);
  for (const auto& [name, value] : rules.parameters) {
    if (name == "window") continue;
    const app::Parameter* parameter = app::find_parameter(type, name);
    if (parameter == nullptr) {
      const auto near = nearest(name, known);
      return invalid("there is no parameter \"" + name + "\" for " + std::string(type) +
                     (near ? "; did you mean " + std::string(*near) + "?" : std::string()));
    }
    const std::string wanted = app::wrong_parameter(*parameter, value);
    if (!wanted.empty()) return invalid(name + " is " + wanted + ", this is \"" + value + "\"");
  }
  return {};
}

std::string promotion_reason(const app::ModelSpec& model, double fresh, double current) {
  const bool better = model.promote_smaller_is_better ? fresh < current : fresh > current;
  if (!better) return {};
  std::string reason = model.promote_metric + " ";
  JsonWriter(reason).real(fresh);
  reason += model.promote_smaller_is_better ? " < " : " > ";
  JsonWriter(reason).real(current);
  return reason;
}

}  // namespace quintet::stage
