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

TEST(LowTime, GoesOnTheSameAfterASnapshot) {
  LowTime a;
  for (Position p = 1; p <= 700; ++p) a.took(p, static_cast<Micros>((p * 7919) % 1000));
  std::string bytes;
  ByteWriter out(bytes);
  a.write(out);
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
