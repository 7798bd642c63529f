// Trainings that nobody asks for: so long after the last one, after so many labels, or once an
// input of the model has drifted (`retrain` of a model, app::RetrainRules). The last training is
// the newest `train` record of the log, whoever asked for it and whatever came of it: so a restart
// forgets nothing, and what cannot be trained is not tried again and again.
//
// Lives on the Node's loop; every method is called there. The log is read on a thread aside.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "host/trainer.h"
#include "learn/drift.h"

namespace quintet::host {

// What is known of a model that has such rules, up to some position of the log.
struct RetrainWatch {
  Position since = kNoPosition;  // of the last train record; kNoPosition: none
  Micros at = kNoTime;           // when that was; without one, when the application came into force
  std::int64_t labels = 0;       // that came since
  // Of the rows since against those before; looked at once the log has grown by a tenth. Nothing
  // before there are learn::kDriftRows on either side.
  std::optional<double> drift;
  std::string drift_input;
};

// A JSON object.
std::string to_json(const app::ModelSpec& model, const RetrainWatch& watch);
// Why the model is to be trained now; empty if it is not.
std::string reason_to_retrain(const app::RetrainRules& rules, const RetrainWatch& watch,
                              Micros now);

class Retraining {
 public:
  // All outlive it.
  Retraining(Node& node, stage::Vault& vault, Trainer& trainer);
  ~Retraining();  // waits for its thread
  // An array of all that is watched, as JSON.
  std::string json() const;

 private:
  struct Look;
  void look();
  bool drift_is_due(const app::ModelSpec& model, Position last) const;
  void read(std::shared_ptr<Look> work);
  void looked(const std::shared_ptr<Look>& work);
  void start_due();

  Node& node_;
  stage::Vault& vault_;
  Trainer& trainer_;
  std::map<std::string, RetrainWatch> watches_;
  std::map<std::string, Position> drift_at_;  // the log's end when it was looked at
  Position seen_ = kNoPosition;               // the watches know the log up to here
  const app::Spec* spec_ = nullptr;           // they are of this version
  Micros not_before_ = 0;                     // after one that could not be started
  bool looking_ = false;
  std::atomic<bool> called_off_ = false;
  std::thread thread_;
  std::shared_ptr<char> alive_;  // goes with this
  std::unique_ptr<Timer> timer_;
};

}  // namespace quintet::host
