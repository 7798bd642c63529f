// Bytes of any kind as a block of the log, with the checksum put right so that what is behind it is
// reached: refused, or records that say the same after being written and read once more.
// rooms: event
#include <cstdlib>

#include "base/hash.h"
#include "event/record.h"

using namespace quintet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  ByteWriter(bytes).u32(crc32c(bytes));
  const auto read = event::decode_block(bytes);
  if (!read) return 0;
  const std::string once = event::encode_block(read->block, read->previous).bytes;
  const auto again = event::decode_block(once);
  if (!again || event::encode_block(again->block, again->previous).bytes != once) std::abort();
  return 0;
}
