// The log as those who learn from it read it: aside, on a thread of their own, under the version
// that was in force when they began.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/roles.h"
#include "stage/training.h"

namespace quintet::host {

struct TrainingLog {
  std::shared_ptr<const app::Spec> spec;                   // in force
  std::vector<std::shared_ptr<const app::Spec>> versions;  // by AppVersion - 1
  std::vector<TrainRole::KnownModel> known;                // what models read of other models
  std::string data_directory;
  std::shared_ptr<const void> held;  // nothing is removed from the log meanwhile

  // On the loop; `known` is the caller's to fill in.
  static TrainingLog of(TrainRole& role, const std::string& data_directory);

  // Any thread. The rows of the log up to `last`, under `spec`, as if it had always been in force;
  // gives where the log begins. `expired` once it is called off.
  Expected<Position> fold(stage::Vault& vault, Position last, const std::atomic<bool>& called_off,
                          stage::TrainingRows& rows) const;
  // Any thread. Calls `each` with the records between two positions, both included, and the version
  // that each was written under. `expired` as above.
  using Each =
      std::function<Expected<void>(event::Record&& record, Epoch epoch, const app::Spec& written)>;
  Expected<void> read(stage::LogSource& source, Position first, Position last,
                      const std::atomic<bool>& called_off, const Each& each) const;
};

}  // namespace quintet::host
