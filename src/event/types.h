// Names shared by all rooms for what stands in the log.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace quintet {

// A place in the log: 1, 2, 3, ... without gaps. Ours, never a broker's offset. Compare with <
// only.
using Position = std::uint64_t;
inline constexpr Position kNoPosition = 0;

// Grows whenever another sequencer takes over; a late append of an older one is refused.
using Epoch = std::uint64_t;

// All that makes an answer what it is, as a number (docs/SEMANTICS.md).
inline constexpr std::uint32_t kSemanticsVersion = 1;
inline constexpr std::uint32_t kShardCount = 256;
inline constexpr std::string_view kKeyHashName = "xxh3-128/0";

using ShardId = std::uint16_t;
using AppVersion = std::uint32_t;

// "No low time yet": smaller than every time an event can have.
inline constexpr Micros kNoTime = INT64_MIN;

}  // namespace quintet
