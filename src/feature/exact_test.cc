#include "feature/exact.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace quintet::feature {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

enum class Kind { amounts, wide, tiny, near, int64, cents, small };

bool is_real(Kind kind) {
  return kind <= Kind::near;
}

// The generator "splitmix64", which is as short in other languages.
struct Mix {
  std::uint64_t state;

  std::uint64_t operator()() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
};

double real_of(Kind kind, std::uint64_t x, int i) {
  switch (kind) {
    case Kind::amounts: return static_cast<double>(x % 10'000'000) / 100.0;
    case Kind::wide: {
      const auto m = static_cast<double>(x >> 11);
      return std::ldexp((x & 1) != 0 ? m : -m, static_cast<int>((x >> 1) % 1024) * 2 - 1100);
    }
    case Kind::tiny: return std::ldexp(static_cast<double>(x % 7) - 3.0, -1074);
    default: return 1e8 + i * 1e-4;
  }
}

std::int64_t whole_of(Kind kind, std::uint64_t x) {
  switch (kind) {
    case Kind::cents: return static_cast<std::int64_t>(x % 1'000'000'000'000'000'000);
    case Kind::small: return static_cast<std::int64_t>(x % 1000) - 500;
    default: return static_cast<std::int64_t>(x);
  }
}

// The inputs of one case, to be put into any accumulator in any order.
struct Inputs {
  Kind kind;
  std::vector<double> reals;
  std::vector<std::int64_t> wholes;

  std::size_t size() const { return is_real(kind) ? reals.size() : wholes.size(); }
  template <class T>
  void add(T& to, std::size_t i) const {
    is_real(kind) ? to.add_real(reals[i]) : to.add_int64(wholes[i]);
  }
  template <class T>
  void remove(T& from, std::size_t i) const {
    is_real(kind) ? from.remove_real(reals[i]) : from.remove_int64(wholes[i]);
  }
};

Inputs inputs_of(Kind kind, int n, int scale) {
  Inputs in{kind, {}, {}};
  Mix mix{static_cast<std::uint64_t>(n * 31 + scale)};
  for (int i = 0; i < n; ++i) {
    const std::uint64_t x = mix();
    is_real(kind) ? in.reals.push_back(real_of(kind, x, i))
                  : in.wholes.push_back(whole_of(kind, x));
  }
  return in;
}

struct Case {
  Kind kind;
  int n;
  int scale;
  double sum;
  double mean;
  double variance;
};

// Made with Python's fractions, whose division of whole numbers is correctly rounded.
constexpr Case kCases[] = {
    {Kind::amounts, 1, 0, 0x1.7c46ccccccccdp+14, 0x1.7c46ccccccccdp+14, 0},
    {Kind::amounts, 2, 0, 0x1.c241b851eb852p+15, 0x1.c241b851eb852p+14, 0x1.667369f3b7174p+27},
    {Kind::amounts, 7, 0, 0x1.a3fdab851eb85p+18, 0x1.dffd564efe898p+15, 0x1.f3c77e354beb1p+29},
    {Kind::amounts, 100, 0, 0x1.0861c43d70a3dp+22, 0x1.5268a94467382p+15, 0x1.ab07fd562c0a1p+29},
    {Kind::amounts, 3000, 0, 0x1.1b348bf3d70a4p+27, 0x1.82ab69bf9c62ap+15, 0x1.97c1fc525da77p+29},
    {Kind::wide, 1, 0, -0x1.aeb32cef0f3fdp-302, -0x1.aeb32cef0f3fdp-302, 0},
    {Kind::wide, 2, 0, -0x1.917b4d7d45384p-48, -0x1.917b4d7d45384p-49, 0x1.3ad1c2130057bp-97},
    {Kind::wide, 7, 0, 0x1.c2c5cc9d83088p+764, 0x1.0195997e9404ep+762, kInfinity},
    {Kind::wide, 100, 0, 0x1.3da8d98db6e46p+970, 0x1.969ab0118df12p+963, kInfinity},
    {Kind::wide, 3000, 0, -0x1.0c304803137b4p+997, -0x1.6e2ab59b11b96p+985, kInfinity},
    {Kind::tiny, 1, 0, -0x0.0000000000001p-1022, -0x0.0000000000001p-1022, 0},
    {Kind::tiny, 2, 0, 0x0.0000000000002p-1022, 0x0.0000000000001p-1022, 0},
    {Kind::tiny, 7, 0, -0x0.0000000000002p-1022, 0, 0},
    {Kind::tiny, 100, 0, -0x0.0000000000008p-1022, 0, 0},
    {Kind::tiny, 3000, 0, -0x0.000000000007cp-1022, 0, 0},
    {Kind::near, 1, 0, 0x1.7d78400000000p+26, 0x1.7d78400000000p+26, 0},
    {Kind::near, 2, 0, 0x1.7d78400000d1cp+27, 0x1.7d78400000d1cp+26, 0x1.579be88000000p-29},
    {Kind::near, 7, 0, 0x1.4dc93800044d0p+29, 0x1.7d78400004ea5p+26, 0x1.57973a21f58d1p-25},
    {Kind::near, 100, 0, 0x1.2a05f2003f5c3p+33, 0x1.7d7840005119dp+26, 0x1.17979eddd3c5dp-17},
    {Kind::near, 3000, 0, 0x1.176592e707666p+38, 0x1.7d78400998c7ep+26, 0x1.eb851b20e9779p-8},
    {Kind::int64, 1, 0, -0x1.45334c43c300bp+61, -0x1.45334c43c300bp+61, 0},
    {Kind::int64, 7, 2, -0x1.dba20bc8b4700p+54, -0x1.0fca4fe0671b7p+52, 0x1.043f4ce667ddfp+110},
    {Kind::int64, 100, 18, 0x1.61bd1208c7bb1p+6, 0x1.c4c90cd809e53p-1, 0x1.b3a4199dcdf88p+4},
    {Kind::int64, 3000, 2, 0x1.65f7e27ccfb6dp+59, 0x1.e8befd409886fp+47, 0x1.19c691bf482dap+111},
    {Kind::cents, 1, 0, 0x1.cbb87c2e30facp+58, 0x1.cbb87c2e30facp+58, 0},
    {Kind::cents, 7, 2, 0x1.142b957f1561ap+55, 0x1.3b9f8648186f9p+52, 0x1.948c8764f2902p+102},
    {Kind::cents, 100, 18, 0x1.9d2836041a64cp+5, 0x1.086ba7b0b4bb6p-1, 0x1.66101fe33c1c4p-4},
    {Kind::cents, 3000, 2, 0x1.92afaa7654433p+63, 0x1.12e68363361c2p+52, 0x1.b29c0c6243e87p+102},
    {Kind::small, 1, 0, 0x1.0e00000000000p+8, 0x1.0e00000000000p+8, 0},
    {Kind::small, 7, 2, -0x1.abd70a3d70a3dp+3, -0x1.e8f5c28f5c28fp+0, 0x1.4292671a27e82p+3},
    {Kind::small, 100, 18, -0x1.2cc4b5b3124b6p-49, -0x1.80fbc9daf8b26p-56, 0x1.ca469c5c1bb6cp-104},
    {Kind::small, 3000, 2, -0x1.cdb3333333333p+7, -0x1.3b2fec56d5cfbp-4, 0x1.09e9cd8d3c133p+3},
};

template <class T>
std::string written(const T& value) {
  std::string out;
  ByteWriter w(out);
  value.write(w);
  return out;
}

template <class T>
bool reads(std::string_view bytes, T& value) {
  ByteReader in(bytes);
  value.read(in);
  return in.done();
}

TEST(Exact, EqualsFractionsRoundedOnce) {  // S4.2
  for (const Case& c : kCases) {
    const Inputs in = inputs_of(c.kind, c.n, c.scale);
    ExactMoments m;
    for (std::size_t i = 0; i < in.size(); ++i) in.add(m, i);
    const auto what = testing::Message() << static_cast<int>(c.kind) << " " << c.n;
    EXPECT_EQ(m.sum().to_double(c.scale), c.sum) << what;
    EXPECT_EQ(m.mean(c.scale), c.mean) << what;
    EXPECT_EQ(m.variance(c.scale), c.variance) << what;
    EXPECT_EQ(m.deviation(c.scale), std::sqrt(c.variance)) << what;
  }
}

TEST(Exact, IsIndependentOfOrderAndGroupingAndReturnsToZero) {
  std::mt19937_64 random(14);
  for (const Case& c : kCases) {
    const Inputs in = inputs_of(c.kind, c.n, c.scale);
    std::vector<std::size_t> order(in.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    ExactMoments whole;
    for (const std::size_t i : order) in.add(whole, i);
    std::shuffle(order.begin(), order.end(), random);
    ExactMoments parts[2];
    for (const std::size_t i : order) in.add(parts[random() % 2], i);
    ExactMoments merged = parts[0];
    merged.merge(parts[1]);
    ASSERT_EQ(merged, whole);
    ASSERT_EQ(written(merged), written(whole));
    ExactMoments again;
    ASSERT_TRUE(reads(written(merged), again));
    ASSERT_EQ(written(again), written(whole));
    again.subtract(parts[0]);
    ASSERT_EQ(written(again), written(parts[1]));
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) in.remove(merged, i);
    ASSERT_EQ(written(merged), std::string(3, '\0'));
    ASSERT_EQ(merged.heap_bytes(), 0u);
  }
}

TEST(Exact, AThousandSmallValuesKeepTheirMean) {
  ExactMoments m;
  for (int i = 0; i < 1000; ++i) m.add_real(1e-25);
  EXPECT_EQ(m.mean(), 1e-25);
  EXPECT_EQ(m.variance(), 0.0);
}

TEST(Exact, SquaresOfSmallValuesAreNotZero) {
  // The sum of squares alone: the sum cancels.
  ExactMoments m;
  for (int i = 1; i <= 5; ++i) {
    m.add_real(i * 1e-12);
    m.add_real(-(i * 1e-12));
  }
  EXPECT_EQ(m.sum().to_double(), 0.0);
  EXPECT_NEAR(m.variance() * 10, 2 * 5.5e-23, 1e-36);
  EXPECT_EQ(m.heap_bytes(), 0u);
}

TEST(Exact, AVarianceIsNeverNegative) {
  ExactMoments m;
  for (int i = 0; i < 5; ++i) m.add_real(1e8 + i * 1e-4);
  EXPECT_NEAR(m.variance(), 2e-8, 1e-12);
  EXPECT_GT(m.variance(), 0.0);
}

TEST(Exact, SquaresOfLargeDecimalsHaveRoom) {
  // decimal(2) amounts of 10^16: 128 bits would overflow after some hundred events.
  ExactMoments m;
  constexpr std::int64_t kAmount = 1'000'000'000'000'000'000;
  for (int i = 0; i < 5000; ++i) m.add_int64(i % 2 == 0 ? kAmount : kAmount - 200);
  EXPECT_EQ(m.mean(2), 9999999999999999.0);
  EXPECT_EQ(m.variance(2), 1.0);
  EXPECT_EQ(m.heap_bytes(), 0u);
}

TEST(Exact, AHugeValueComesAndGoesWithoutATrace) {
  ExactSum sum;
  sum.add_real(0.1);
  sum.add_real(1e300);
  sum.add_real(5e-324);
  EXPECT_EQ(sum.to_double(), 1e300);
  EXPECT_GT(sum.heap_bytes(), 0u);
  sum.remove_real(1e300);
  EXPECT_EQ(sum.to_double(), 0.1);
  sum.remove_real(5e-324);
  ExactSum fresh;
  fresh.add_real(0.1);
  EXPECT_EQ(sum, fresh);
  EXPECT_EQ(written(sum), written(fresh));
  const ExactSum copy = sum;
  sum.remove_real(0.1);
  EXPECT_TRUE(sum.is_zero());
  EXPECT_EQ(sum.heap_bytes(), 0u);
  EXPECT_EQ(copy.to_double(), 0.1);
}

TEST(Exact, OfNothingThereIsNoMean) {
  const ExactMoments m;
  EXPECT_EQ(m.sum().to_double(), 0.0);
  EXPECT_TRUE(std::isnan(m.mean()));
  EXPECT_TRUE(std::isnan(m.variance()));
  EXPECT_TRUE(std::isnan(m.deviation()));
}

TEST(Exact, ASumBeyondTheDoublesIsInfiniteAndItsMeanIsNot) {
  ExactMoments m;
  for (int i = 0; i < 4; ++i) m.add_real(std::numeric_limits<double>::max());
  EXPECT_EQ(m.sum().to_double(), kInfinity);
  EXPECT_EQ(m.mean(), std::numeric_limits<double>::max());
  EXPECT_EQ(m.variance(), 0.0);
}

TEST(Exact, ASumOfWholeNumbersSaysWhenItLeavesInt64) {
  ExactSum sum;
  sum.add_int64(kMost);
  sum.add_int64(1);
  EXPECT_EQ(sum.to_int64(), std::nullopt);
  EXPECT_EQ(sum.to_double(), 9223372036854775808.0);
  sum.remove_int64(1);
  EXPECT_EQ(sum.to_int64(), kMost);
  sum.remove_int64(kMost);
  sum.add_int64(kLeast);
  EXPECT_EQ(sum.to_int64(), kLeast);
  sum.remove_int64(kLeast);
  EXPECT_EQ(sum.to_int64(), 0);
  sum.remove_int64(kLeast);
  EXPECT_EQ(sum.to_int64(), std::nullopt);
  ExactSum real;
  real.add_real(0x1p40);
  EXPECT_EQ(real.to_int64(), std::int64_t{1} << 40);
  real.add_real(0.5);
  EXPECT_EQ(real.to_int64(), std::nullopt);
}

TEST(Exact, NegativeZeroIsZero) {
  ExactSum sum;
  sum.add_real(-0.0);
  EXPECT_FALSE(std::signbit(sum.to_double()));
  sum.add_real(-5e-324);
  EXPECT_FALSE(std::signbit(sum.mean(3)));
  EXPECT_EQ(sum.to_double(), -5e-324);
}

TEST(Exact, DamagedBytesAreRefusedAndLeaveZero) {
  ExactMoments good;
  good.add_real(0.1);
  good.add_real(1e200);
  const std::string bytes = written(good);
  std::mt19937_64 random(15);
  for (int i = 0; i < 50'000; ++i) {
    std::string bad = bytes;
    for (std::uint64_t k = random() % 3; k < 3; ++k) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    ExactMoments m;
    if (reads(bad, m)) {
      ASSERT_EQ(written(m), bad);  // one spelling for each value
      ASSERT_GE(m.variance(), 0.0);
    }
  }
  // An even magnitude, a zero byte on top, an exponent out of range, squares without inputs.
  for (const std::string_view bad :
       {std::string_view("\x02\x00\x02", 3), std::string_view("\x04\x00\x01\x00", 4),
        std::string_view("\x02\xff\x7f\x01", 4)}) {
    ExactSum sum;
    EXPECT_FALSE(reads(bad, sum));
    EXPECT_TRUE(sum.is_zero());
  }
  ExactMoments m;
  EXPECT_FALSE(reads(std::string_view("\x00\x00\x02\x00\x01", 5), m));
  EXPECT_FALSE(reads(std::string_view("\x01\x02\x02\x01\x02\x00\x01", 7), m));
  EXPECT_TRUE(reads(std::string_view("\x01\x02\x02\x01\x02\x04\x01", 7), m));
  EXPECT_EQ(m.mean(), 2.0);
}

}  // namespace
}  // namespace quintet::feature
