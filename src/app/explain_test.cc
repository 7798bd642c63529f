#include "app/codes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "app/load.h"
#include "app/marked_test.h"
#include "app/vocabulary.h"
#include "expr/problem.h"

namespace quintet::app {
namespace {

const std::filesystem::path kRoot = QUINTET_SOURCE_DIR;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// The codes in the sources of this room, of tests or of the rest.
std::set<std::string> codes_in(bool tests) {
  std::set<std::string> out;
  const std::regex code("QNT-[0-9]{4}");
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "src" / "app")) {
    const std::string name = entry.path().filename();
    const bool test = name.find("_test.") != name.npos;
    if (name.starts_with("codes") || test != tests) continue;
    const std::string text = read_file(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
      out.insert(at->str());
    }
  }
  return out;
}

TEST(Codes, AreEachUsedAndEachExplained) {
  const std::set<std::string> used = codes_in(false);
  std::set<std::string> known;
  for (const CodeEntry& entry : codes()) {
    EXPECT_TRUE(known.insert(std::string(entry.code)).second) << entry.code;
    EXPECT_TRUE(used.contains(std::string(entry.code))) << entry.code << " is never used";
    EXPECT_FALSE(entry.title.empty() || entry.text.empty()) << entry.code;
  }
  for (const expr::CodeText& entry : expr::codes()) known.insert(std::string(entry.code));
  for (const std::string& code : used) {
    EXPECT_TRUE(known.contains(code) || code == "QNT-0123") << code << " is not explained";
  }
}

TEST(Codes, HaveATestEach) {
  const std::set<std::string> tested = codes_in(true);
  for (const CodeEntry& entry : codes()) {
    EXPECT_TRUE(tested.contains(std::string(entry.code))) << entry.code << " has no test";
  }
}

TEST(Codes, AreExplainedWithAnExample) {
  const std::string text = explain("QNT-0107");
  EXPECT_NE(text.find("cut at a comma"), text.npos);
  EXPECT_NE(text.find("Wrong:\n    columns: {risk"), text.npos);
  EXPECT_NE(text.find("Right:\n    columns:\n      risk"), text.npos);
  EXPECT_EQ(explain("qnt0107"), text);
  EXPECT_EQ(explain("107"), "");
  EXPECT_NE(explain("0310").find("unknown name"), std::string::npos);
  EXPECT_EQ(explain("QNT-9999"), "");
}

TEST(Schema, IsTheCommittedOne) {
  EXPECT_EQ(read_file(kRoot / "api" / "app.schema.json"), schema_json())
      << "write it anew: `quintet schema > api/app.schema.json`";
}

TEST(Render, IsAsInTheGoldenFile) {
  const std::string text = read_file(kRoot / "test" / "golden" / "errors.yaml");
  ASSERT_FALSE(text.empty());
  std::string out;
  for (const Diagnostic& each : load(text).diagnostics) {
    out += render(each, "errors.yaml", text, false) + "\n";
  }
  EXPECT_EQ(out, read_file(kRoot / "test" / "golden" / "errors.txt"));
}

TEST(Render, GivesOneJsonObjectPerDiagnostic) {
  Diagnostic d{"QNT-0101", false, {1, 2, 1, 5}, "a \"b\"\n", {}, "hint"};
  d.relate({3, 1, 3, 2}, "here");
  EXPECT_EQ(render_json(d, "app.yaml"),
            "{\"code\":\"QNT-0101\",\"severity\":\"error\",\"file\":\"app.yaml\",\"line\":1,"
            "\"column\":2,\"end_line\":1,\"end_column\":5,\"message\":\"a \\\"b\\\"\\n\","
            "\"related\":[{\"line\":3,\"column\":1,\"end_line\":3,\"end_column\":2,"
            "\"message\":\"here\"}],\"hint\":\"hint\"}");
}

TEST(Render, ColoursOnRequestAlone) {
  const Diagnostic d{"QNT-0101", false, {1, 1, 1, 2}, "m", {}, ""};
  EXPECT_EQ(render(d, "f", "x\n", false).find('\x1b'), std::string::npos);
  EXPECT_NE(render(d, "f", "x\n", true).find('\x1b'), std::string::npos);
}

TEST(Render, ShowsNothingThatATerminalWouldObeyOrMisread) {
  const Diagnostic d{"QNT-0101", false, {1, 1, 1, 2}, "m", {}, ""};
  EXPECT_NE(render(d, "f", "a\x1b[2J\xe9z\n", false).find(" a?[2J?z\n"), std::string::npos);
  EXPECT_NE(render(d, "f", "a\xc3\xa9z\n", false).find(" a\xc3\xa9z\n"), std::string::npos);
}

TEST(Render, CutsLongLinesAroundTheMark) {
  const std::string text = std::string(500, 'a') + "b" + std::string(500, 'c');
  const Diagnostic d{"QNT-0101", false, {1, 501, 1, 502}, "m", {}, ""};
  const std::string out = render(d, "f", text, false);
  EXPECT_LT(out.size(), 400U);
  EXPECT_NE(out.find("ab"), out.npos);
}

}  // namespace
}  // namespace quintet::app
