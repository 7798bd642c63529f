#include "feature/ring.h"

#include <cstddef>
#include <random>

namespace quintet::feature {

namespace {

const std::vector<RawKind> kKinds = {RawKind::integer, RawKind::flag, RawKind::real,
                                     RawKind::boolean, RawKind::text};

std::int64_t any_integer(std::mt19937_64& random) {
  const auto bits = static_cast<int>(random() % 64);
  const auto n = static_cast<std::int64_t>(random() >> bits);
  return random() % 2 == 0 ? n : -n;
}

Entry any_entry(std::mt19937_64& random, Micros time, Position position) {
  Entry entry{time, position, {}};
  const auto some = [&](std::int64_t bits) { return random() % 9 == 0 ? Raw{} : Raw{bits, false}; };
  entry.cells = {some(any_integer(random)), Raw{static_cast<std::int64_t>(random() % 2), false},
                 some(order_of(static_cast<double>(any_integer(random)) / 7)),
                 some(static_cast<std::int64_t>(random() % 2)),
                 some(static_cast<std::int64_t>(random() % 300))};
  return entry;
}

bool before(const Entry& a, const Entry& b) {
  return std::pair(a.time, a.position) < std::pair(b.time, b.position);
}

void same(const Ring& ring, const Layouts& layouts, const std::vector<Entry>& wanted) {
  const RingView view = ring.view(layouts);
  ASSERT_EQ(view.size(), wanted.size());
  Entry entry;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    view.read(i, entry);
    ASSERT_EQ(entry.time, wanted[i].time) << i;
    ASSERT_EQ(entry.position, wanted[i].position) << i;
    ASSERT_EQ(entry.cells, wanted[i].cells) << i;
    ASSERT_EQ(view.place(entry.time, entry.position), i);
  }
}

// As a key has its ring, with room behind it.
struct Housed {
  Ring ring;
  char room[UINT8_MAX + Layout::kSlack] = {};
};
static_assert(offsetof(Housed, room) == Ring::kObjectBytes);

}  // namespace

TEST(Ring, HoldsWhatAPlainVectorHolds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    Layouts layouts(kKinds);
    Housed housed;
    Ring& ring = housed.ring;
    ring.take_room(seed % 4 == 0 ? 0 : seed % 4 * 85);
    std::vector<Entry> wanted;
    Micros now = seed % 5 == 0 ? any_integer(random) : 1'500'000'000 * kSecond;
    const Micros grain = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 1000 : kSecond;
    for (Position position = 1; position < 200; ++position) {
      now += static_cast<Micros>(random() % 100) * grain;
      const Micros late = random() % 5 == 0 ? static_cast<Micros>(random() % 1000) * grain : 0;
      const Entry entry = any_entry(random, now - late, seed % 7 == 0 ? position << 40 : position);
      const auto place = std::lower_bound(wanted.begin(), wanted.end(), entry, before);
      ASSERT_EQ(ring.insert(layouts, entry), static_cast<std::size_t>(place - wanted.begin()));
      wanted.insert(place, entry);
      if (random() % 20 == 0) {
        const std::size_t i = random() % wanted.size();
        const Entry other = any_entry(random, wanted[i].time, wanted[i].position);
        ring.replace(layouts, i, other);
        wanted[i] = other;
      }
      if (random() % 30 == 0) {
        const std::size_t n = random() % (wanted.size() + 1);
        ring.drop_front(layouts, n);
        wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(n));
      }
      if (random() % 30 == 0 && !wanted.empty()) {
        const std::size_t i = random() % wanted.size();
        ring.erase(layouts, i);
        wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (random() % 40 == 0) ring.shrink(layouts);
      if (random() % 40 == 0) ring.attach(layouts, &wanted);
      if (random() % 40 == 0) ring.detach();
      if (random() % 90 == 0) {
        ring.drop_front(layouts, wanted.size());
        wanted.clear();
        ring.shrink(layouts);
      }
      ASSERT_NO_FATAL_FAILURE(same(ring, layouts, wanted)) << "seed " << seed;
    }
    ASSERT_NO_FATAL_FAILURE(same(ring, layouts, wanted)) << "seed " << seed;
  }
}

TEST(Ring, NeedsFewBytesForSecondsAndCents) {
  const std::vector<RawKind> kinds = {RawKind::integer};
  Layouts layouts(kinds);
  Ring ring;
  for (Position i = 1; i <= 1000; ++i) {
    const auto k = static_cast<std::int64_t>(i);
    ring.insert(
        layouts,
        {1'500'000'000 * kSecond + k * 3607 * kSecond, i * 600, {Raw{(k * 7919) % 30'000, false}}});
  }
  ring.shrink(layouts);
  EXPECT_LE(ring.bytes(layouts), 1000u * 11);
}

TEST(Ring, KeepsFewEntriesInItsRoomUnlessItHasACompanion) {
  const std::vector<RawKind> kinds = {RawKind::integer};
  Layouts layouts(kinds);
  Housed housed;
  Ring& ring = housed.ring;
  ring.take_room(24);
  const auto entry = [](Position i) {
    return Entry{static_cast<Micros>(i) * kSecond, i, {Raw{static_cast<std::int64_t>(i), false}}};
  };
  ring.insert(layouts, entry(1));
  ring.insert(layouts, entry(2));
  EXPECT_EQ(ring.bytes(layouts), 0u);
  int companion = 0;
  ring.attach(layouts, &companion);
  EXPECT_EQ(ring.companion(), &companion);
  EXPECT_GT(ring.bytes(layouts), 0u);
  ring.shrink(layouts);
  EXPECT_GT(ring.bytes(layouts), 0u);
  EXPECT_EQ(ring.detach(), &companion);
  ring.shrink(layouts);
  EXPECT_EQ(ring.bytes(layouts), 0u);
  ASSERT_NO_FATAL_FAILURE(same(ring, layouts, {entry(1), entry(2)}));
  for (Position i = 3; i < 30; ++i) ring.insert(layouts, entry(i));
  EXPECT_GT(ring.bytes(layouts), 0u);
  EXPECT_EQ(ring.size(), 29u);
}

}  // namespace quintet::feature
