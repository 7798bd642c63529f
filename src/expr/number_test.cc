#include "expr/number.h"

#include <gtest/gtest.h>

namespace quintet::expr {
namespace {

std::string places(std::string_view digits) {
  const std::optional<Decimal> d = fewest_places(digits);
  return d ? std::to_string(d->mantissa) + "/" + std::to_string(d->scale) : "none";
}

TEST(Number, WritesALiteralWithTheFewestPlaces) {
  EXPECT_EQ(places("12.50"), "125/1");
  EXPECT_EQ(places("-12.50"), "-125/1");
  EXPECT_EQ(places("0.001"), "1/3");
  EXPECT_EQ(places("100"), "100/0");
  EXPECT_EQ(places("1e3"), "1000/0");
  EXPECT_EQ(places("1.5E-3"), "15/4");
  EXPECT_EQ(places("120e-1"), "12/0");
  EXPECT_EQ(places("0.000"), "0/0");
  EXPECT_EQ(places("0e999999999999"), "0/0");
  EXPECT_EQ(places("1e-18"), "1/18");
  EXPECT_EQ(places("1e-19"), "none");
  EXPECT_EQ(places("1e18"), "1000000000000000000/0");
  EXPECT_EQ(places("1e19"), "none");
  EXPECT_EQ(places("1e999999999999"), "none");
  EXPECT_EQ(places("-9223372036854775808"), "-9223372036854775808/0");
  EXPECT_EQ(places("9223372036854775808"), "none");
  EXPECT_EQ(places("0.00000000000000000100"), "1/18");
}

TEST(Number, RescalesOrSaysThatItDoesNotFit) {
  EXPECT_EQ(rescale(125, 1, 3), 12500);
  EXPECT_EQ(rescale(-1, 0, 18), -1'000'000'000'000'000'000);
  EXPECT_EQ(rescale(10, 0, 18), std::nullopt);
  EXPECT_EQ(rescale(125, 3, 1), std::nullopt);
}

TEST(Number, FindsWholeNumbersBelowAboveAndNextTo) {
  EXPECT_EQ(floor_real(-0.5), -1);
  EXPECT_EQ(floor_real(2), 2);
  EXPECT_EQ(ceil_real(-0.5), 0);
  EXPECT_EQ(ceil_real(1e300), 1e300);
  EXPECT_EQ(floor_real(-0x1p53), -0x1p53);
  EXPECT_EQ(round_real(4503599627370495.5, 0), 4503599627370496.0);
  EXPECT_EQ(round_real(0.49999999999999994, 0), 0);
  EXPECT_EQ(round_real(-2.5, 0), -3);
  EXPECT_EQ(round_real(0.1, 15), 0.1);
  EXPECT_EQ(round_real(123456.789, 2), 123456.79);
  EXPECT_EQ(floor_divide(-7, 2), -4);
  EXPECT_EQ(floor_divide(7, 2), 3);
}

}  // namespace
}  // namespace quintet::expr
