// Trains a model from files, without a server or a store: the files are folded once, in merged
// order, and the rows are the fold's own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/training_process.h"
#include "tool/input.h"
#include "tool/progress.h"

namespace quintet::tool {

struct TrainOptions {
  std::shared_ptr<const app::Spec> spec;
  std::vector<InputFile> inputs;
  int model = 0;              // in Spec::models; has rules for training
  app::TrainRules rules;      // the Spec's, or changed by --set
  Micros as_of = kNoTime;     // kNoTime: stage::TrainingRows::as_of(now)
  Micros now = 0;
  std::string directory;      // where the run works; the caller takes it away
  std::string pseudonym_key;
};

struct TrainReport {
  std::uint64_t events = 0, refused = 0, bad_lines = 0;
  std::uint64_t rows_train = 0, rows_holdout = 0;
  Micros as_of = 0;
  host::Trained trained;
};

// Bad lines and refused events are reported through `on_bad` and passed over. Errors: those of
// stage::TrainingRows and host::train_in_process().
Expected<TrainReport> train(const TrainOptions& options, Progress& progress,
                            const EventSource::OnBad& on_bad,
                            const host::OnProgressLine& on_line);

}  // namespace quintet::tool
