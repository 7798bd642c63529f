#include "base/wide.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace quintet {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Wide, ADoubleReturnsFromItsBits) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 50'000; ++i) {
    const double v = std::abs(std::bit_cast<double>(random()));
    if (!std::isfinite(v)) continue;
    int exponent = 0;
    const auto m = static_cast<std::uint64_t>(std::ldexp(std::frexp(v, &exponent), 53));
    ASSERT_EQ(round_to_double(m, false, exponent - 53), v);
    ASSERT_EQ(round_to_double(Uint128{m} << 60, false, exponent - 113), v);
    // Just above and just below.
    ASSERT_EQ(round_to_double((Uint128{m} << 60) + 1, true, exponent - 113), v);
    ASSERT_EQ(round_to_double((Uint128{m} << 60) - 1, true, exponent - 113), v);
  }
}

TEST(Wide, TiesGoToTheEvenOne) {
  const std::uint64_t odd = (std::uint64_t{1} << 53) + 1;  // between 2^53 and 2^53 + 2
  EXPECT_EQ(round_to_double(odd, false, 0), 9007199254740992.0);
  EXPECT_EQ(round_to_double(odd + 2, false, 0), 9007199254740996.0);
  EXPECT_EQ(round_to_double(odd, true, 0), 9007199254740994.0);
}

TEST(Wide, TheEndsOfTheRangeAreRoundedOnceToo) {
  const double least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(round_to_double(1, false, -1074), least);
  EXPECT_EQ(round_to_double(1, false, -1075), 0.0);
  EXPECT_EQ(round_to_double(3, false, -1076), least);
  EXPECT_EQ(round_to_double(1, true, -1075), least);
  EXPECT_EQ(round_to_double(1, false, -5000), 0.0);
  EXPECT_EQ(round_to_double(0, true, -5000), 0.0);
  EXPECT_EQ(round_to_double(1, false, 1024), kInfinity);
  EXPECT_EQ(round_to_double((std::uint64_t{1} << 54) - 1, false, 970), kInfinity);
  EXPECT_EQ(round_to_double((std::uint64_t{1} << 54) - 2, false, 970),
            std::numeric_limits<double>::max());
  EXPECT_EQ(round_to_double((std::uint64_t{1} << 55) - 3, false, 969),
            std::numeric_limits<double>::max());
}

TEST(Wide, QuotientsOfDoublesAreThoseOfIeee) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t n = random() >> (11 + random() % 50);
    const std::uint64_t d = (random() >> (11 + random() % 50)) + 1;
    ASSERT_EQ(round_quotient(n, d, 0), static_cast<double>(n) / static_cast<double>(d));
  }
}

TEST(Wide, ALongerQuotientIsThatOfItsFactors) {
  // (n * f) / (d * f) does not depend on f, however many limbs it fills.
  std::mt19937_64 random(8);
  const auto times = [](std::vector<std::uint64_t> v, std::uint64_t f) {
    std::uint64_t carry = 0;
    for (auto& limb : v) {
      const Uint128 p = Uint128{limb} * f + carry;
      limb = static_cast<std::uint64_t>(p);
      carry = static_cast<std::uint64_t>(p >> 64);
    }
    v.push_back(carry);
    return v;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint64_t> n = {random() >> (random() % 64)};
    std::vector<std::uint64_t> d = {(random() >> (random() % 64)) | 1};
    const double expected = round_quotient(n, d, 0);
    if (n[0] < 1u << 20) n[0] *= d[0] < 1u << 20 ? d[0] : 1;  // sometimes exact
    const double start = round_quotient(n, d, 0);
    for (int k = 0; k < 6; ++k) {
      const std::uint64_t f =
          random() % 3 == 0 ? ~std::uint64_t{0} >> (random() % 3) : random() | 1;
      n = times(n, f);
      d = times(d, f);
      ASSERT_EQ(round_quotient(n, d, 0), start) << expected;
    }
  }
}

TEST(Wide, CountsBits) {
  EXPECT_EQ(bit_length(std::uint64_t{0}), 0);
  EXPECT_EQ(bit_length(Uint128{1} << 100), 101);
  const std::uint64_t limbs[] = {0, 0, 5, 0};
  EXPECT_EQ(bit_length(std::span<const std::uint64_t>(limbs)), 131);
}

}  // namespace
}  // namespace quintet
