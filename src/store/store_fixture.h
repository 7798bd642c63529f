// What the tests of this room share.
#pragma once

#include <string>
#include <utility>

#include "event/record.h"

namespace quintet::store {

// A directory that goes with the object, and all that lies in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class T>
T value_of(Expected<T> expected) {
  if (!expected) check(false, expected.error().message().c_str());
  return *std::move(expected);
}

// A block of `count` records whose ids are their positions.
event::BlockBytes block_at(Position first, std::size_t count, Epoch epoch, Hash128 previous = {},
                           std::size_t plain_bytes = 20);

// Blocks that continue each other.
class Chain {
 public:
  explicit Chain(Epoch epoch, Position next = 1, Hash128 hash = {})
      : epoch_(epoch), next_(next), hash_(hash) {}

  event::BlockBytes next(std::size_t count, std::size_t plain_bytes = 20) {
    event::BlockBytes block = block_at(next_, count, epoch_, hash_, plain_bytes);
    next_ = block.last + 1;
    hash_ = event::block_hash(block.bytes);
    return block;
  }

 private:
  Epoch epoch_;
  Position next_;
  Hash128 hash_;
};

}  // namespace quintet::store
