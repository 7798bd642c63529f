#include "stage/label_index.h"

#include <random>

#include "stage/stage_fixture.h"

namespace quintet::stage {
namespace {

constexpr std::string_view kApp = R"(quintet: 1
app: test
events:
  sale: {id: id, time: at, fields: {id: string, at: timestamp}}
  report:
    {id: id, time: at, fields: {id: string, at: timestamp, of: string, bad: bool, who: string}}
labels:
  fraud: {of: sale, value: any(bad) from report by of, otherwise: false, after: 7d}
  clerk: {of: sale, value: last(who) from report by of, after: 7d}
)";

struct LabelIndexTest : testing::Test {
  // A report of label 0 or 1, or a record that reports nothing.
  event::Record record(Position position, Position event, std::uint16_t label) {
    event::Record out;
    out.position = position;
    if (event != kNoPosition) out.targets.push_back({label, event, 0, 0, "", "", ""});
    return out;
  }
  void add(LabelIndex& index, const event::Record& record) {
    std::vector<LabelIndex::Report> reports;
    index.reports_of(record, *spec, reports);
    index.add(reports, record.position);
  }
  void fill(LabelIndex& index, Position from, Position to) {
    std::mt19937 random(1);
    for (Position p = 2; p <= to; ++p) {
      const Position event = random() % 3 == 0 ? 1 + random() % (p - 1) : kNoPosition;
      const auto label = static_cast<std::uint16_t>(random() % 2);
      if (p >= from) add(index, record(p, event, label));
    }
  }
  static void expect_same(const LabelIndex& a, const LabelIndex& b) {
    ASSERT_EQ(a.last(), b.last());
    ASSERT_EQ(a.size(), b.size());
    for (Position event = 1; event <= a.last(); ++event) {
      for (const int label : {0, 1}) ASSERT_EQ(a.report(event, label), b.report(event, label));
    }
  }

  std::shared_ptr<const app::Spec> spec = spec_of(kApp);
  LabelIndex index{spec};
};

TEST_F(LabelIndexTest, OfSeveralReportsTheLastPositionCounts) {  // S5.1
  add(index, record(7, 3, 0));
  add(index, record(8, 3, 1));
  add(index, record(9, 3, 0));
  EXPECT_EQ(index.report(3, 0), 9u);
  EXPECT_EQ(index.report(3, 1), 8u);
  EXPECT_EQ(index.report(4, 0), kNoPosition);
  EXPECT_EQ(index.last(), 9u);
}

TEST_F(LabelIndexTest, AReportOfALaterVersionIsFoundByName) {  // DESIGN 6.8
  std::string text(kApp);
  const auto at = text.find("  fraud:");
  const std::string fraud = text.substr(at, text.find("  clerk:") - at);
  text.erase(at, fraud.size());
  const auto later = spec_of(text + fraud);
  LabelIndex other(later);
  std::vector<LabelIndex::Report> reports;
  other.reports_of(record(7, 3, 0), *spec, reports);
  other.add(reports, 7);
  EXPECT_EQ(other.report(3, later->label_index("fraud")), 7u);
  EXPECT_EQ(other.report(3, later->label_index("clerk")), kNoPosition);
}

TEST_F(LabelIndexTest, PiecesMakeTheSameIndex) {
  LabelIndex again(spec);
  std::vector<std::string> pieces;
  for (const Position to : {300u, 301u, 500u}) {
    fill(index, index.last() + 1, to);
    while (index.unwritten() > 0) {
      pieces.emplace_back();
      const auto piece = index.write_piece(pieces.back(), 20);
      EXPECT_LE(piece.first, piece.last);
    }
  }
  for (const std::string& piece : pieces) ASSERT_TRUE(again.read_piece(piece));
  expect_same(again, index);
  fill(index, 501, 600);
  fill(again, 501, 600);
  expect_same(again, index);
}

TEST_F(LabelIndexTest, WhatWasLostIsWrittenAgainAsAWhole) {
  fill(index, 2, 400);
  std::string lost, bytes;
  (void)index.write_piece(lost, 50);
  index.write_again();
  const auto piece = index.write_piece(bytes, 100'000);
  EXPECT_EQ(piece.first, 1u);
  EXPECT_EQ(piece.last, 400u);
  LabelIndex again(spec);
  ASSERT_TRUE(again.read_piece(bytes));
  expect_same(again, index);
}

TEST_F(LabelIndexTest, DamagedAndMisplacedPiecesAreBrokenAndChangeNothing) {
  fill(index, 2, 100);
  std::string first, second;
  (void)index.write_piece(first, 10);
  (void)index.write_piece(second, 100);
  LabelIndex again(spec);
  EXPECT_EQ(again.read_piece(second).error().code(), Code::broken);
  for (std::size_t size = 0; size < first.size(); ++size) {
    const auto read = again.read_piece(std::string_view(first).substr(0, size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code(), Code::broken);
    EXPECT_EQ(again.size(), 0u);
  }
  EXPECT_FALSE(again.read_piece(first + '\0'));
  EXPECT_TRUE(again.read_piece(first));
}

// S10.4
TEST_F(LabelIndexTest, BegunAtACutItHoldsTheEventsBehindIt) {
  fill(index, 2, 400);
  std::string early, late;
  (void)index.write_piece(early, 60);
  LabelIndex begun(spec);
  begun.begin_after(150);
  EXPECT_EQ(begun.last(), 150u);
  fill(begun, 151, 400);
  index.begin_after(150);
  expect_same(begun, index);
  for (Position event = 1; event <= 150; ++event) EXPECT_EQ(index.report(event, 0), kNoPosition);
  index.write_again();
  EXPECT_EQ(index.write_piece(late, 100'000).first, 151u);
  LabelIndex again(spec);
  again.begin_after(150);
  ASSERT_TRUE(again.read_piece(late));
  expect_same(again, begun);
}

}  // namespace
}  // namespace quintet::stage
