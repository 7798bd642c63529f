// State of a place that follows from its outcomes and that others keep: views. The Place puts it
// into its snapshots and gives it back at the next start; the owner folds what came since.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"
#include "event/types.h"

namespace quintet::host {

class Derived {
 public:
  virtual ~Derived() = default;
  virtual std::string name() const = 0;  // "views/blocked"; no other part has it
  // The position up to which it was folded; at or below Place::durable().
  virtual Position position() const = 0;
  // Canonical bytes of the state at position(). About a millisecond's work at the most.
  virtual std::string write() const = 0;
  // Replaces the state by that of a snapshot at `position`. After an error it must be empty, at
  // kNoPosition; so it is, too, if there is no snapshot, after another application version came
  // into force and after an erase: read() is not called then.
  virtual Expected<void> read(Position position, std::string_view bytes) = 0;
};

}  // namespace quintet::host
