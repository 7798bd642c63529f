// The control records of a log, read from its end: each record names the one before it, so the way
// back costs one block a control record and no scan.
#pragma once

#include <functional>
#include <vector>

#include "stage/control.h"
#include "stage/store.h"

namespace quintet::host {

// Calls `each` for the control records above `above` that the log still holds, newest first, until
// it says false.
Expected<void> each_control_back(stage::Store& store, Position above,
                                 const std::function<Expected<bool>(event::Record&&)>& each);

// What the control records above a position say, oldest first.
struct Controls {
  std::vector<stage::ApplicationBody> applications;  // prepared there
  AppVersion active = 0;                             // activated last; 0: none there
  std::vector<std::string> erased;                   // subjects
  Position last_erase = kNoPosition;
};
Expected<Controls> read_controls(stage::Store& store, Position above);

}  // namespace quintet::host
