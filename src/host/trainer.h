// Trainings of a running application (DESIGN 6.8, 6.9): a `train` record fixes the log that is
// learned from, a thread folds it aside on a connection of its own, quintet-train learns, and back
// on the loop the version enters the registry and, by the application's rule, into force. Serving
// goes on all the while; the swap is one record between two events.
//
// One run at a time. Lives on the Node's loop; every method is called there.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "host/node.h"

namespace quintet::host {

struct TrainOrder {
  std::string model;
  Micros as_of = kNoTime;  // kNoTime: as soon as the newest label is known
  std::vector<std::pair<std::string, std::string>> rules;  // stage::set_rule()
  std::string because = "it was asked for";
  bool keep = false;  // leaves rows and request in DATA/training/MODEL, to be looked at
};

struct TrainRun {
  enum class State : std::uint8_t { folding, training, storing, done, failed };
  std::uint64_t id = 0;  // the position of its record: no two runs of a log share one
  std::string model;
  State state = State::folding;
  std::string because;              // TrainOrder's
  Position position = kNoPosition;  // of the train record
  std::int64_t round = 0, rounds = 0;
  std::uint32_t version = 0;  // once it is in the registry
  bool promoted = false;
  std::string reason;   // why it was promoted, or why not
  std::string error;    // failed
  std::string metrics;  // JSON, once known
};
std::string to_json(const TrainRun& run);

// Why a version takes over by the rule of the application, or why it does not. `current` is the
// metric of the version in force on the same holdout; without one the plainest guess must be
// beaten.
struct Verdict {
  bool promote = false;
  std::string reason;
};
Verdict judge_promotion(const app::ModelSpec& model, const std::string& metrics,
                        std::optional<double> current);

// Who hears of a run, each once, on the loop.
struct TrainHears {
  // Once the record that names the run is durable, or why there is none.
  std::function<void(Expected<std::uint64_t> id)> begun = {};
  std::function<void(const TrainRun&)> ended = {};
};

class Trainer {
 public:
  // Both outlive the Trainer.
  Trainer(Node& node, stage::Vault& vault);
  // Calls a run under way off and waits for its thread.
  ~Trainer();

  // `conflict` while another is under way, `not_found` or `invalid` for a model that cannot be
  // trained: then nobody hears of it.
  Expected<void> start(const TrainOrder& order, TrainHears hears = {});
  const TrainRun* find(std::uint64_t id) const;
  bool busy() const { return active_ != nullptr; }
  const std::map<std::uint64_t, TrainRun>& runs() const { return runs_; }
  // The Place was closed: a run that waited for it has failed.
  void place_went();

 private:
  struct Work;
  void record(const std::shared_ptr<Work>& work, const Expected<Position>& last);
  void recorded(const std::shared_ptr<Work>& work, const Expected<Position>& position);
  void begin(const std::shared_ptr<Work>& work);
  void trained(const std::shared_ptr<Work>& work);
  void stored(const std::shared_ptr<Work>& work);
  void fail(const std::shared_ptr<Work>& work, const Error& error);
  void end(const std::shared_ptr<Work>& work);

  Node& node_;
  stage::Vault& vault_;
  std::map<std::uint64_t, TrainRun> runs_;
  std::shared_ptr<Work> active_;
  std::shared_ptr<char> alive_;  // goes with this
  std::thread thread_;
};

}  // namespace quintet::host
