// Reading a stretch of a log, record by record.
#pragma once

#include <functional>

#include "stage/store.h"

namespace quintet::host {

// Calls `each` for every record from `from`, or from the log's beginning if that is later, to the
// end of the log, then `after`, if there is one, for its block. Ends with the first error.
Expected<void> each_record(stage::LogSource& source, Position from,
                           const std::function<Expected<void>(event::Record&&, Epoch)>& each,
                           const std::function<void(const event::BlockBytes&)>& after = nullptr);

}  // namespace quintet::host
