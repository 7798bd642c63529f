#include "base/bytes.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace quintet {
namespace {

constexpr std::array<std::array<std::uint32_t, 256>, 4> crc_tables() {
  std::array<std::array<std::uint32_t, 256>, 4> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) ? 0x82f63b78u : 0u);
    t[0][i] = c;
  }
  for (std::size_t k = 1; k < 4; ++k) {
    for (std::size_t i = 0; i < 256; ++i) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 255];
  }
  return t;
}

constexpr auto kCrc = crc_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_processor(std::string_view bytes,
                                                                    std::uint32_t before) {
  std::uint64_t crc = before ^ 0xffffffffu;
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto small = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++p) small = _mm_crc32_u8(small, static_cast<unsigned char>(*p));
  return small ^ 0xffffffffu;
}
#endif

}  // namespace

void ByteReader::fail() {
  ok_ = false;
}

std::uint64_t ByteReader::fixed(unsigned bytes) {
  if (!ok_ || rest() < bytes) {
    ok_ = false;
    return 0;
  }
  std::uint64_t v = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    v |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + i])} << (8 * i);
  }
  at_ += bytes;
  return v;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = u8();
    if (!ok_) return 0;
    // The tenth byte has room for one bit; a last byte of zero would be a second spelling.
    if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) break;
    v |= (byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
  ok_ = false;
  return 0;
}

std::uint64_t ByteReader::count(std::uint64_t most) {
  const std::uint64_t n = varint();
  if (n <= most) return n;
  ok_ = false;
  return 0;
}

std::string_view ByteReader::text() {
  return raw(varint());
}

std::string_view ByteReader::raw(std::uint64_t size) {
  if (!ok_ || size > rest()) {
    ok_ = false;
    return {};
  }
  const std::string_view out = bytes_.substr(at_, static_cast<std::size_t>(size));
  at_ += out.size();
  return out;
}

Expected<void> ByteReader::finish(std::string_view what) const {
  if (done()) return {};
  return broken(std::string(what) + " is damaged at byte " + std::to_string(at_) + " of " +
                std::to_string(bytes_.size()));
}

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = before ^ 0xffffffffu;
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[i])};
  };
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    crc ^= byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    crc = kCrc[3][crc & 255] ^ kCrc[2][(crc >> 8) & 255] ^ kCrc[1][(crc >> 16) & 255] ^
          kCrc[0][crc >> 24];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kCrc[0][(crc ^ byte(i)) & 255];
  return crc ^ 0xffffffffu;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  if (has) return crc32c_by_processor(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

}  // namespace quintet
