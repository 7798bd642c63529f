// The keys of one group or table in one shard: open addressing over pointers that carry 16 bits of
// their key's hash, so that a miss seldom touches an entry. T has `std::string key`. No order
// shows: who writes or lists keys asks for sorted(). One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace quintet::feature {

template <class T>
class KeyMap {
 public:
  T* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    const std::uint64_t hash = hash64(key);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (!slot.entry) return nullptr;
      if (slot.tag == tag_of(hash) && slot.entry->key == key) return slot.entry.get();
    }
  }

  T& find_or_add(std::string_view key) {
    if (T* found = find(key)) return *found;
    if ((size_ + 1) * 8 > slots_.size() * 7) grow();
    auto entry = std::make_unique<T>();
    entry->key = key;
    T& added = *entry;
    place(hash64(key), std::move(entry));
    ++size_;
    return added;
  }

  bool erase(std::string_view key) {
    if (slots_.empty()) return false;
    const std::uint64_t hash = hash64(key);
    std::size_t at = hash & mask();
    while (slots_[at].entry && slots_[at].entry->key != key) at = (at + 1) & mask();
    if (!slots_[at].entry) return false;
    slots_[at].entry.reset();
    --size_;
    // Those behind the hole move up, unless they stand where they belong.
    for (std::size_t next = (at + 1) & mask(); slots_[next].entry; next = (next + 1) & mask()) {
      const std::size_t home = hash64(slots_[next].entry->key) & mask();
      if (((next - home) & mask()) < ((next - at) & mask())) continue;
      slots_[at] = std::move(slots_[next]);
      at = next;
    }
    return true;
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  // By the bytes of their keys.
  std::vector<T*> sorted() const {
    std::vector<T*> all;
    all.reserve(size_);
    for (const Slot& slot : slots_) {
      if (slot.entry) all.push_back(slot.entry.get());
    }
    std::sort(all.begin(), all.end(), [](const T* a, const T* b) { return a->key < b->key; });
    return all;
  }

 private:
  struct Slot {
    std::unique_ptr<T> entry;
    std::uint16_t tag = 0;
  };
  static std::uint16_t tag_of(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48); }
  std::size_t mask() const { return slots_.size() - 1; }
  void place(std::uint64_t hash, std::unique_ptr<T> entry) {
    std::size_t at = hash & mask();
    while (slots_[at].entry) at = (at + 1) & mask();
    slots_[at] = {std::move(entry), tag_of(hash)};
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(4, slots_.size() * 2));
    old.swap(slots_);
    for (Slot& slot : old) {
      if (slot.entry) {
        const std::uint64_t hash = hash64(slot.entry->key);
        place(hash, std::move(slot.entry));
      }
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace quintet::feature
