// What a place that follows a log kept elsewhere asks of the one that keeps it: calls over a link,
// or a few lines in a test. All are asynchronous: `done` is called in a job of the asker's loop, or
// inside the call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stage/store.h"

namespace quintet::host {

// None: the subject was erased, or never had a key.
using FoundKey = std::optional<std::string>;

// Names in one call.
inline constexpr std::size_t kKeysAtOnce = 4'096;

// Keys of the vault that seals what the log holds.
class KeySource {
 public:
  virtual ~KeySource() = default;
  // By name, in order; at most kKeysAtOnce. `snapshots/N` (snapshot_seal.h) is made if it is not
  // there yet. `unavailable`: ask again.
  virtual void keys(std::vector<std::string> names,
                    std::function<void(Expected<std::vector<FoundKey>>)> done) = 0;
  virtual void pseudonym_key(std::function<void(Expected<std::string>)> done) = 0;
};

// The model registry.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  virtual void model(std::string name, std::uint32_t version,
                     std::function<void(Expected<stage::ModelVersion>)> done) = 0;
};

}  // namespace quintet::host
