// What a bug report needs to know of this build and this machine. Reads the system; changes
// nothing but a small file in the data directory, which it removes again.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace quintet::tool {

struct Finding {
  enum class State : unsigned char { fact, good, bad };
  std::string name;
  std::string value;
  State state = State::fact;
  std::string hint;  // what to do about a bad one
};

// `data` is the directory that a log would use; it need not be there yet. `store` is the URL of a
// PostgreSQL server; empty: the one that the directory names, if it does.
std::vector<Finding> examine(const std::string& data, const std::string& store, Clock& clock);

}  // namespace quintet::tool
