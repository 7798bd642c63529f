// How bodies lie in a store's rows, whatever the engine: compressed or not, with a checksum of the
// bytes and of where they belong, so that a row that strayed is found too. Inside this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stage/store.h"

namespace quintet::store {

// Rows of a base, or of the snapshots, are compressed from so many bytes.
inline constexpr std::size_t kCompressPartFrom = 512;

// A body as it is stored: compressed if that was asked for and helped, with its size before, else
// 0. Points to what was packed.
struct Stored {
  std::string_view raw;
  std::string packed;
  std::int64_t raw_size = 0;
  std::string_view body() const { return raw_size == 0 ? raw : packed; }
};
Stored pack(std::string_view bytes, std::size_t compress_from);
// `broken` if it cannot be; whether the bytes are right is for the checksum to say.
Expected<std::string> unpack(std::string_view body, std::int64_t raw_size);

std::uint32_t crc_of(const stage::Snapshot& part);
// Of a run of outcomes, or of one position's.
std::uint32_t crc_of(Position first, Position last, std::string_view body);

}  // namespace quintet::store
