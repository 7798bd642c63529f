// What a place that follows a log kept elsewhere asks of the one that keeps it: calls over a link,
// or a few lines in a test. All are asynchronous: `done` is called in a job of the asker's loop, or
// inside the call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stage/control.h"
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
  // By name, in order; at most kKeysAtOnce. `snapshots/N` (snapshot_seal.h) and the key of bases
  // without subjects (base.h) are made if they are not there yet. `unavailable`: ask again.
  virtual void keys(std::vector<std::string> names,
                    std::function<void(Expected<std::vector<FoundKey>>)> done) = 0;
  virtual void pseudonym_key(std::function<void(Expected<std::string>)> done) = 0;
};

// The base of the log, which lies where the log does (host/base.h), for a fold that is to go on
// from there.
struct OfferedBase {
  stage::SealBody seal;
  // The state may be that of the base for who has all outcomes up to here: below there may be some
  // that are to be made with what the base no longer knows.
  Position valid_from = kNoPosition;
  Position activated = kNoPosition;       // of the version that it was folded under
  std::vector<std::string> erased;        // subjects, behind its cut: it knows nothing of them
  Position last_erase = kNoPosition;      // of the last one
  std::vector<std::string> applications;  // files of the versions up to that one, in order
};
class BaseSource {
 public:
  virtual ~BaseSource() = default;
  // For who has all outcomes up to `at`: the newest that knows all that they do. None: the log is
  // whole.
  virtual void base(Position at,
                    std::function<void(Expected<std::optional<OfferedBase>>)> done) = 0;
  // `not_found`: another base took its place.
  virtual void part(std::uint64_t number, std::string name,
                    std::function<void(Expected<stage::Snapshot>)> done) = 0;
};

// The model registry.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  virtual void model(std::string name, std::uint32_t version,
                     std::function<void(Expected<stage::ModelVersion>)> done) = 0;
};

}  // namespace quintet::host
