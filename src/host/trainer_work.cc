// What a training run does on its own thread.
#include "host/trainer_work.h"

#include "learn/metrics.h"

namespace quintet::host {

Expected<void> Trainer::Work::perform(stage::Vault& vault, const OnProgressLine& report) {
  stage::TrainingRows rows(log.spec, model);
  TRY(const Position first, log.fold(vault, body.last, called_off, rows));
  log.held.reset();
  const Micros as_of = as_of_given ? body.as_of : rows.as_of(body.as_of);
  TRY(const learn::Rows cut, rows.cut(rules, as_of));
  const std::string request = stage::write_training_request(
      {*log.spec, model_spec(), rules, version, body.last, as_of, first});
  const std::string type = model_spec().type == app::ModelType::linear ? "linear" : "xgboost";
  TRY(result, train_in_process({directory, type, request, cut}, [&](std::string_view line) {
        report(line);
        return !called_off.load();
      }));
  if (!keep) remove_training(directory);
  return measure_current(cut.only(learn::Split::holdout));
}

// Both are judged on the same rows (the words of `when`).
Expected<void> Trainer::Work::measure_current(const learn::Rows& holdout) {
  if (current.model == nullptr || model_spec().promote_metric.empty() || holdout.size() == 0) {
    return {};
  }
  const std::size_t width = current.model->n_outputs();
  std::vector<float> outputs(holdout.size() * width);
  current.model->score_rows(holdout.values, outputs);
  std::vector<float> scores(holdout.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = outputs[i * width + width - 1];
  const auto figure = learn::measure(model_spec().promote_metric, {scores, holdout.labels});
  if (figure) current_metric = *figure;
  return {};
}

}  // namespace quintet::host
