// A command that works on a directory of its own: the application opened without a door. The same
// routes answer as over HTTP, so a command has one way to ask, whether a server runs or not.
//
// It runs a loop on a thread of its own; the calls wait for it, so callbacks come from there while
// the caller waits. Used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/node.h"
#include "host/trainer.h"

namespace quintet::host {

class Workshop {
 public:
  // With a null spec: the version in force in the log (`not_found` without one; nothing is made).
  // Otherwise as `quintet run` would open it, with the model files that the application names,
  // relative to `app_directory`. `unavailable` while another process has it open.
  static Expected<std::unique_ptr<Workshop>> open(const std::string& directory,
                                                  std::shared_ptr<const app::Spec> spec,
                                                  const std::string& app_directory = {});
  ~Workshop();

  const std::string& pseudonym_key() const;

  struct Answer {
    int status = 0;
    std::string body;
  };
  // One of the routes of host/api_models.h and host/model_upload.h; waits for the answer. A target
  // may have a query. A body is JSON, or that of the upload.
  Answer ask(const std::string& method, const std::string& target, const std::string& body);

  // Admits what `next` brings until it says that there is no more, and waits until all is durable.
  // A refused event goes to `on_refused` and to the dead letters.
  struct Import {
    std::function<Expected<bool>(event::Event& out)> next;
    std::function<void(const Error& why)> on_refused;
  };
  Expected<void> import(const Import& import);

  // A whole training; what it came to is in the run. `on_progress` is called now and then.
  Expected<TrainRun> train(const TrainOrder& order,
                           const std::function<void(const TrainRun&)>& on_progress);

 private:
  struct State;
  explicit Workshop(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace quintet::host
