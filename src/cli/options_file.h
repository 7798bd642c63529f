// A file of options, for a command with too many of them for one line: YAML, a mapping of long
// names without their dashes to a value, or to a list of values for an option that may be repeated.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"

namespace quintet::cli {

struct FileOption {
  std::string name;
  std::vector<std::string> values;
  std::string place;  // "service.yaml:3"
};

// In the order of the file. Refuses, with its line, what is no such mapping.
Expected<std::vector<FileOption>> read_options_file(const std::string& path);

}  // namespace quintet::cli
