#include "base/expected.h"

#include <gtest/gtest.h>

namespace quintet {
namespace {

Expected<int> half(int n) {
  if (n % 2 != 0) return invalid("the number is odd");
  return n / 2;
}

Expected<int> quarter(int n) {
  TRY(const int once, half(n));
  TRY(const int twice, half(once));
  return twice;
}

TEST(Expected, HoldsAValueOrAnError) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error().code(), Code::invalid);
}

TEST(Expected, AnErrorGainsContextOutermostFirst) {
  const Error error = invalid("the number is odd").during("halving").during("loading");
  EXPECT_EQ(error.message(), "loading: halving: the number is odd");
}

TEST(ExpectedDeathTest, TheValueOfAnErrorEndsTheProcess) {
  EXPECT_DEATH((void)*half(1), "holds an error");
}

}  // namespace
}  // namespace quintet
