#include "learn/drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace quintet::learn {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// 0, 1, ..., 999, from `begin` on.
std::vector<float> ramp(float begin = 0) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(begin + static_cast<float>(i));
  return values;
}

double index_of(const std::vector<float>& before, const std::vector<float>& after) {
  return measure_drift(before, after, 1)->index;
}

TEST(Drift, IsZeroForTheSameRowsInAnyOrder) {
  const std::vector<float> rows = ramp();
  const std::vector<float> reversed(rows.rbegin(), rows.rend());
  EXPECT_EQ(index_of(rows, reversed), 0);
}

TEST(Drift, IsWhatTheFormulaSays) {
  // Half of the rows after lie in the first decile, half in the last; 100 of 1,000 before in each.
  std::vector<float> after(500, 0);
  after.insert(after.end(), 500, 999);
  const double full = (0.5 - 0.1) * std::log(0.5 / 0.1);
  const double empty = (0.0005 - 0.1) * std::log(0.0005 / 0.1);
  // Deciles of 0..999 hold 100 rows each, but for the ends: an edge belongs to the bin below it.
  EXPECT_NEAR(index_of(ramp(), after), 2 * full + 8 * empty, 1e-9);
}

TEST(Drift, GrowsWithTheMove) {
  const double little = index_of(ramp(), ramp(50));
  const double much = index_of(ramp(), ramp(500));
  EXPECT_GT(little, 0);
  EXPECT_LT(little, 0.25);
  EXPECT_GT(much, 1);
}

TEST(Drift, SeesValuesThatGoMissing) {
  std::vector<float> after = ramp();
  for (std::size_t i = 0; i < after.size(); i += 2) after[i] = kMissing;
  EXPECT_GT(index_of(ramp(), after), 0.25);
  const std::vector<float> none(1000, kMissing);
  EXPECT_EQ(index_of(none, none), 0);
}

TEST(Drift, OfAConstantInputIsSeenOnceItMoves) {
  const std::vector<float> before(1000, 3);
  EXPECT_EQ(index_of(before, before), 0);
  EXPECT_GT(index_of(before, std::vector<float>(1000, 4)), 1);
}

TEST(Drift, NamesTheInputThatMovedMost) {
  std::vector<float> before, after;
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<float>(i);
    before.insert(before.end(), {x, x, x});
    after.insert(after.end(), {x, x + 300, x + 100});
  }
  EXPECT_EQ(measure_drift(before, after, 3)->input, 1U);
}

TEST(Drift, OfFewRowsIsNothing) {
  const std::vector<float> few(kDriftRows - 1, 1);
  EXPECT_FALSE(measure_drift(ramp(), few, 1));
  EXPECT_FALSE(measure_drift(few, ramp(), 1));
}

}  // namespace
}  // namespace quintet::learn
