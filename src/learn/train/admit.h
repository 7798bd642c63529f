// The first reading of a model file that was made elsewhere: in a process that may die of it
// (DESIGN 6.13). Reads DIR/request.json, {"type": "xgboost", "features": ["amount"]}, and
// DIR/model; writes DIR/golden.json (learn/gate.h), by which the process that will serve the model
// sees that it reads the same one.
#pragma once

#include <string>

#include "base/expected.h"

namespace quintet::learn {

// Limits this process first: memory, processor time, no core file. Fails with what is wrong with
// the file.
Expected<void> admit_file(const std::string& directory);

}  // namespace quintet::learn
