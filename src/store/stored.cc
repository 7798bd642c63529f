#include <zstd.h>

#include "base/bytes.h"
#include "store/stored.h"

namespace quintet::store {
namespace {

constexpr int kLevel = 1;
// No body that we write is larger; a damaged size must not take the memory of the machine.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;

}  // namespace

Stored pack(std::string_view bytes, std::size_t compress_from) {
  Stored out;
  out.raw = bytes;
  if (compress_from == 0 || bytes.size() < compress_from) return out;
  out.packed.resize(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(out.packed.data(), out.packed.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) || size >= bytes.size()) return out;
  out.packed.resize(size);
  out.raw_size = static_cast<std::int64_t>(bytes.size());
  return out;
}

Expected<std::string> unpack(std::string_view body, std::int64_t raw_size) {
  if (raw_size == 0) return std::string(body);
  if (raw_size < 0 || raw_size > kMostBytes) return broken("a stored size that cannot be");
  std::string out(static_cast<std::size_t>(raw_size), '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
  if (ZSTD_isError(size) || size != out.size()) return broken("compressed bytes are damaged");
  return out;
}

std::uint32_t crc_of(const stage::Snapshot& snapshot) {
  std::string place;
  ByteWriter out(place);
  out.text(snapshot.name);
  out.u64(snapshot.position);
  return crc32c(snapshot.bytes, crc32c(place));
}

std::uint32_t crc_of(Position first, Position last, std::string_view body) {
  std::string place;
  ByteWriter out(place);
  out.u64(first);
  out.u64(last);
  return crc32c(body, crc32c(place));
}

}  // namespace quintet::store
