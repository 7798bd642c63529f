#include "app/yaml.h"

#include <gtest/gtest.h>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

Node read(const std::string& text) {
  const Source source(text);
  Yaml yaml = read_yaml(source);
  EXPECT_TRUE(yaml.root) << (yaml.problems.empty() ? "" : yaml.problems[0].message);
  return yaml.root ? *yaml.root : Node();
}

void refuses(std::string_view code, std::string_view text) {
  const Marked file = marked("", text);
  const Source source(file.text);
  const Yaml yaml = read_yaml(source);
  EXPECT_FALSE(yaml.root);
  ASSERT_FALSE(yaml.problems.empty());
  EXPECT_EQ(yaml.problems[0].code, code) << yaml.problems[0].message;
  if (text.find("«") == text.npos) return;
  EXPECT_TRUE(yaml.problems[0].place == file.place)
      << render(yaml.problems[0], "f", file.text, false);
}

TEST(Yaml, ReadsMappingsListsAndScalarsWithTheirPlaces) {
  const Node root = read("a: 1\nb:\n  - x\n  - 'y z'\nc: {d: \"e\"}\n");
  ASSERT_TRUE(root.is_mapping());
  EXPECT_EQ(root.find("a")->text, "1");
  EXPECT_TRUE(root.find("a")->plain);
  EXPECT_EQ(root.find("b")->items[1].text, "y z");
  EXPECT_FALSE(root.find("b")->items[1].plain);
  EXPECT_TRUE(root.find("c")->flow);
  const Source source("a: 1\nb:\n  - x\n  - 'y z'\nc: {d: \"e\"}\n");
  const Place place = source.place(root.find("b")->items[1]);
  EXPECT_EQ(place.line, 4);
  EXPECT_EQ(place.column, 5);
  EXPECT_EQ(place.end_column, 10);
}

TEST(Yaml, CountsColumnsInCharacters) {
  const std::string text = "é: [ü, x]\n";
  const Node root = read(text);
  EXPECT_EQ(Source(text).place(root.entries[0].value.items[1]).column, 8);
}

TEST(Yaml, FindsPlacesInsideQuotedAndFoldedScalars) {
  const std::string text = "a: \"x\\ty z\"\nb: 'it''s q'\nc: >-\n  one\n  two\nd: plain\n  more\n";
  const Node root = read(text);
  const Source source(text);
  EXPECT_EQ(root.find("a")->text, "x\ty z");
  EXPECT_EQ(source.place_in(*root.find("a"), 4, 5).column, 10);
  EXPECT_EQ(source.place_in(*root.find("b"), 5, 6).column, 11);
  const Place two = source.place_in(*root.find("c"), 4, 7);
  EXPECT_EQ(two.line, 5);
  EXPECT_EQ(two.column, 3);
  const Place more = source.place_in(*root.find("d"), 6, 10);
  EXPECT_EQ(more.line, 7);
  EXPECT_EQ(more.column, 3);
  EXPECT_EQ(more.end_column, 7);
}

TEST(Yaml, RefusesMoreThanOneMebibyte) {
  refuses("QNT-0001", std::string(kMaxFileBytes + 1, '#'));
}

TEST(Yaml, RefusesBytesThatAreNotUtf8) {
  refuses("QNT-0002", "a: b\nc: «\xe9»\n");
  refuses("QNT-0002", "a: \xc0\x80\n");
  refuses("QNT-0002", "a: \xed\xa0\x80\n");
  refuses("QNT-0002", std::string_view("a: «\0»\n", 9));
}

TEST(Yaml, RefusesTabsInTheIndentation) {
  refuses("QNT-0003", "a:\n «\t»b: 1\n");
}

TEST(Yaml, RefusesWhatIsNestedTooDeeply) {
  refuses("QNT-0004", "a: " + std::string(63, '[') + "«[»" + std::string(64, ']'));
}

TEST(Yaml, RefusesTooManyNodes) {
  std::string text = "a: [";
  for (int i = 0; i < 100'001; ++i) text += "x,";
  refuses("QNT-0004", text + "]");
}

TEST(Yaml, RefusesAnAliasBomb) {
  std::string text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    text += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) text += "*" + std::string(1, static_cast<char>(c - 1)) + ",";
    text += "]\n";
  }
  refuses("QNT-0005", text);
}

TEST(Yaml, FollowsASmallAlias) {
  const Node root = read("a: &list [x, y]\nb: *list\n");
  EXPECT_EQ(root.find("b")->items.size(), 2U);
}

TEST(Yaml, RefusesAnAliasWithoutAnchorAndOneInsideItself) {
  refuses("QNT-0005", "a: *b\n");
  refuses("QNT-0005", "a: &a [*a]\n");
}

TEST(Yaml, RefusesASecondDocument) {
  refuses("QNT-0006", "a: 1\n---\nb: 2\n");
}

TEST(Yaml, RefusesTagsAndKeysThatAreNoWords) {
  refuses("QNT-0007", "a: !!binary xx\n");
  refuses("QNT-0007", "? [a]\n: b\n");
}

TEST(Yaml, ShowsBothPlacesOfADuplicateKey) {
  const Source source("a: 1\nb: 2\na: {c: 1, c: 2}\n");
  const Yaml yaml = read_yaml(source);
  ASSERT_EQ(yaml.problems.size(), 2U);
  EXPECT_EQ(yaml.problems[0].code, "QNT-0008");
  EXPECT_EQ(yaml.problems[0].place.line, 3);
  ASSERT_EQ(yaml.problems[0].related.size(), 1U);
  EXPECT_EQ(yaml.problems[0].related[0].place.line, 1);
  EXPECT_EQ(yaml.problems[1].place.column, 11);
}

TEST(Yaml, RefusesBrokenSyntaxWithItsPlace) {
  refuses("QNT-0009", "a: [1, 2\nb: 3\n");
  refuses("QNT-0009", "a: \"x\n");
  refuses("QNT-0009", "a: b: c\n");
}

TEST(Yaml, RefusesAnEmptyFile) {
  refuses("QNT-0010", "");
  refuses("QNT-0010", "# only a comment\n");
}

}  // namespace
}  // namespace quintet::app
