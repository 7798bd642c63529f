#include "learn/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quintet::learn {
namespace {

std::string two_rows(bool weighted) {
  RowsWriter writer({"amount", "hour"}, weighted);
  std::string out;
  writer.header(out);
  const float first[] = {1.5f, std::numeric_limits<float>::quiet_NaN()};
  const float second[] = {-2, 23};
  writer.row({first, 1, 0.5f, 10, Split::train}, out);
  writer.row({second, 0, 2, 12, Split::holdout}, out);
  writer.end(out);
  return out;
}

TEST(Rows, ComeBackAsTheyWereWritten) {
  const auto rows = read_rows(two_rows(true));
  ASSERT_TRUE(rows) << rows.error().message();
  EXPECT_EQ(rows->features, (std::vector<std::string>{"amount", "hour"}));
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->row(0)[0], 1.5f);
  EXPECT_TRUE(std::isnan(rows->row(0)[1]));
  EXPECT_EQ(rows->row(1)[1], 23);
  EXPECT_EQ(rows->labels, (std::vector<float>{1, 0}));
  EXPECT_EQ(rows->weights, (std::vector<float>{0.5f, 2}));
  EXPECT_EQ(rows->positions, (std::vector<std::int64_t>{10, 12}));
  const Rows holdout = rows->only(Split::holdout);
  EXPECT_EQ(holdout.size(), 1u);
  EXPECT_EQ(holdout.row(0)[0], -2);
}

TEST(Rows, WithoutWeightsHaveNone) {
  const auto rows = read_rows(two_rows(false));
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->weights.empty());
}

TEST(Rows, CutOffAnywhereAreRefused) {
  const std::string whole = two_rows(true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_rows(whole.substr(0, size))) << size;
  }
}

TEST(Rows, ThatDoNotRiseAreRefused) {
  RowsWriter writer({"x"}, false);
  std::string out;
  writer.header(out);
  const float x[] = {1};
  writer.row({x, 1, 1, 5, Split::train}, out);
  writer.row({x, 1, 1, 5, Split::train}, out);
  writer.end(out);
  const auto rows = read_rows(out);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().message(), "training row 2 does not come after the row before it");
}

TEST(Rows, MayLackALabelOnlyWhereNoneIsNeeded) {
  for (const Split split : {Split::gap, Split::train}) {
    RowsWriter writer({"x"}, false);
    std::string out;
    writer.header(out);
    const float x[] = {1};
    writer.row({x, std::numeric_limits<float>::quiet_NaN(), 1, 5, split}, out);
    writer.end(out);
    EXPECT_EQ(read_rows(out).has_value(), split == Split::gap);
  }
}

TEST(Rows, WithInfinityAreRefused) {
  RowsWriter writer({"x"}, false);
  std::string out;
  writer.header(out);
  const float x[] = {std::numeric_limits<float>::infinity()};
  writer.row({x, 1, 1, 5, Split::train}, out);
  writer.end(out);
  EXPECT_FALSE(read_rows(out));
}

}  // namespace
}  // namespace quintet::learn
