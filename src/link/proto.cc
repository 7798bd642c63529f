#include "link/proto.h"

namespace quintet::link {

namespace {

// The kinds a key may say; the two of groups went out of use long ago.
enum Kind : std::uint64_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

}  // namespace

void ProtoWriter::number(std::uint32_t field, std::uint64_t value) {
  if (value != 0) present(field, value);
}

void ProtoWriter::present(std::uint32_t field, std::uint64_t value) {
  out_.varint(std::uint64_t{field} << 3 | kVarint);
  out_.varint(value);
}

void ProtoWriter::fixed64(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  out_.varint(std::uint64_t{field} << 3 | kFixed64);
  out_.u64(value);
}

void ProtoWriter::length(std::uint32_t field, std::size_t size) {
  out_.varint(std::uint64_t{field} << 3 | kLength);
  out_.varint(size);
}

void ProtoWriter::bytes(std::uint32_t field, std::string_view value) {
  if (!value.empty()) message(field, value);
}

void ProtoWriter::message(std::uint32_t field, std::string_view first, std::string_view second) {
  length(field, first.size() + second.size());
  out_.raw(first);
  out_.raw(second);
}

bool ProtoReader::next() {
  if (!in_.ok() || in_.rest() == 0) return false;
  const std::uint64_t key = in_.varint();
  field_ = static_cast<std::uint32_t>(key >> 3);
  is_number_ = true;
  bytes_ = {};
  switch (key & 7) {
    case kVarint: number_ = in_.varint(); break;
    case kFixed64: number_ = in_.u64(); break;
    case kFixed32: number_ = in_.u32(); break;
    case kLength:
      is_number_ = false;
      bytes_ = in_.text();
      break;
    default: in_.fail();
  }
  if (key >> 3 == 0 || key >> 3 > (1u << 29) - 1) in_.fail();
  return in_.ok();
}

std::uint64_t ProtoReader::number() {
  if (!is_number_) in_.fail();
  return is_number_ ? number_ : 0;
}

std::string_view ProtoReader::bytes() {
  if (is_number_) in_.fail();
  return bytes_;
}

}  // namespace quintet::link
