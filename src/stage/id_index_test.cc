#include "stage/id_index.h"

#include <gtest/gtest.h>

#include <map>

namespace quintet::stage {
namespace {

TEST(IdIndex, FindsNothingBeforeSomethingIsPut) {
  const IdIndex index;
  EXPECT_TRUE(index.find({1, 2}) == index.end());
  EXPECT_TRUE(index.begin() == index.end());
  EXPECT_EQ(index.size(), 0u);
}

TEST(IdIndex, KeepsAllOfManyIdsThatShareTheirLowBits) {
  IdIndex index;
  for (std::uint64_t i = 1; i <= 1'000; ++i) index.put({i, i % 3}, {{i, i}, i});
  EXPECT_EQ(index.size(), 1'000u);
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    const auto found = index.find({i, i % 3});
    ASSERT_FALSE(found == index.end());
    EXPECT_EQ(found->second.position, i);
    EXPECT_EQ(found->second.content, (Hash128{i, i}));
  }
  EXPECT_TRUE(index.find({1'001, 1'001 % 3}) == index.end());
}

TEST(IdIndex, ALaterOneReplacesTheEarlierOfTheSameId) {
  IdIndex index;
  index.put({7, 7}, {{1, 1}, 10});
  index.put({7, 7}, {{2, 2}, 20});
  EXPECT_EQ(index.size(), 1u);
  EXPECT_EQ(index.at({7, 7}).position, 20u);
}

TEST(IdIndex, AgreesWithAMapOnRandomIds) {
  IdIndex index;
  std::map<Hash128, Position> map;
  for (Position position = 1; position <= 20'000; ++position) {
    const std::uint64_t number = hash64({reinterpret_cast<const char*>(&position), 8}) % 15'000;
    const Hash128 id = hash128({reinterpret_cast<const char*>(&number), 8});
    const auto found = index.find(id);
    const auto known = map.find(id);
    ASSERT_EQ(found == index.end(), known == map.end());
    if (known != map.end()) {
      ASSERT_EQ(found->second.position, known->second);
    }
    index.put(id, {{}, position});
    map[id] = position;
  }
  EXPECT_EQ(index.size(), map.size());
  std::size_t seen = 0;
  for (const auto& [id, known] : index) {
    ++seen;
    EXPECT_EQ(known.position, map.at(id));
  }
  EXPECT_EQ(seen, map.size());
}

// S10.4
TEST(IdIndex, ForgetsAllUpToAPositionAndGoesOn) {
  IdIndex index;
  const auto id_of = [](std::uint64_t number) {
    return hash128({reinterpret_cast<const char*>(&number), 8});
  };
  for (Position position = 1; position <= 5'000; ++position) {
    index.put(id_of(position % 3'000), {{}, position});
  }
  index.forget_to(4'000);
  EXPECT_EQ(index.size(), 1'000u);
  for (Position position = 2'001; position <= 5'000; ++position) {
    const auto found = index.find(id_of(position % 3'000));
    ASSERT_EQ(found != index.end(), position > 4'000);
    if (position <= 4'000) continue;
    EXPECT_EQ(found->second.position, position);
  }
  for (Position position = 5'001; position <= 9'000; ++position) {
    index.put(id_of(position), {{}, position});
  }
  EXPECT_EQ(index.size(), 5'000u);
  index.forget_to(9'000);
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.find(id_of(1)), index.end());
  index.put(id_of(1), {{}, 9'001});
  EXPECT_EQ(index.size(), 1u);
}

}  // namespace
}  // namespace quintet::stage
