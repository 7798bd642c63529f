#include "tool/canonical.h"

#include <gtest/gtest.h>

#include <array>

namespace quintet::tool {
namespace {

std::string canonical(std::string_view json, std::span<const std::string_view> left_out = {}) {
  const auto document = JsonDocument::parse(json);
  std::string out;
  append_canonical(out, document->root(), left_out);
  return out;
}

TEST(Canonical, SortsMembersAndLeavesNumbersAsTheyAreWritten) {
  EXPECT_EQ(canonical(R"( {"b": [1.50, 1e3, {}], "a": {"y": null, "x": true}} )"),
            R"({"a":{"x":true,"y":null},"b":[1.50,1e3,{}]})");
}

TEST(Canonical, WritesOneTextInOneWay) {
  EXPECT_EQ(canonical(R"(["\u0041\/\t"])"), "[\"A/\\t\"]");
}

TEST(Canonical, LeavesOutMembersOfTheWholeAlone) {
  constexpr std::array<std::string_view, 1> kLeft = {"t"};
  EXPECT_EQ(canonical(R"({"t":1,"in":{"t":2}})", kLeft), R"({"in":{"t":2}})");
}

TEST(Differing, NamesEachFieldByItsPath) {
  const auto found = differing(R"({"f":{"mean":1.5,"n":[1,2]},"id":"a"})",
                               R"({"f":{"mean":1.6,"n":[1,3]},"late":true,"id":"a"})", 10);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].field, "f.mean");
  EXPECT_EQ(found[0].a, "1.5");
  EXPECT_EQ(found[0].b, "1.6");
  EXPECT_EQ(found[1].field, "f.n[1]");
  EXPECT_EQ(found[2].field, "late");
  EXPECT_EQ(found[2].a, kAbsent);
  EXPECT_EQ(found[2].b, "true");
}

TEST(Differing, SeesAnEmptyListBesideNone) {
  const auto found = differing(R"({"l":[]})", R"({"l":null})", 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].a, "[]");
  EXPECT_EQ(found[0].b, "null");
}

TEST(Differing, StopsAtSoMany) {
  EXPECT_EQ(differing("[1,2,3]", "[4,5,6]", 2).size(), 2u);
}

}  // namespace
}  // namespace quintet::tool
