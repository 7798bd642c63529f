// The limits that more than one room must agree on; a room's own limits stand in that room. Each is
// refused by name when it is passed, and each has a test where it is enforced. None of them changes
// an answer: they only say what is not admitted.
#pragma once

#include <cstddef>

namespace quintet {

// One event as it came (a JSON object, a CSV line), and one whole request that is not a stream.
inline constexpr std::size_t kMaxEventBytes = 1u << 20;
inline constexpr std::size_t kMaxBodyBytes = 16u << 20;
// One text or bytes field after decoding, and the items of one list.
inline constexpr std::size_t kMaxTextBytes = 256u << 10;
inline constexpr std::size_t kMaxListItems = 4096;
// Event ids and group keys are held in memory for as long as they are remembered.
inline constexpr std::size_t kMaxIdBytes = 512;
// JSON: how deep values nest, and how many values one document that we hold whole may have.
inline constexpr int kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxJsonNodes = 100'000;
// An application file: its bytes, the fields of one event type, the columns in all.
inline constexpr std::size_t kMaxApplicationBytes = 1u << 20;
inline constexpr std::size_t kMaxFields = 1000;
inline constexpr std::size_t kMaxColumns = 4096;
// decimal(n): 10^18 is the largest power of ten in an int64.
inline constexpr int kMaxScale = 18;

}  // namespace quintet
