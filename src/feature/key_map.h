// The keys of one group or table in one shard: open addressing over pointers that carry 16 bits of
// their key's hash, so that a miss seldom touches an entry. An entry and the bytes of its key are
// one allocation: T derives from Keyed. No order shows: who writes or lists keys asks for sorted().
// One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash.h"

namespace quintet::feature {

template <class T>
class KeyMap;

// The bytes of the key stand right behind the object.
class Keyed {
 public:
  std::string_view key_after(const void* end) const {
    return {static_cast<const char*>(end), size_};
  }

 private:
  template <class T>
  friend class KeyMap;
  std::uint32_t size_ = 0;
};

template <class T>
class KeyMap {
 public:
  KeyMap() = default;
  KeyMap(KeyMap&& other) noexcept
      : slots_(std::move(other.slots_)), size_(std::exchange(other.size_, 0)) {
    other.slots_.clear();
  }
  KeyMap& operator=(KeyMap&& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~KeyMap() {
    for (const Slot slot : slots_) free(slot);
  }

  static std::string_view key(const T& entry) { return entry.key_after(&entry + 1); }

  T* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    return find(key, hash64(key));
  }

  T& find_or_add(std::string_view name) {
    const std::uint64_t hash = hash64(name);
    if (!slots_.empty()) {
      if (T* found = find(name, hash)) return *found;
    }
    if ((size_ + 1) * 8 > slots_.size() * 7) grow();
    void* memory = ::operator new(sizeof(T) + name.size());
    T* entry = new (memory) T();
    entry->Keyed::size_ = static_cast<std::uint32_t>(name.size());
    std::copy(name.begin(), name.end(), reinterpret_cast<char*>(entry + 1));
    place(hash, slot_of(entry, hash));
    ++size_;
    return *entry;
  }

  bool erase(std::string_view name) {
    if (slots_.empty()) return false;
    std::size_t at = hash64(name) & mask();
    while (slots_[at] != 0 && key(*entry(slots_[at])) != name) at = (at + 1) & mask();
    if (slots_[at] == 0) return false;
    free(slots_[at]);
    slots_[at] = 0;
    --size_;
    // Those behind the hole move up, unless they stand where they belong.
    for (std::size_t next = (at + 1) & mask(); slots_[next] != 0; next = (next + 1) & mask()) {
      const std::size_t home = hash64(key(*entry(slots_[next]))) & mask();
      if (((next - home) & mask()) < ((next - at) & mask())) continue;
      std::swap(slots_[at], slots_[next]);
      at = next;
    }
    return true;
  }

  std::size_t size() const { return size_; }
  // Of the slots and the keys' own bytes.
  std::size_t bytes() const {
    std::size_t sum = slots_.capacity() * sizeof(Slot);
    for (const Slot slot : slots_) {
      if (slot != 0) sum += key(*entry(slot)).size();
    }
    return sum;
  }

  // All of them, in an order that must not show. `visit` gives false for an entry to erase.
  template <class Visit>
  void each(Visit visit) {
    std::vector<std::string> gone;
    for (const Slot slot : slots_) {
      if (slot != 0 && !visit(*entry(slot))) gone.emplace_back(key(*entry(slot)));
    }
    for (const std::string& name : gone) erase(name);
  }

  // By the bytes of their keys.
  std::vector<T*> sorted() const {
    std::vector<T*> all;
    all.reserve(size_);
    for (const Slot slot : slots_) {
      if (slot != 0) all.push_back(entry(slot));
    }
    std::sort(all.begin(), all.end(), [](const T* a, const T* b) { return key(*a) < key(*b); });
    return all;
  }

 private:
  // The address, and the upper 16 bits of the hash where addresses have none; 0 if free.
  using Slot = std::uint64_t;
  static constexpr int kTagAt = 48;

  static Slot slot_of(T* entry, std::uint64_t hash) {
    const auto address = reinterpret_cast<std::uintptr_t>(entry);
    check(address >> kTagAt == 0, "an address uses the bits of the tag");
    return address | hash >> kTagAt << kTagAt;
  }
  static T* entry(Slot slot) {
    return reinterpret_cast<T*>(slot & ((std::uint64_t{1} << kTagAt) - 1));
  }
  static void free(Slot slot) {
    if (slot == 0) return;
    entry(slot)->~T();
    ::operator delete(entry(slot));
  }
  std::size_t mask() const { return slots_.size() - 1; }
  T* find(std::string_view name, std::uint64_t hash) const {
    const Slot* slots = slots_.data();
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot slot = slots[at];
      if (slot == 0) return nullptr;
      if (slot >> kTagAt == hash >> kTagAt && key(*entry(slot)) == name) return entry(slot);
    }
  }
  void place(std::uint64_t hash, Slot slot) {
    std::size_t at = hash & mask();
    while (slots_[at] != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(4, slots_.size() * 2));
    old.swap(slots_);
    for (const Slot slot : old) {
      if (slot != 0) place(hash64(key(*entry(slot))), slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace quintet::feature
