// Store::read_log() on any connection. Used inside this room only.
#pragma once

#include <vector>

#include "event/record.h"
#include "store/sql.h"

namespace quintet::store {

Expected<std::vector<event::BlockBytes>> read_blocks(Database& database, Position from,
                                                     std::size_t most_bytes);

}  // namespace quintet::store
