#include "feature/key_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace quintet::feature {

namespace {

struct Plain : Keyed {
  std::uint64_t value = 0;
};

struct Roomy : Keyed {
  std::uint64_t value = 0;
  std::uint32_t bytes = 0;
  std::size_t room() const { return bytes; }
  void take_room(std::size_t n) { bytes = static_cast<std::uint32_t>(n); }
  char* own() { return reinterpret_cast<char*>(this + 1); }
};

}  // namespace

TEST(KeyMap, HoldsWhatAMapHolds) {
  std::mt19937_64 random(1);
  KeyMap<Plain> keys;
  std::map<std::string, std::uint64_t> wanted;
  for (int step = 0; step < 60'000; ++step) {
    // Grows for a third of the time, then shrinks and grows.
    std::string name = std::to_string(random() % 5'000);
    if (random() % 9 == 0) name.assign(random() % 40, 'x');
    if (random() % 3 == 0 && step > 20'000) {
      EXPECT_EQ(keys.erase(name), wanted.erase(name) == 1);
    } else {
      keys.find_or_add(name).value = wanted[name] = random();
    }
    ASSERT_EQ(keys.size(), wanted.size());
  }
  auto next = wanted.begin();
  for (const Plain* entry : keys.sorted()) {
    EXPECT_EQ(KeyMap<Plain>::key(*entry), next->first);
    EXPECT_EQ(entry->value, next->second);
    ++next;
  }
  EXPECT_EQ(next, wanted.end());
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(keys.find(name) != nullptr, wanted.contains(name));
  }
}

TEST(KeyMap, LeavesRoomBetweenAnObjectAndItsKey) {
  KeyMap<Roomy> keys;
  for (std::size_t room = 0; room < 40; ++room) {
    const std::string name = "k" + std::to_string(room);
    Roomy& entry = keys.add(name, room);
    for (std::size_t i = 0; i < room; ++i) EXPECT_EQ(entry.own()[i], 0);
    std::fill_n(entry.own(), room, '!');
  }
  for (std::size_t room = 0; room < 40; ++room) {
    const std::string name = "k" + std::to_string(room);
    Roomy* entry = keys.find(name);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(KeyMap<Roomy>::key(*entry), name);
    EXPECT_EQ(entry->room(), room);
  }
  keys.each([](const Roomy& entry) { return entry.room() % 2 == 0; });
  EXPECT_EQ(keys.size(), 20u);
  EXPECT_EQ(keys.find("k7"), nullptr);
  EXPECT_NE(keys.find("k8"), nullptr);
}

}  // namespace quintet::feature
