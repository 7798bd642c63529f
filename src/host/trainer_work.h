// The inside of a training run, shared by trainer.cc and trainer_work.cc alone.
#pragma once

#include <atomic>

#include "host/trainer.h"
#include "host/training_log.h"
#include "host/training_process.h"

namespace quintet::host {

// Made on the loop, then the thread's until it posts back; `called_off`, `round` apart.
struct Trainer::Work {
  std::uint64_t id = 0;
  TrainHears hears;
  std::atomic<bool> called_off = false;

  // What is asked for.
  TrainingLog log;
  int model = 0;
  app::TrainRules rules;
  stage::TrainBody body;
  bool as_of_given = false;
  bool keep = false;
  std::uint32_t version = 0;  // what the registry will give
  stage::Score::InForce current;
  std::string directory;

  // What came of it.
  std::optional<Error> failed;
  Trained result;
  std::optional<double> current_metric;

  const app::ModelSpec& model_spec() const {
    return log.spec->models[static_cast<std::size_t>(model)];
  }
  // On the thread. `report` is called for each line of the program's progress.
  Expected<void> perform(stage::Vault& vault, const OnProgressLine& report);

 private:
  Expected<void> measure_current(const learn::Rows& holdout);
};

}  // namespace quintet::host
