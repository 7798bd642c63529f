#include "tool/train.h"

#include "stage/control.h"
#include "stage/ingest.h"
#include "stage/training.h"
#include "tool/unsealed.h"

namespace quintet::tool {

namespace {

// The files as a log that is never written.
Expected<void> fold_files(const TrainOptions& options, Progress& progress,
                          const EventSource::OnBad& on_bad, stage::TrainingRows& rows,
                          TrainReport& report) {
  Unsealed sealer;
  stage::Ingest ingest(options.spec, 1, 1, sealer);
  ingest.keep_no_blocks();
  TRY(const auto source, EventSource::open(*options.spec, options.inputs, options.pseudonym_key));
  const EventSource::OnBad counted = [&](const BadLine& bad) {
    ++report.bad_lines;
    return on_bad(bad);
  };
  stage::Admitted admitted;
  // A log begins with its application (S1.1); positions, and with them low times, are a run's.
  stage::ApplicationBody body;
  body.version = 1;
  body.digest = options.spec->digest;
  for (const auto kind : {event::RecordKind::application, event::RecordKind::activate}) {
    ingest.control(kind, stage::write_application(body), kNoTime, admitted);
    TRY_DO(rows.add(admitted, *options.spec));
  }
  event::Event event;
  for (;;) {
    TRY(const bool any, source->next(event, counted));
    if (!any) break;
    // The clock is the event's own time: nothing is ahead of it.
    const Micros time = event.time == kNoTime ? 0 : event.time;
    ++report.events;
    stage::Admission admission = ingest.offer({std::move(event), false, {}}, time, admitted);
    if (admission.what == stage::Admission::What::refused) {
      ++report.refused;
      TRY_DO(on_bad({"", report.events, std::move(admission.error), source->line()}));
    } else if (admission.what == stage::Admission::What::admitted) {
      TRY_DO(rows.add(admitted, *options.spec));
      std::swap(event, admitted.event);  // its memory serves the next event
    }
    progress.at(source->bytes_read(), source->bytes_total(), report.events);
  }
  progress.finish(report.events);
  return {};
}

}  // namespace

Expected<TrainReport> train(const TrainOptions& options, Progress& progress,
                            const EventSource::OnBad& on_bad,
                            const host::OnProgressLine& on_line) {
  TrainReport report;
  stage::TrainingRows rows(options.spec, options.model);
  TRY_DO(fold_files(options, progress, on_bad, rows, report));
  report.as_of = options.as_of == kNoTime ? rows.as_of(options.now) : options.as_of;
  TRY(const learn::Rows cut, rows.cut(options.rules, report.as_of));
  for (const learn::Split split : cut.splits) {
    ++(split == learn::Split::train ? report.rows_train : report.rows_holdout);
  }
  const app::ModelSpec& model = options.spec->models[static_cast<std::size_t>(options.model)];
  const std::string request = stage::write_training_request(
      {*options.spec, model, options.rules, 1, rows.last(), report.as_of});
  const std::string type = model.type == app::ModelType::linear ? "linear" : "xgboost";
  TRY(report.trained,
      host::train_in_process({options.directory, type, request, cut}, on_line));
  return report;
}

}  // namespace quintet::tool
