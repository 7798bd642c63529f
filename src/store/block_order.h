// What every engine asks of the blocks of one commit before it writes them. Inside this room only.
#pragma once

#include "stage/store.h"

namespace quintet::store {

// They are of this epoch, unless they are copies, and continue a log that ends at `end`
// (kNoPosition: it is empty), unless they begin one anew: else `invalid`, or `conflict`.
Expected<void> check_blocks(const stage::Commit& commit, Position end, Epoch epoch);

}  // namespace quintet::store
