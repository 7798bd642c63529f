#include "base/real.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace quintet {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();
constexpr double kMost = std::numeric_limits<double>::max();

struct OneCase {
  double (*function)(double);
  double x;
  double answer;
};

// Made with MPFR, which rounds correctly: some at random, and of many the ones whose true value
// lies nearest to the middle between two doubles.
const OneCase kCases[] = {
    {real::exp, 0x1.12fc0002bb766p+8, 0x1.a54498bee2929p+396},
    {real::exp, -0x1.12fa7f2bc4b36p+9, 0x1.7e9dcad84422dp-794},
    {real::exp, -0x1.cf09a7763effp+6, 0x1.fe088266b5088p-168},
    {real::exp, 0x1.2179cef82fd9cp+7, 0x1.c1a694717d8e4p+208},
    {real::exp, 0x1.b92cb1087dd98p+8, 0x1.6525951da9c74p+636},
    {real::exp, 0x1.fe30a53770c8p+2, 0x1.6a3ab5c62e4bp+11},
    {real::exp, -0x1.36585f943e108p-2, 0x1.7a22bd65ac5d8p-1},
    {real::exp, -0x1.cdf3567f073a8p-3, 0x1.989c56056ffd2p-1},
    {real::exp, 0x1.c99c01a837c7p-1, 0x1.38df96e557508p+1},
    {real::exp, 0x1.f6fc33bdd406p-3, 0x1.47444b7b38e88p+0},
    {real::exp, -0x1.0b2c10aafc4p-3, 0x1.c1615a32b74bp-1},
    {real::exp, -0x1.c77eb83619998p-2, 0x1.48294bb536ac8p-1},
    {real::log, 0x1.0addba08cdb58p+6, 0x1.0cd437c339f4bp+2},
    {real::log, 0x1.54bc79ee1147cp+9, 0x1.a18d686ea614bp+2},
    {real::log, 0x1.5af258429a9ecp+9, 0x1.a2b55784521a2p+2},
    {real::log, 0x1.3989b739527b1p+9, 0x1.9c3a73912ae99p+2},
    {real::log, 0x1.99f2e09af7c7p+5, 0x1.f7e233465c183p+1},
    {real::log, 0x1.40662c63e7c34p+9, 0x1.9d9d1dd61e591p+2},
    {real::log, 0x1.ffef53a5a855ap-1, -0x1.0ac9fd901cac2p-13},
    {real::log, 0x1.0129455e3b2b5p+0, 0x1.28994a610727p-8},
    {real::log, 0x1.001d0b1ba3846p+0, 0x1.d09760108a856p-12},
    {real::log, 0x1.000d58d70f1fp+0, 0x1.ab0fbffc2c926p-13},
    {real::log, 0x1.023c9d928f417p+0, 0x1.1d106f85e722bp-7},
    {real::log, 0x1.fd9de7005ca8ap-1, -0x1.31c2d0190aa9bp-8},
    {real::log2, 0x1.f9f5140f2b295p+7, 0x1.fee75fabb88cap+2},
    {real::log2, 0x1.489629242025fp+8, 0x1.0b862eb0354f1p+3},
    {real::log2, 0x1.349661227a36ap+7, 0x1.d14011909ad7fp+2},
    {real::log2, 0x1.26027f2a230fdp+9, 0x1.26641b9f56685p+3},
    {real::log2, 0x1.a5dfb21b8b0e1p+8, 0x1.170fb5c15631dp+3},
    {real::log2, 0x1.590dacd40cf43p+9, 0x1.2dc818db7d5b2p+3},
    {real::log10, 0x1.26581e89985edp+9, 0x1.628b9baddaee5p+1},
    {real::log10, 0x1.9dab2e54fd5e4p+7, 0x1.2866529b151f2p+1},
    {real::log10, 0x1.810475a4865eap+9, 0x1.71792c069b91cp+1},
    {real::log10, 0x1.9c56abad1862cp+9, 0x1.7548cacf6ef15p+1},
    {real::log10, 0x1.87ff648e5b356p+9, 0x1.7278dcd596565p+1},
    {real::log10, 0x1.d2bfde86351b3p+8, 0x1.55a48a25e4b18p+1},
};

struct PowerCase {
  double x;
  double y;
  double answer;
};

constexpr PowerCase kPowers[] = {
    {0x1.8823cc118c985p+1, 0x1.75d66eb177776p+4, 0x1.ab690ebb2f129p+37},
    {0x1.2b78111d802cep+4, -0x1.230a8bbec41fp+1, 0x1.4f936d7deebfdp-10},
    {0x1.a7611b077f95fp+4, 0x1.50327bd8357c8p+3, 0x1.91bbe279c9739p+49},
    {0x1.3f6574aac9974p+3, -0x1.4ae70f6679086p+3, 0x1.995247744d824p-35},
    {0x1.1a1f23d8f9fe8p+4, 0x1.1b0c503620b68p+2, 0x1.3d76576a5e893p+18},
    {0x1.6224f70985647p+5, -0x1.321d4babe2078p+3, 0x1.9d3dcb68d6f49p-53},
    {0x1.5b94189d9be63p+3, 0x1.621f431dfeb98p+4, 0x1.1e8fee511b58bp+76},
    {0x1.856f1aa7df197p+4, -0x1.00e7b8a20b234p+4, 0x1.0a142880f6e49p-74},
    {0x1.89f71574df90fp+5, -0x1.d8669bc495a0fp+3, 0x1.011a3c2222539p-83},
    {0x1.4e3e85c52388cp+3, 0x1.b0779143ed71ep+4, 0x1.66dd3a424eefp+91},
    {0x1.ad13f36ca4d98p+1, -0x1.be73eb06cc10fp+4, 0x1.3c80314639236p-49},
    {0x1.8f3fd02d8749bp+5, -0x1.073d5e6a9ebb1p+4, 0x1.23dcc0888b635p-93},
};

TEST(Real, EqualsTheTrueValueRoundedOnce) {  // S6.6
  for (const auto& c : kCases) EXPECT_EQ(c.function(c.x), c.answer) << std::hexfloat << c.x;
  for (const auto& c : kPowers) {
    EXPECT_EQ(real::pow(c.x, c.y), c.answer) << std::hexfloat << c.x << " " << c.y;
  }
}

TEST(Real, IsNearLibmEverywhere) {
  std::mt19937_64 random(16);
  const auto near = [](double ours, double theirs) {
    return ours == theirs || std::nextafter(ours, theirs) == theirs;
  };
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::abs(std::bit_cast<double>(random()));
    if (!std::isfinite(x) || x == 0) continue;
    ASSERT_TRUE(near(real::log(x), std::log(x))) << x;
    ASSERT_TRUE(near(real::log2(x), std::log2(x))) << x;
    const double y = (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * 1500;
    ASSERT_TRUE(near(real::exp(y), std::exp(y))) << y;
    ASSERT_TRUE(near(real::pow(x, y / 800), std::pow(x, y / 800))) << x << " " << y;
  }
}

TEST(Real, ExactAnswersAndExactTiesAreRight) {
  EXPECT_EQ(real::exp(0.0), 1.0);
  EXPECT_EQ(real::log(1.0), 0.0);
  EXPECT_FALSE(std::signbit(real::log(1.0)));
  for (int n = -1074; n < 1024; ++n) {
    ASSERT_EQ(real::log2(std::ldexp(1.0, n)), n);
    ASSERT_EQ(real::pow(2.0, n), std::ldexp(1.0, n));
    ASSERT_EQ(real::pow(0.25, -n / 2.0), std::ldexp(1.0, n));
  }
  double power = 1;
  for (int n = 0; n <= 22; ++n, power *= 10) {
    ASSERT_EQ(real::log10(power), n);
    ASSERT_EQ(real::pow(10.0, n), power);
  }
  // Squares and cubes are exact whole numbers of up to 106 bits; IEEE rounds a product once.
  std::mt19937_64 random(17);
  for (int i = 0; i < 100'000; ++i) {
    const auto m = static_cast<double>(random() >> (11 + random() % 50));
    ASSERT_EQ(real::pow(m, 2.0), m * m);
    const auto s = static_cast<double>(random() % (1 << 20));
    if (s == 0) continue;
    ASSERT_EQ(real::pow(s * s, 0.5), s);
    ASSERT_EQ(real::pow(s * s, 1.5), s * s * s);
  }
  // 54 bits: exactly between two doubles.
  EXPECT_EQ(real::pow(134217727.0, 2.0), 134217727.0 * 134217727.0);
  EXPECT_EQ(real::pow(3.0, 34.0), 16677181699666569.0);
  EXPECT_EQ(real::pow(43046721.0, 2.125), 16677181699666569.0);
}

TEST(Real, TheEndsOfTheRangeAreRight) {
  EXPECT_EQ(real::exp(709.782712893384), 0x1.fffffffffff2ap+1023);
  EXPECT_EQ(real::exp(709.79), kInfinity);
  EXPECT_EQ(real::exp(kMost), kInfinity);
  EXPECT_EQ(real::exp(-745.1), kLeast);
  EXPECT_EQ(real::exp(-745.2), 0.0);
  EXPECT_EQ(real::exp(-kMost), 0.0);
  EXPECT_EQ(real::exp(kLeast), 1.0);
  EXPECT_EQ(real::exp(0x1.0000000000001p-53), 0x1.0000000000001p+0);
  EXPECT_EQ(real::exp(-0x1p-54), 1.0);
  EXPECT_EQ(real::log(kLeast), -744.4400719213812);
  EXPECT_EQ(real::log(kMost), 709.782712893384);
  EXPECT_EQ(real::pow(kMost, 2.0), kInfinity);
  EXPECT_EQ(real::pow(kMost, kMost), kInfinity);
  EXPECT_EQ(real::pow(kMost, -kMost), 0.0);
  EXPECT_EQ(real::pow(1.5, kLeast), 1.0);
  EXPECT_EQ(real::pow(kLeast, 0.5), 0x1p-537);
}

TEST(Real, OutsideTheDomainThereIsNoFiniteAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double x : {-1.0, -kInfinity, nan}) {
    EXPECT_TRUE(std::isnan(real::log(x)));
    EXPECT_TRUE(std::isnan(real::log2(x)));
    EXPECT_TRUE(std::isnan(real::log10(x)));
  }
  EXPECT_EQ(real::log(0.0), -kInfinity);
  EXPECT_EQ(real::log10(-0.0), -kInfinity);
  EXPECT_TRUE(std::isnan(real::exp(nan)));
  EXPECT_EQ(real::exp(-kInfinity), 0.0);
  EXPECT_EQ(real::pow(0.0, -1.0), kInfinity);
  EXPECT_EQ(real::pow(0.0, 2.0), 0.0);
  EXPECT_EQ(real::pow(0.0, 0.0), 1.0);
  EXPECT_TRUE(std::isnan(real::pow(-2.0, 0.5)));
  EXPECT_TRUE(std::isnan(real::pow(kInfinity, 0.5)));
  EXPECT_TRUE(std::isnan(real::pow(2.0, nan)));
}

TEST(Real, APowerOfANegativeNumberHasTheSignOfItsExponentsParity) {
  EXPECT_EQ(real::pow(-2.0, 3.0), -8.0);
  EXPECT_EQ(real::pow(-2.0, -2.0), 0.25);
  EXPECT_EQ(real::pow(-1.0, 1e300), 1.0);
  EXPECT_EQ(real::pow(-1.0, 9007199254740991.0), -1.0);
  EXPECT_FALSE(std::signbit(real::pow(-1e-300, 3.0)));
}

}  // namespace
}  // namespace quintet
