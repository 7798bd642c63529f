// What stage::LogSource reads, on any connection. Used inside this room only.
#pragma once

#include <vector>

#include "stage/store.h"
#include "store/sql.h"

namespace quintet::store {

Expected<stage::LogEnd> read_end(Database& database);
Expected<std::vector<event::BlockBytes>> read_blocks(Database& database, Position from,
                                                     std::size_t most_bytes);
Expected<stage::Snapshot> read_base_part(Database& database, std::uint64_t number,
                                         std::string_view name);

}  // namespace quintet::store
