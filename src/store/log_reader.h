// The log of a directory that this process has open, on a connection of its own: a long read holds
// up nobody who asks the Store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "event/record.h"

namespace quintet::store {

// Takes no lock and changes nothing. One thread at a time.
class LogReader {
 public:
  virtual ~LogReader() = default;
  // As Store::read_log().
  virtual Expected<std::vector<event::BlockBytes>> read_log(Position from,
                                                            std::size_t most_bytes) = 0;
};

// `not_found` if there is no store in the directory.
Expected<std::unique_ptr<LogReader>> open_log_reader(const std::string& directory);

}  // namespace quintet::store
