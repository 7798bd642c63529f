#include "host/client_limits.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

using Over = ClientLimits::Over;

// Whether a request of this client may begin; it ends at once.
bool passes(ClientLimits& limits, const std::string& client, Micros now) {
  std::string counted = client;
  const bool may = limits.begin(counted, now).over == Over::nothing;
  if (may) limits.end(counted);
  return may;
}

TEST(ClientLimits, LetABurstPassAndThenSoManyASecond) {
  ClientLimits limits({.per_second = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes(limits, "a", 0));
  std::string client = "a";
  const auto verdict = limits.begin(client, 0);
  EXPECT_EQ(verdict.over, Over::rate);
  EXPECT_EQ(verdict.retry_after, kSecond / 10);
  EXPECT_FALSE(passes(limits, "a", kSecond / 10 - 1));
  EXPECT_TRUE(passes(limits, "a", kSecond / 10));
  EXPECT_FALSE(passes(limits, "a", kSecond / 10));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes(limits, "a", kHour));
  EXPECT_FALSE(passes(limits, "a", kHour));  // the burst is not more after a long rest
}

TEST(ClientLimits, CountEachClientForItself) {
  ClientLimits limits({.per_second = 1, .burst = 1});
  EXPECT_TRUE(passes(limits, "a", 0));
  EXPECT_FALSE(passes(limits, "a", 0));
  EXPECT_TRUE(passes(limits, "b", 0));
}

TEST(ClientLimits, WithoutABurstAllowTwoSecondsOfIt) {
  ClientLimits limits({.per_second = 2});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(passes(limits, "a", 0));
  EXPECT_FALSE(passes(limits, "a", 0));
  ClientLimits slow({.per_second = 0.1});
  EXPECT_TRUE(passes(slow, "a", 0));
  EXPECT_FALSE(passes(slow, "a", 0));
}

TEST(ClientLimits, BoundTheRequestsUnderWay) {
  ClientLimits limits({.in_flight = 2});
  std::string a = "a";
  EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
  EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
  const auto verdict = limits.begin(a, 0);
  EXPECT_EQ(verdict.over, Over::in_flight);
  EXPECT_GT(verdict.retry_after, 0);
  limits.end(a);
  EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
}

TEST(ClientLimits, LetEventsOfARequestOweAndTheRestWait) {
  ClientLimits limits({.per_second = 10, .burst = 5});
  std::string a = "a";
  EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
  EXPECT_EQ(limits.wait(a, 0), 0);
  limits.take(a, 24, 0);  // 4 are left of the burst
  EXPECT_EQ(limits.wait(a, 0), 2 * kSecond);
  EXPECT_EQ(limits.wait(a, kSecond), kSecond);
  EXPECT_EQ(limits.wait(a, 2 * kSecond), 0);
  limits.end(a);
  EXPECT_FALSE(passes(limits, "a", 2 * kSecond));
  EXPECT_TRUE(passes(limits, "a", 2 * kSecond + kSecond / 10));
}

TEST(ClientLimits, ForgetWhoOwesNothingAndLetTheRestShare) {
  ClientLimits limits({.per_second = 1, .burst = 1, .in_flight = 5}, 2);
  EXPECT_TRUE(passes(limits, "a", 0));
  EXPECT_TRUE(passes(limits, "b", 0));
  // Both owe: those that come now share one allowance.
  EXPECT_TRUE(passes(limits, "c", 0));
  EXPECT_FALSE(passes(limits, "d", 0));
  EXPECT_FALSE(passes(limits, "a", 0));  // known still
  // After a second nobody owes, and a new client has its own.
  EXPECT_TRUE(passes(limits, "d", kSecond));
  EXPECT_TRUE(passes(limits, "e", kSecond));
  EXPECT_LE(limits.clients(), 3u);
}

TEST(ClientLimits, KeepWhoHasARequestUnderWay) {
  ClientLimits limits({.in_flight = 1}, 1);
  std::string a = "a", b = "b";
  EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
  EXPECT_EQ(limits.begin(b, 0).over, Over::nothing);
  EXPECT_NE(b, "b");  // counted with the others
  std::string again = "a";
  EXPECT_EQ(limits.begin(again, kHour).over, Over::in_flight);
  limits.end(a);
  EXPECT_EQ(limits.begin(again, kHour).over, Over::nothing);
}

TEST(ClientLimits, WithoutOptionsLimitNothing) {
  ClientLimits limits({});
  std::string a = "a";
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limits.begin(a, 0).over, Over::nothing);
  limits.take(a, 1000, 0);
  EXPECT_EQ(limits.wait(a, 0), 0);
}

}  // namespace
}  // namespace quintet::host
