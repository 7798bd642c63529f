#include "host/http_lines.h"

namespace quintet::host {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces, std::size_t longest) {
  LineCutter cutter(longest);
  std::vector<std::string> all;
  const auto take = [&] {
    while (const auto line = cutter.next()) {
      all.push_back(std::to_string(line->number) + (line->too_long ? "!" : ":") +
                    std::string(line->text));
    }
  };
  for (const auto& piece : pieces) {
    cutter.add(piece);
    take();
  }
  cutter.end();
  take();
  return all;
}

TEST(LineCutter, JoinsPiecesAndTakesBothLineEnds) {
  const std::vector<std::string> wanted = {"1:ab", "2:", "3:c", "4:d"};
  EXPECT_EQ(lines_of({"a", "b\r", "\n\nc\r\nd"}, 10), wanted);
  EXPECT_EQ(lines_of({"ab\n\nc\nd\n"}, 10), wanted);
}

TEST(LineCutter, GivesTheSameLinesHoweverTheBodyIsCut) {
  const std::string text = "one\ntwo\r\n\nlonger than the limit\nx";
  const auto wanted = lines_of({text}, 8);
  ASSERT_EQ(wanted.size(), 5U);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(lines_of({text.substr(0, cut), text.substr(cut)}, 8), wanted) << cut;
  }
  std::vector<std::string> single;
  for (char c : text) single.emplace_back(1, c);
  EXPECT_EQ(lines_of(single, 8), wanted);
}

TEST(LineCutter, NamesALineThatIsTooLongAndGoesOn) {
  const std::vector<std::string> wanted = {"1!12345678", "2:ok"};
  EXPECT_EQ(lines_of({"123456789\nok"}, 8), wanted);
  EXPECT_EQ(lines_of({"123456789", "", "\nok"}, 8), wanted);
}

TEST(LineCutter, DoesNotCollectALineThatIsTooLong) {
  LineCutter cutter(8);
  for (int i = 0; i < 1000; ++i) {
    cutter.add(std::string(1000, 'x'));
    EXPECT_FALSE(cutter.next());
  }
  cutter.end();
  const auto line = cutter.next();
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->too_long);
  EXPECT_EQ(line->text, "xxxxxxxx");
  EXPECT_FALSE(cutter.next());
}

}  // namespace
}  // namespace quintet::host
