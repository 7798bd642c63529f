#include "base/decimal.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace quintet {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(Decimal, IsReadWithoutADouble) {
  EXPECT_EQ(*parse_decimal("12.3", 2), 1230);
  EXPECT_EQ(*parse_decimal("12.300", 2), 1230);
  EXPECT_EQ(*parse_decimal("-0.05", 2), -5);
  EXPECT_EQ(*parse_decimal("-0", 2), 0);
  EXPECT_EQ(*parse_decimal("1.23e1", 2), 1230);
  EXPECT_EQ(*parse_decimal("1230E-2", 2), 1230);
  EXPECT_EQ(*parse_decimal("1e+3", 0), 1000);
  EXPECT_EQ(*parse_decimal("0e99999999999999999999", 0), 0);
  EXPECT_EQ(*parse_decimal("0.1", 18), 100'000'000'000'000'000);
  EXPECT_EQ(*parse_decimal("92233720368547758.07", 2), kMost);
  EXPECT_EQ(*parse_decimal("-92233720368547758.08", 2), kLeast);
  const std::string zeros(500, '0');
  EXPECT_EQ(*parse_decimal(zeros + "7." + zeros, 0), 7);
}

TEST(Decimal, TooManyDigitsAreRefused) {
  EXPECT_EQ(parse_decimal("12.345", 2).error().message(),
            "more digits after the point than decimal(2) has");
  EXPECT_EQ(parse_decimal("1e-3", 2).error().code(), Code::invalid);
  EXPECT_EQ(parse_decimal("1e-99999999999999999999", 18).error().code(), Code::invalid);
  EXPECT_EQ(parse_decimal("92233720368547758.08", 2).error().message(), "too large for decimal(2)");
  EXPECT_FALSE(parse_decimal("-92233720368547758.09", 2));
  EXPECT_FALSE(parse_decimal("1e18", 2));
  EXPECT_FALSE(parse_decimal("1e99999999999999999999", 0));
  EXPECT_FALSE(parse_decimal("18446744073709551616", 0));
}

TEST(Decimal, WhatIsNoNumberIsRefused) {
  for (const auto* bad : {"", "-", "+1", "1.", ".5", "1e", "1e+", "1 ", " 1", "1,5", "0x10", "NaN",
                          "inf", "1_000", "--1", "1.2.3", "1e2e3", "1e1.5"}) {
    EXPECT_FALSE(parse_decimal(bad, 2)) << bad;
    EXPECT_FALSE(parse_double(bad)) << bad;
    EXPECT_FALSE(parse_int64(bad)) << bad;
  }
  EXPECT_FALSE(parse_int64("1.0"));
  EXPECT_FALSE(parse_int64("9223372036854775808"));
  EXPECT_EQ(*parse_int64("-9223372036854775808"), kLeast);
}

TEST(Decimal, ReturnsFromItsText) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 20'000; ++i) {
    const auto mantissa = static_cast<std::int64_t>(random()) >> (random() % 64);
    const int scale = static_cast<int>(random() % 19);
    const std::string text = format_decimal(mantissa, scale);
    ASSERT_EQ(*parse_decimal(text, scale), mantissa) << text;
    // from_chars rounds correctly, so it is the reference for the double.
    ASSERT_EQ(decimal_to_double(mantissa, scale), *parse_double(text)) << text;
  }
  EXPECT_EQ(format_decimal(1230, 2), "12.30");
  EXPECT_EQ(format_decimal(-5, 2), "-0.05");
  EXPECT_EQ(format_decimal(7, 0), "7");
  EXPECT_EQ(format_decimal(kLeast, 18), "-9.223372036854775808");
}

TEST(Decimal, DoublesHaveTheShortestText) {
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(-0.0), "0");
  EXPECT_EQ(format_double(1e300), "1e+300");
  EXPECT_EQ(format_double(100.0), "100");
  std::mt19937_64 random(10);
  for (int i = 0; i < 20'000; ++i) {
    const double v = std::bit_cast<double>(random());
    if (!std::isfinite(v)) continue;
    ASSERT_EQ(*parse_double(format_double(v)), v);
  }
}

TEST(Decimal, DoublesAreReadStrictly) {
  EXPECT_EQ(*parse_double("1e-400"), 0.0);
  EXPECT_EQ(*parse_double("-0.000e5"), 0.0);
  EXPECT_FALSE(std::signbit(*parse_double("-0")));
  EXPECT_FALSE(std::signbit(*parse_double("-1e-400")));
  EXPECT_EQ(*parse_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(parse_double("1e400").error().message(), "too large for a double");
  EXPECT_FALSE(parse_double("0.001e999"));
  EXPECT_FALSE(parse_double("1" + std::string(400, '0')));
}

TEST(Decimal, DivisionAndProductAreRoundedOnce) {
  EXPECT_EQ(divide({1, 0}, {3, 0}), 1.0 / 3.0);
  EXPECT_EQ(divide({-10, 2}, {3, 1}), -1.0 / 3.0);
  EXPECT_EQ(divide({kLeast, 0}, {-1, 0}), 9223372036854775808.0);
  EXPECT_EQ(divide({kMost, 18}, {kMost, 0}), 1e-18);
  EXPECT_EQ(divide({0, 2}, {-5, 0}), 0.0);
  EXPECT_FALSE(std::signbit(divide({0, 2}, {-5, 0})));
  EXPECT_EQ(multiply({10, 2}, {20, 2}), 0.02);
  EXPECT_EQ(multiply({kMost, 0}, {kMost, 0}), 85070591730234615847396907784232501249.0);
}

TEST(Decimal, ComparesByExactValue) {
  EXPECT_EQ(compare({10, 2}, Decimal{1, 1}), 0);
  EXPECT_EQ(compare({kLeast, 0}, Decimal{kMost, 18}), -1);
  EXPECT_EQ(compare({10, 2}, 0.1), -1);  // the double 0.1 is above one tenth
  EXPECT_EQ(compare({30, 2}, 0.3), 1);   // the double 0.3 is below three tenths
  EXPECT_EQ(compare({-10, 2}, -0.1), 1);
  EXPECT_EQ(compare({50, 2}, 0.5), 0);
  EXPECT_EQ(compare({kMost, 0}, 9223372036854775808.0), -1);
  EXPECT_EQ(compare({kLeast, 0}, -9223372036854775808.0), 0);
  EXPECT_EQ(compare({kLeast, 0}, -1e300), 1);
  EXPECT_EQ(compare({0, 0}, -1e-300), 1);
  EXPECT_EQ(compare({0, 0}, 5e-324), -1);
  EXPECT_EQ(compare({0, 0}, 0.0), 0);
  EXPECT_EQ(compare({9007199254740993, 0}, 9007199254740992.0), 1);
  EXPECT_EQ(compare({1, 18}, 1e-18), compare({1, 18}, 1e-18));
}

TEST(Decimal, AComparisonNeverContradictsRounding) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const auto mantissa = static_cast<std::int64_t>(random()) >> (random() % 64);
    const Decimal a{mantissa, static_cast<int>(random() % 19)};
    const double near = decimal_to_double(a.mantissa, a.scale);
    ASSERT_EQ(compare(a, std::nextafter(near, 1e300)), -1);
    ASSERT_EQ(compare(a, std::nextafter(near, -1e300)), 1);
  }
}

}  // namespace
}  // namespace quintet
