// Bytes in and out. ByteWriter appends to a string; ByteReader reads what may be hostile: every
// read is checked, the first bad one makes the reader fail for good, and a failed reader gives
// zeros. All fixed numbers are little-endian, and each number has one encoding: a varint that is
// longer than it need be is refused, so that equal values have equal bytes and equal digests. Any
// thread; a writer and a reader belong to one thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace quintet {

// Appends to a string that it does not own and that must outlive it.
class ByteWriter {
 public:
  // The same forms into memory that has room for them; they give the number of bytes. Many small
  // numbers are put into a buffer of the caller's and appended at once.
  static constexpr std::size_t kMostVarint = 10;
  static std::size_t put_f64(char* to, double v) {
    return put_fixed<8>(to, std::bit_cast<std::uint64_t>(v));
  }
  static std::size_t put_varint(char* to, std::uint64_t v) {
    std::size_t size = 0;
    for (; v >= 0x80; v >>= 7) to[size++] = static_cast<char>(v | 0x80);
    to[size++] = static_cast<char>(v);
    return size;
  }
  static std::size_t put_zigzag(char* to, std::int64_t v) { return put_varint(to, folded(v)); }

  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { fixed<2>(v); }
  void u32(std::uint32_t v) { fixed<4>(v); }
  void u64(std::uint64_t v) { fixed<8>(v); }
  void i64(std::int64_t v) { fixed<8>(static_cast<std::uint64_t>(v)); }
  // The bits of the number as they are; who needs -0 to be 0 says so before.
  void f32(float v) { u32(std::bit_cast<std::uint32_t>(v)); }
  void f64(double v) { u64(std::bit_cast<std::uint64_t>(v)); }
  // Seven bits a byte, lowest first: 1 to 10 bytes.
  void varint(std::uint64_t v) {
    char bytes[kMostVarint];
    out_.append(bytes, put_varint(bytes, v));
  }
  // A varint of 0, -1, 1, -2, ... as 0, 1, 2, 3, ...: short for small numbers of either sign.
  void zigzag(std::int64_t v) { varint(folded(v)); }
  // A varint of the length in bytes, then the bytes.
  void text(std::string_view v) {
    varint(v.size());
    raw(v);
  }
  void raw(std::string_view v) { out_.append(v); }

  std::size_t size() const { return out_.size(); }

 private:
  static std::uint64_t folded(std::int64_t v) {
    return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
  }
  template <int kBytes>
  static std::size_t put_fixed(char* to, std::uint64_t v) {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(to, &v, kBytes);
    } else {
      for (int i = 0; i < kBytes; ++i) to[i] = static_cast<char>(v >> (8 * i));
    }
    return kBytes;
  }
  template <int kBytes>
  void fixed(std::uint64_t v) {
    char bytes[kBytes];
    out_.append(bytes, put_fixed<kBytes>(bytes, v));
  }

  std::string& out_;
};

// Reads from bytes that it does not own and that must outlive it and every view it gave.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(fixed(8)); }
  float f32() { return std::bit_cast<float>(u32()); }
  double f64() { return std::bit_cast<double>(u64()); }
  std::uint64_t varint();
  std::int64_t zigzag() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
  }
  // A varint that must not exceed `most`: for counts, before anything is reserved for them.
  std::uint64_t count(std::uint64_t most);
  // A view into the bytes; empty if they end too soon.
  std::string_view text();
  std::string_view raw(std::uint64_t size);

  // False for good after the first read that could not be done, or after fail().
  bool ok() const { return ok_; }
  // For the caller who finds that what was read cannot be.
  void fail();
  std::size_t rest() const { return bytes_.size() - at_; }
  std::size_t at() const { return at_; }
  // Everything was read, and well.
  bool done() const { return ok_ && at_ == bytes_.size(); }
  // The same as an error: Code::broken, naming what was read ("a snapshot") and the offset.
  Expected<void> finish(std::string_view what) const;

 private:
  std::uint64_t fixed(unsigned bytes);

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// CRC-32C (Castagnoli) as in RFC 3720: crc32c("123456789") is 0xe3069283. `before` is the CRC of
// what came before, so that crc32c(b, crc32c(a)) is that of a and b in a row.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same without the processor's instruction, for the test that compares both.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

}  // namespace quintet
