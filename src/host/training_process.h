// The program quintet-train, a process of its own (DESIGN 6.9, 6.13), and what came of a run of it:
// a model that has passed the gate. What serves never loads the training library.
//
// Blocks until the process has ended; call it on any thread but a loop's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "learn/model.h"
#include "learn/rows.h"

namespace quintet::host {

struct TrainingTask {
  std::string directory;  // made if it is not there; a run that was interrupted here goes on
  std::string type;       // "xgboost" or "linear"
  std::string request;    // stage::write_training_request()
  const learn::Rows& rows;
};

struct Trained {
  std::shared_ptr<const learn::Model> model;
  std::string bytes;      // the model file
  std::string metrics;    // JSON: figures on the holdout, and those of the plainest guess
  std::string card;       // JSON
  std::string card_text;  // Markdown
};

// The program's progress, a JSON object a line (learn/train/run.h). False calls the training off.
using OnProgressLine = std::function<bool(std::string_view line)>;

// Fails with the program's own words, `unavailable` if it is not beside this program or cannot be
// started, `expired` if it was called off, `broken` if its model fails the gate.
Expected<Trained> train_in_process(const TrainingTask& task, const OnProgressLine& on_line);

struct ForeignModel {
  learn::ModelFile file;
  std::string directory;  // made if it is not there
};

// A model file that was made elsewhere, through the same gate: a process of its own reads it first
// and writes what it scores (learn/train/admit.h), then this one reads it and must score the same.
// `invalid` for whatever the file is to blame for, also if that process died of it.
Expected<std::shared_ptr<const learn::Model>> admit_in_process(const ForeignModel& foreign);

// Takes the directory away, with all that lies in it.
void remove_training(const std::string& directory);

// A figure of metrics.json: `group` is "metrics" or "baseline". Nothing if it was not measured.
std::optional<double> training_figure(std::string_view metrics, std::string_view group,
                                      std::string_view name);

}  // namespace quintet::host
