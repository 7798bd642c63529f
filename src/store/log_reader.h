// The log of a directory that this process has open, on a connection of its own: a long read holds
// up nobody who asks the Store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stage/store.h"

namespace quintet::store {

// Takes no lock and changes nothing. One thread at a time. `not_found` if there is no store in the
// directory.
Expected<std::unique_ptr<stage::LogSource>> open_log_reader(const std::string& directory);

}  // namespace quintet::store
