#include "host/promotions.h"

#include <gtest/gtest.h>

namespace quintet::host {
namespace {

std::vector<PastPromotion> past(std::initializer_list<std::pair<std::uint32_t, const char*>> all) {
  std::vector<PastPromotion> out;
  for (const auto& [version, reason] : all) {
    out.push_back({out.size() + 1, {"score", version, "", reason}});
  }
  return out;
}

TEST(Promotions, RollBackToWhatWasInForceBefore) {
  const auto back = rollback_of(past({{1, "by hand"}, {3, "auc 0.8 > 0.7"}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, 1U);
  EXPECT_EQ(back->reason, "rolled back from 3");
}

TEST(Promotions, RollBackFurtherEachTime) {  // S7.5
  const auto back =
      rollback_of(past({{1, "by hand"}, {2, "by hand"}, {3, ""}, {2, "rolled back from 3"}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, 1U);
}

TEST(Promotions, RollBackTheFirstVersionToNone) {
  const auto back = rollback_of(past({{1, "by hand"}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, 0U);
}

TEST(Promotions, HaveNothingToRollBackBeforeTheFirst) {
  EXPECT_EQ(rollback_of({}).error().code(), Code::conflict);
  const auto undone = rollback_of(past({{1, "by hand"}, {0, "rolled back from 1"}}));
  EXPECT_EQ(undone.error().code(), Code::conflict);
}

}  // namespace
}  // namespace quintet::host
