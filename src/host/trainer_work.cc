// What a training run does on its own thread.
#include "host/trainer_work.h"

#include "host/base.h"
#include "host/vault_sealer.h"
#include "learn/metrics.h"
#include "store/log_reader.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{4} << 20;

Error called_off_error() {
  return expired("the training was called off");
}

}  // namespace

Expected<void> Trainer::Work::perform(stage::Vault& vault, const OnProgressLine& report) {
  stage::TrainingRows rows(spec, model);
  TRY(const Position first, fold(vault, rows));
  log.reset();
  const Micros as_of = as_of_given ? body.as_of : rows.as_of(body.as_of);
  TRY(const learn::Rows cut, rows.cut(rules, as_of));
  const std::string request =
      stage::write_training_request({*spec, model_spec(), rules, version, body.last, as_of, first});
  const std::string type = model_spec().type == app::ModelType::linear ? "linear" : "xgboost";
  TRY(result, train_in_process({directory, type, request, cut}, [&](std::string_view line) {
        report(line);
        return !called_off.load();
      }));
  if (!keep) remove_training(directory);
  return measure_current(cut.only(learn::Split::holdout));
}

// The log up to the run's last position, under one Spec, as if it had always been in force. Where
// it begins.
Expected<Position> Trainer::Work::fold(stage::Vault& vault, stage::TrainingRows& rows) {
  for (const TrainRole::KnownModel& one : known) {
    (void)rows.score().install(one.model, one.version, one.loaded);
  }
  VaultSealer sealer(vault);
  TRY(const auto source, store::open_log_reader(data_directory));
  TRY(const auto base, Base::find(*source));
  if (base != nullptr) {
    TRY_DO(base->into(rows.score()));
    TRY_DO(base->into({*source, vault, versions}, rows.infer().shards()));
  }
  const Position first = base == nullptr ? 1 : base->cut() + 1;
  stage::Admitted admitted;
  for (Position next = first; next <= body.last;) {
    TRY(const auto blocks, source->read_log(next, kReadBytes));
    if (blocks.empty()) return broken("the log ends before " + std::to_string(body.last));
    for (const event::BlockBytes& bytes : blocks) {
      if (called_off) return called_off_error();
      TRY(event::DecodedBlock decoded, event::decode_block(bytes));
      for (event::Record& record : decoded.block.records) {
        if (record.position < next || record.position > body.last) continue;
        const AppVersion written = record.app_version;
        if (written == 0 || written > versions.size()) {
          return broken("record " + std::to_string(record.position) +
                        " names an application version that the log lacks");
        }
        stage::TrainingRows::make_asking(record);
        admitted.record = std::move(record);
        const app::Spec& written_spec = *versions[written - 1];
        TRY_DO(stage::decode_record(written_spec, *spec, decoded.block.epoch, sealer, admitted));
        TRY_DO(rows.add(admitted, written_spec));
      }
      next = bytes.last + 1;
    }
  }
  return first;
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
