#include "store/runs.h"

namespace quintet::store {
namespace {

Code code_of(const Expected<bool>& taken) {
  return taken.error().code();
}

TEST(OutcomeRuns, MoveTheLowMarkOverWhatHasNoGap) {
  OutcomeRuns runs;
  EXPECT_TRUE(*runs.take(1, 4));
  EXPECT_EQ(runs.low(), 4u);
  EXPECT_TRUE(*runs.take(8, 9));
  EXPECT_TRUE(*runs.take(10, 10));
  EXPECT_EQ(runs.low(), 4u);
  EXPECT_TRUE(*runs.take(5, 7));
  EXPECT_EQ(runs.low(), 10u);
}

TEST(OutcomeRuns, DropWhatIsThereAndRefuseWhatIsThereInPart) {
  OutcomeRuns runs(10);
  EXPECT_FALSE(*runs.take(3, 10));
  EXPECT_EQ(code_of(runs.take(10, 11)), Code::conflict);
  EXPECT_TRUE(*runs.take(13, 14));
  EXPECT_TRUE(*runs.take(15, 20));
  EXPECT_FALSE(*runs.take(13, 14));
  EXPECT_FALSE(*runs.take(14, 17));
  EXPECT_FALSE(*runs.take(18, 20));
  EXPECT_EQ(code_of(runs.take(12, 13)), Code::conflict);
  EXPECT_EQ(code_of(runs.take(12, 30)), Code::conflict);
  EXPECT_EQ(code_of(runs.take(20, 21)), Code::conflict);
  EXPECT_EQ(code_of(runs.take(0, 5)), Code::invalid);
  EXPECT_EQ(code_of(runs.take(6, 5)), Code::invalid);
  EXPECT_EQ(runs.low(), 10u);
  EXPECT_TRUE(*runs.take(11, 12));
  EXPECT_EQ(runs.low(), 20u);
}

}  // namespace
}  // namespace quintet::store
