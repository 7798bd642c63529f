// The wire form of protocol buffers, as far as the messages of this room need it
// (api/quintet/link/v1/link.proto, and the published ones of gRPC's health and reflection):
// numbers, bytes and nested messages. What comes may be hostile: a reader fails for good at the
// first damage, and gives nothing then. Any thread; one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quintet::link {

// Appends fields to a string that outlives it.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  // A field that is 0 or empty is left out, which says the same.
  void number(std::uint32_t field, std::uint64_t value);
  void present(std::uint32_t field, std::uint64_t value);  // also 0
  void fixed64(std::uint32_t field, std::uint64_t value);
  void bytes(std::uint32_t field, std::string_view value);
  // A nested message, also if it is empty: its bytes in two pieces, so that a large second one is
  // copied once.
  void message(std::uint32_t field, std::string_view first, std::string_view second = {});
  // The key and the length alone, for a field whose bytes the caller appends.
  void length(std::uint32_t field, std::size_t size);

 private:
  ByteWriter out_;
};

// Gives field after field of bytes that outlive it. A field is read as what it was written as; the
// caller skips those it does not know.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : in_(bytes) {}

  // The next field; false at the end and after damage.
  bool next();
  std::uint32_t field() const { return field_; }
  // The field as a number; 0, and damage, if it is none.
  std::uint64_t number();
  // The field's bytes; empty, and damage, if it has none.
  std::string_view bytes();
  // For the caller who finds that what was read cannot be.
  void fail() { in_.fail(); }
  bool ok() const { return in_.ok(); }

 private:
  ByteReader in_;
  std::uint32_t field_ = 0;
  bool is_number_ = false;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
};

}  // namespace quintet::link
