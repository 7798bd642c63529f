// The control records of a log, read from its end: each record names the one before it, so the way
// back costs one block a control record and no scan. Where the log's beginning was removed, its
// base goes on with those that still say something.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "stage/control.h"
#include "stage/store.h"

namespace quintet::host {

class Base;

// The log's newest seal record; nothing if its beginning is there. `broken` if it is not, and no
// record says what was.
Expected<std::optional<stage::SealBody>> find_seal(stage::LogSource& source);

// Calls `each` for the control records above `above`, newest first, until it says false.
Expected<void> each_control_back(stage::LogSource& source, Position above,
                                 const std::function<Expected<bool>(event::Record&&)>& each);
// The same of a store whose base is this one, whatever its seal records say; null: none yet.
Expected<void> each_control_back(stage::LogSource& source, const Base* base, Position above,
                                 const std::function<Expected<bool>(event::Record&&)>& each);

// What the control records above a position say, oldest first.
struct Controls {
  std::vector<stage::ApplicationBody> applications;  // prepared there
  AppVersion active = 0;                             // activated last; 0: none there
  std::vector<std::string> erased;                   // subjects
  Position last_erase = kNoPosition;
};
Expected<Controls> read_controls(stage::LogSource& source, Position above);
Expected<Controls> read_all_controls(stage::LogSource& source, const Base* base);

}  // namespace quintet::host
