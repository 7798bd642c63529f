// A running application: opens its store, folds its log, serves its door until told to stop, and
// leaves snapshots behind. The interpreter of a Topology for this machine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/spec.h"
#include "base/expected.h"
#include "host/front_door.h"

namespace quintet::host {

// What a start cost.
struct StartFigures {
  std::uint64_t from_snapshot = 0;  // positions that a snapshot spared
  std::uint64_t folded = 0;         // positions read from the log
  double seconds = 0;
};

struct RunSettings {
  std::shared_ptr<const app::Spec> spec;
  std::string app_directory;  // of the application file: where its model files are
  std::string data_directory;
  // postgres://..., without a password: where log and outcomes are kept, and all else but keys;
  // empty: where they were, and at first in the directory.
  std::string store_url;
  std::string store_schema;  // there, instead of quintet_APP; services add their names
  DoorSettings door;
  std::uint32_t infer_replicas = 0;        // where infer is a service; 0: as many as there were
  TracerSettings traces;                   // `service` is filled in
  std::string tokens_path;                 // the file that door.tokens were read from
  std::string pseudonym_key;               // of a new log; empty: one is made
  std::string pseudonym_key_path;          // the file that it was read from
  std::uint64_t snapshot_every = 200'000;  // positions; 0: only when it ends
  // Called once the door has answered a request of our own: success is said after it was probed.
  std::function<void(const std::string& url, const StartFigures& start)> on_ready;
  std::function<void(std::uint64_t done, std::uint64_t last)> progress;
};

// Blocks until SIGINT or SIGTERM, then drains. Errors: what could not be opened or bound.
Expected<void> run(RunSettings settings);

}  // namespace quintet::host
