#include "event/line_cutter.h"

#include <random>

#include "event/decode.h"

namespace quintet::event {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces, std::size_t longest,
                                  char separator = 0) {
  LineCutter cutter(longest, separator);
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

using Lines = std::vector<std::string>;

Lines csv(const std::string& text, std::size_t longest = 40) {
  return lines_of({text}, longest, ',');
}

TEST(CsvRecords, QuotedCellsMayHoldLineEnds) {
  EXPECT_EQ(csv("1,\"a\nb\",2\n3,c\n"), (Lines{"1:1,\"a\nb\",2", "3:3,c"}));
  EXPECT_EQ(csv("\"a\r\n\r\nb\"\r\nc\r\n"), (Lines{"1:\"a\r\n\r\nb\"", "4:c"}));
  EXPECT_EQ(csv("\"a\n\"\"b\"\"\n\",\"c\nd\"\ne"), (Lines{"1:\"a\n\"\"b\"\"\n\",\"c\nd\"", "5:e"}));
  EXPECT_EQ(csv("\xef\xbb\xbf\"a\nb\",c\nd\n"), (Lines{"1:\xef\xbb\xbf\"a\nb\",c", "3:d"}));
  // The text's end is the end of its last record.
  EXPECT_EQ(csv("1,\"a\nb\""), (Lines{"1:1,\"a\nb\""}));
  EXPECT_EQ(csv("1,\"a\nb\"\r"), (Lines{"1:1,\"a\nb\""}));
  // Only the separator begins a cell.
  EXPECT_EQ(lines_of({"1;\"a\nb\"\n2,\"c\n"}, 40, ';'), (Lines{"1:1;\"a\nb\"", "3:2,\"c"}));
  EXPECT_EQ(csv("1,5\"\n2,6\"\n"), (Lines{"1:1,5\"", "2:2,6\""}));
}

TEST(CsvRecords, AStrayQuoteCostsItsOwnLineOnly) {
  // Nothing closes it; or what seems to, does not end the cell.
  EXPECT_EQ(csv("1,\"a\n2,b\n3,c\n"), (Lines{"1:1,\"a", "2:2,b", "3:3,c"}));
  EXPECT_EQ(csv("1,\"a\n2,\"b\"\n3,c\n"), (Lines{"1:1,\"a", "2:2,\"b\"", "3:3,c"}));
  EXPECT_EQ(csv("1,\"a\n2,\"b\n3,\"c\n4,d"), (Lines{"1:1,\"a", "2:2,\"b", "3:3,\"c", "4:4,d"}));
  EXPECT_EQ(csv("1,\"\"a\n2,b\n"), (Lines{"1:1,\"\"a", "2:2,b"}));
  // In the last line of a record of several it ends that record.
  EXPECT_EQ(csv("\"a\nb\",\"c\nd\ne"), (Lines{"1:\"a\nb\",\"c", "3:d", "4:e"}));
  EXPECT_EQ(csv("\"a\nb\",\"c\"d\ne"), (Lines{"1:\"a\nb\",\"c\"d", "3:e"}));
  // Each is then refused.
  std::string scratch;
  std::vector<std::string_view> cells;
  for (const char* text : {"1,\"a", "1,\"\"a", "\"a\nb\",\"c", "\"a\nb\",\"c\"d"}) {
    EXPECT_FALSE(split_csv(text, ',', scratch, cells)) << text;
  }
}

TEST(CsvRecords, ARecordOverTheLimitIsNone) {
  EXPECT_EQ(csv("\"ab\ncd\"\nx\n", 7), (Lines{"1:\"ab\ncd\"", "3:x"}));
  EXPECT_EQ(csv("\"ab\ncd\"\nx\n", 6), (Lines{"1:\"ab", "2:cd\"", "3:x"}));
  EXPECT_EQ(csv("\"ab\ncd\",e\nx\n", 8), (Lines{"1:\"ab", "2:cd\",e", "3:x"}));
  EXPECT_EQ(csv("\"1234567\nx\"\n", 5), (Lines{"1!\"1234", "2:x\""}));
}

TEST(CsvRecords, AnOpenQuoteHoldsNoMoreThanTheLimit) {
  LineCutter cutter(1000, ',');
  cutter.add("1,\"a\n");
  EXPECT_FALSE(cutter.next());
  std::size_t fed = 6, given = 0;
  for (int i = 0; i < 1000; ++i) {
    cutter.add("bbbbbbbbb\n");
    fed += 10;
    while (const auto line = cutter.next()) given += line->text.size() + 1;
    ASSERT_LE(fed - given, 1000U + 10U);
  }
}

TEST(CsvRecords, ManyStrayQuotesAreReadInLinearTime) {
  // Each line closes the cell of the line before and opens another; the last one spoils it.
  for (const char* line : {"b\",\"c\n", "\"a\n", "\"\"\"\n", "x\"\",\"y\n"}) {
    std::string text = "\"a\n";
    for (int i = 0; i < 150'000; ++i) text += line;
    text += "b\"c";
    LineCutter cutter(kMaxEventBytes, ',');
    cutter.add(text);
    cutter.end();
    std::size_t bytes = 0;
    while (const auto next = cutter.next()) bytes += next->text.size() + 1;
    EXPECT_EQ(bytes, text.size() + 1);
  }
}

std::string random_csv(std::mt19937& dice) {
  constexpr std::string_view kParts[] = {"\"", "\"",  "\"\"", ",",     "\n",   "\r\n",
                                         "a",  "bcd", "\r",   "\",\"", "\"\n", "\xef\xbb\xbf"};
  std::string text;
  for (auto n = dice() % 40; n > 0; --n) text += kParts[dice() % std::size(kParts)];
  return text;
}

TEST(CsvRecords, AreTheSameHoweverTheTextIsCut) {
  std::mt19937 dice(11);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_csv(dice);
    const std::size_t longest = 1 + dice() % 30;
    const Lines wanted = lines_of({text}, longest, ',');
    Lines single, some;
    for (const char c : text) single.emplace_back(1, c);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = dice() % 6;
      some.push_back(text.substr(at, size));
      at += some.back().size();
    }
    ASSERT_EQ(lines_of(single, longest, ','), wanted) << text;
    ASSERT_EQ(lines_of(some, longest, ','), wanted) << text;
  }
}

// Cells of any content come back, and none of them costs another record.
TEST(CsvRecords, WhatIsWrittenInQuotesIsReadAgain) {
  std::mt19937 dice(12);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Lines> rows(1 + dice() % 5, Lines(1 + dice() % 3));
    std::string text;
    for (Lines& row : rows) {
      for (std::string& cell : row) {
        cell = "x" + random_csv(dice).substr(0, 12);
        text += &cell == &row.front() ? "\"" : ",\"";
        for (const char c : cell) text.append(c == '"' ? 2 : 1, c);
        text += '"';
      }
      text += dice() % 2 == 0 ? "\n" : "\r\n";
    }
    LineCutter cutter(kMaxEventBytes, ',');
    cutter.add(text);
    cutter.end();
    std::string scratch;
    std::vector<std::string_view> cells;
    for (const Lines& row : rows) {
      const auto line = cutter.next();
      ASSERT_TRUE(line) << text;
      ASSERT_TRUE(split_csv(line->text, ',', scratch, cells)) << text;
      ASSERT_EQ(Lines(cells.begin(), cells.end()), row) << text;
    }
    ASSERT_FALSE(cutter.next());
  }
}

}  // namespace
}  // namespace quintet::event
