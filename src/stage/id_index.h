// The ids that ingest remembers: of each event its content and its position, by the hash of its
// type and id. Open addressing in one block of memory, so that a look-up seldom costs more than one
// miss; what is taken out is taken out at once, by position. What it shares with std::unordered_map
// it names like it. One thread.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/large_pages.h"
#include "event/types.h"

namespace quintet::stage {

struct KnownId {
  Hash128 content;
  Position position = kNoPosition;
};

class IdIndex {
 public:
  using value_type = std::pair<Hash128, KnownId>;

  // In an order that must not show.
  class const_iterator {
   public:
    const_iterator(const value_type* at, const value_type* end) : at_(at), end_(end) { settle(); }
    const value_type& operator*() const { return *at_; }
    const value_type* operator->() const { return at_; }
    const_iterator& operator++() {
      ++at_;
      settle();
      return *this;
    }
    bool operator==(const const_iterator& other) const { return at_ == other.at_; }

   private:
    void settle() {
      while (at_ != end_ && is_free(*at_)) ++at_;
    }
    const value_type* at_;
    const value_type* end_;
  };

  const_iterator begin() const { return {entries_.data(), entries_.data() + entries_.size()}; }
  const_iterator end() const {
    const value_type* end = entries_.data() + entries_.size();
    return {end, end};
  }
  std::size_t size() const { return size_; }

  const_iterator find(const Hash128& id) const {
    if (size_ == 0) return end();
    const value_type& entry = entries_[place_of(id)];
    return is_free(entry) ? end() : const_iterator(&entry, entries_.data() + entries_.size());
  }
  const KnownId& at(const Hash128& id) const {
    const auto found = find(id);
    check(found != end(), "an id that ingest does not know");
    return found->second;
  }
  // Fetches ahead of a find().
  void fetch(const Hash128& id) const {
    if (size_ > 0) __builtin_prefetch(&entries_[id.low & (entries_.size() - 1)]);
  }
  // A later one of the same id replaces the earlier; `known` has a position.
  void put(const Hash128& id, const KnownId& known) {
    if ((size_ + 1) * 4 > entries_.size() * 3) grow();
    value_type& entry = entries_[place_of(id)];
    if (is_free(entry)) ++size_;
    entry = {id, known};
  }
  // Forgets all at or below the position; takes as long as there are ids.
  void forget_to(Position last) {
    Entries before;
    before.swap(entries_);
    size_ = static_cast<std::size_t>(
        std::count_if(before.begin(), before.end(),
                      [&](const value_type& entry) { return entry.second.position > last; }));
    std::size_t places = 16;
    while ((size_ + 1) * 4 > places * 3) places *= 2;
    entries_.resize(places);
    for (const value_type& entry : before) {
      if (entry.second.position > last) entries_[place_of(entry.first)] = entry;
    }
  }

 private:
  using Entries = std::vector<value_type, LargePages<value_type>>;

  static bool is_free(const value_type& entry) { return entry.second.position == kNoPosition; }

  std::size_t place_of(const Hash128& id) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = id.low & mask;
    while (!is_free(entries_[at]) && entries_[at].first != id) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    Entries before(entries_.empty() ? 16 : 2 * entries_.size());
    before.swap(entries_);
    for (const value_type& entry : before) {
      if (!is_free(entry)) entries_[place_of(entry.first)] = entry;
    }
  }

  Entries entries_;  // a power of two of them, at most three quarters taken
  std::size_t size_ = 0;
};

}  // namespace quintet::stage
