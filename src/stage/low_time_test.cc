#include "stage/low_time.h"

namespace quintet::stage {
namespace {

// S2.2
TEST(LowTime, IsAbsentInTheFirstBlockAndThenTheTenthSmallest) {
  LowTime low;
  for (Position p = 1; p <= 1000; ++p) {
    EXPECT_EQ(low.at(p), kNoTime);
    low.took(p, static_cast<Micros>(2000 - p));
  }
  EXPECT_EQ(low.at(1001), 1009);
}

TEST(LowTime, NeverMovesBackAndIsNotMovedByOneStrayTime) {
  LowTime low;
  for (Position p = 1; p <= 1000; ++p) low.took(p, 5000);
  EXPECT_EQ(low.at(1001), 5000);
  for (Position p = 1001; p <= 2000; ++p) low.took(p, p == 1500 ? 1'000'000'000 : 4000);
  EXPECT_EQ(low.at(2001), 5000);
  for (Position p = 2001; p <= 3000; ++p) low.took(p, p == 2500 ? 1 : 6000);
  EXPECT_EQ(low.at(3001), 6000);
}

TEST(LowTime, ABlockOfFewerThanTenTimesGivesNoCandidate) {
  LowTime low;
  for (Position p = 1; p <= 9; ++p) low.took(p, 7);
  EXPECT_EQ(low.at(1001), kNoTime);
}

// A snapshot is compared with what another fold came to, which was asked at other moments.
TEST(LowTime, IsWrittenTheSameWhetherItWasAskedForOrNot) {
  const auto bytes_of = [](const LowTime& low, Position next) {
    std::string bytes;
    ByteWriter out(bytes);
    low.write(out, next);
    return bytes;
  };
  LowTime asked, silent;
  for (Position p = 1; p <= 3 * LowTime::kBlock; ++p) {
    EXPECT_EQ(bytes_of(asked, p), bytes_of(silent, p)) << p;
    (void)asked.at(p);
    EXPECT_EQ(bytes_of(asked, p), bytes_of(silent, p)) << p;
    if (p % 3 == 0) continue;  // a control record
    asked.took(p, static_cast<Micros>((p * 7919) % 1000 + p));
    silent.took(p, static_cast<Micros>((p * 7919) % 1000 + p));
  }
  EXPECT_EQ(bytes_of(asked, 3001), bytes_of(silent, 3001));
  EXPECT_EQ(silent.at(3001), asked.at(3001));
}

TEST(LowTime, GoesOnTheSameAfterASnapshot) {
  LowTime a;
  for (Position p = 1; p <= 700; ++p) a.took(p, static_cast<Micros>((p * 7919) % 1000));
  std::string bytes;
  ByteWriter out(bytes);
  a.write(out, 701);
  ByteReader in(bytes);
  LowTime b = LowTime::read(in);
  ASSERT_TRUE(in.done());
  for (Position p = 701; p <= 1000; ++p) {
    a.took(p, static_cast<Micros>((p * 7919) % 1000));
    b.took(p, static_cast<Micros>((p * 7919) % 1000));
  }
  EXPECT_EQ(a.at(1001), b.at(1001));
}

}  // namespace
}  // namespace quintet::stage
