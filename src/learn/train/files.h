// Whole files, in and out, for the training program.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"

namespace quintet::learn {

// Fails with `not_found` or `unavailable`, naming the file.
Expected<std::string> read_file(const std::string& path);
// Whole or not at all: written beside it, synced, then renamed.
Expected<void> write_file(const std::string& path, std::string_view bytes);

}  // namespace quintet::learn
