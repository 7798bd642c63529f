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

// The bytes of the key stand behind the object, after the room that it may have for its own use: T
// then has a room() and a take_room() of its own.
class Keyed {
 public:
  static constexpr std::size_t kSlack = 8;  // readable behind a room, at least

  std::size_t room() const { return 0; }
  void take_room(std::size_t bytes) { check(bytes == 0, "no room is wanted"); }

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

  static std::string_view key(const T& entry) {
    return {reinterpret_cast<const char*>(&entry + 1) + entry.room(), entry.Keyed::size_};
  }

  T* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    return find(key, hash64(key));
  }

  // Fetches ahead of a find(): first the place in the table, then, once that is there, the entry.
  void fetch_place(std::string_view name) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(hash64(name))]);
  }
  T* fetch_entry(std::string_view name) const {
    if (slots_.empty()) return nullptr;
    const std::uint64_t hash = hash64(name);
    std::size_t at = home(hash);
    while (slots_[at] != 0 && slots_[at] >> kTagAt != hash >> kTagAt) at = after(at);
    if (slots_[at] == 0) return nullptr;
    __builtin_prefetch(entry(slots_[at]));
    return entry(slots_[at]);  // most likely the one
  }

  T& find_or_add(std::string_view name) {
    T* found = find(name);
    return found != nullptr ? *found : add(name, 0);
  }

  // Of a key that is not there yet. The room is all zeros.
  T& add(std::string_view name, std::size_t room) {
    const std::uint64_t hash = hash64(name);
    if ((size_ + 1) * 8 > slots_.size() * 7) grow();
    const std::size_t behind = behind_of(name.size(), room);
    void* memory = ::operator new(sizeof(T) + behind);
    T* entry = new (memory) T();
    entry->Keyed::size_ = static_cast<std::uint32_t>(name.size());
    entry->take_room(room);
    char* end = std::fill_n(reinterpret_cast<char*>(entry + 1), room, '\0');
    end = std::copy(name.begin(), name.end(), end);
    std::fill_n(end, behind - room - name.size(), '\0');
    place(hash, slot_of(entry, hash));
    ++size_;
    return *entry;
  }

  bool erase(std::string_view name) {
    if (slots_.empty()) return false;
    std::size_t at = home(hash64(name));
    while (slots_[at] != 0 && key(*entry(slots_[at])) != name) at = after(at);
    if (slots_[at] == 0) return false;
    free(slots_[at]);
    slots_[at] = 0;
    --size_;
    // Those behind the hole move up, unless they stand where they belong.
    for (std::size_t next = after(at); slots_[next] != 0; next = after(next)) {
      const std::size_t belongs = home(hash64(key(*entry(slots_[next]))));
      if (steps(belongs, next) < steps(at, next)) continue;
      std::swap(slots_[at], slots_[next]);
      at = next;
    }
    return true;
  }

  std::size_t size() const { return size_; }
  // Of the slots and of what stands behind the objects.
  std::size_t bytes() const {
    std::size_t sum = slots_.capacity() * sizeof(Slot);
    for (const Slot slot : slots_) {
      if (slot == 0) continue;
      const T& one = *entry(slot);
      sum += behind_of(key(one).size(), one.room());
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
  static std::size_t behind_of(std::size_t name, std::size_t room) {
    return room + (room > 0 ? std::max(name, Keyed::kSlack) : name);
  }
  // The lower half of the hash picks the place in a table of any size, the upper is the tag's.
  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash & UINT32_MAX) * slots_.size() >> 32);
  }
  std::size_t after(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }
  std::size_t steps(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + slots_.size() - from;
  }
  T* find(std::string_view name, std::uint64_t hash) const {
    const Slot* slots = slots_.data();
    for (std::size_t at = home(hash);; at = after(at)) {
      const Slot slot = slots[at];
      if (slot == 0) return nullptr;
      if (slot >> kTagAt == hash >> kTagAt && key(*entry(slot)) == name) return entry(slot);
    }
  }
  void place(std::uint64_t hash, Slot slot) {
    std::size_t at = home(hash);
    while (slots_[at] != 0) at = after(at);
    slots_[at] = slot;
  }
  void grow() {
    const std::size_t more = std::max<std::size_t>(4, slots_.size() + slots_.size() / 2);
    check(more <= UINT32_MAX, "a table of keys is full");
    std::vector<Slot> old(more);
    old.swap(slots_);
    for (const Slot slot : old) {
      if (slot != 0) place(hash64(key(*entry(slot))), slot);
    }
  }

  std::vector<Slot> slots_;  // at most seven eighths taken
  std::size_t size_ = 0;
};

}  // namespace quintet::feature
