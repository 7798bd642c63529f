#include "learn/expf.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace quintet::learn {
namespace {

std::uint32_t bits(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

// All 2^32 arguments were compared once; the step keeps this test short.
TEST(ExpfOfXgboost, EqualsTheLibraryThatXgboostCalls) {
  std::size_t differ = 0;
  for (std::uint64_t i = 0; i < (std::uint64_t{1} << 32); i += 1'009) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(i));
    if (std::isnan(x)) continue;
    differ += bits(expf_of_xgboost(x)) != bits(std::exp(x));
  }
  EXPECT_EQ(differ, 0u);
}

TEST(ExpfOfXgboost, HasItsEdgesInPlace) {
  EXPECT_EQ(expf_of_xgboost(0.0f), 1.0f);
  EXPECT_EQ(expf_of_xgboost(-0.0f), 1.0f);
  EXPECT_EQ(expf_of_xgboost(88.73f), std::numeric_limits<float>::infinity());
  EXPECT_GT(expf_of_xgboost(-103.9f), 0.0f);
  EXPECT_EQ(expf_of_xgboost(-std::numeric_limits<float>::infinity()), 0.0f);
  EXPECT_TRUE(std::isnan(expf_of_xgboost(std::numeric_limits<float>::quiet_NaN())));
}

// glibc without fused multiply-add gives one unit less, and one less, for these two.
TEST(ExpfOfXgboost, AnswersTheTwoContestedArgumentsAsModernProcessorsDo) {
  EXPECT_EQ(expf_of_xgboost(std::bit_cast<float>(0x4202422fu)), 0x1.f93e38p+46f);
  EXPECT_EQ(expf_of_xgboost(std::bit_cast<float>(0xc27c65d9u)), 0x1.f45326p-92f);
}

}  // namespace
}  // namespace quintet::learn
