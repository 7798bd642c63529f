// Reads everything and compares it with its checksums: what every store on disk does in verify().
// Inside this room only.
#pragma once

#include "stage/store.h"

namespace quintet::store {

// `broken` with the position of the first gap, block or link that is not as it was written.
Expected<void> verify_log(stage::LogSource& log);
// The same of the outcomes from `first`, which is not removed; reading checks each.
Expected<void> verify_outcomes(stage::Store& store, Position first);

}  // namespace quintet::store
