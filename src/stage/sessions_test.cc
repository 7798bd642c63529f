#include "stage/sessions.h"

#include <gtest/gtest.h>

namespace quintet::stage {
namespace {

// S1.6
TEST(Sessions, RefuseAGapAndTakeWhatIsNext) {
  Sessions sessions;
  EXPECT_TRUE(sessions.check_turn({"a", 1, 0}));
  const auto gap = sessions.check_turn({"a", 2, 0});
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code(), Code::conflict);
  EXPECT_EQ(gap.error().id(), "session_gap");
  EXPECT_EQ(gap.error().message(),
            "event 2 of session a came before event 1 had its answer");
  EXPECT_TRUE(is_session_fault(gap.error()));
  sessions.pass("a", 1);
  EXPECT_TRUE(sessions.check_turn({"a", 2, 0}));
  EXPECT_FALSE(sessions.check_turn({"b", 2, 0}));
  EXPECT_TRUE(sessions.passed({"a", 1, 0}));
  EXPECT_FALSE(sessions.passed({"a", 2, 0}));
}

TEST(Sessions, BelieveTheSenderWhatItHadAnswersFor) {
  Sessions sessions;
  sessions.pass("a", 3);
  EXPECT_TRUE(sessions.check_turn({"a", 6, 5}));
  EXPECT_FALSE(sessions.check_turn({"a", 7, 5}));
}

TEST(Sessions, NeverGoBack) {
  Sessions sessions;
  sessions.pass("a", 5);
  sessions.pass("a", 2);
  EXPECT_EQ(sessions.last("a"), 5u);
}

TEST(Sessions, RefuseANameThatIsTooLongAndTheNumberZero) {
  const Sessions sessions;
  const std::string name(kSessionBytes + 1, 'x');
  EXPECT_EQ(sessions.check_turn({name, 1, 0}).error().id(), "bad_session");
  EXPECT_EQ(sessions.check_turn({"a", 0, 0}).error().message(),
            "the events of a session are numbered from 1");
  EXPECT_TRUE(sessions.check_turn({"", 0, 0}));
}

TEST(Sessions, ForgetTheOneThatRestedLongest) {
  Sessions sessions;
  for (std::size_t i = 0; i < kSessions; ++i) sessions.pass(std::to_string(i), 9);
  sessions.pass("0", 10);
  sessions.pass("new", 1);
  EXPECT_EQ(sessions.size(), kSessions);
  EXPECT_EQ(sessions.last("0"), 10u);
  EXPECT_EQ(sessions.last("1"), 0u);
  EXPECT_EQ(sessions.last("2"), 9u);
}

TEST(Sessions, ComeBackFromTheirBytes) {
  Sessions sessions;
  sessions.pass("b", 2);
  sessions.pass("a", 5);
  sessions.pass("b", 3);
  std::string bytes;
  ByteWriter out(bytes);
  sessions.write(out);
  ByteReader in(bytes);
  const Sessions read = Sessions::read(in);
  EXPECT_TRUE(in.done());
  EXPECT_EQ(read.last("a"), 5u);
  EXPECT_EQ(read.last("b"), 3u);
  std::string again;
  ByteWriter out_again(again);
  read.write(out_again);
  EXPECT_EQ(again, bytes);
}

}  // namespace
}  // namespace quintet::stage
