// Damaged application files: load() gives diagnostics with places inside the text, and nothing
// else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "app/marked_test.h"

namespace quintet::app {
namespace {

std::string mutate(std::string text, const std::string& other, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"{",      "}",           "[",
                                                 "]",      ":",           ",",
                                                 "- ",     "\n",          "  ",
                                                 "&a ",    "*a",          "!t ",
                                                 "? ",     "| ",          "> ",
                                                 "'",      "\"",          "#",
                                                 "on: ",   "null",        "~",
                                                 "{days}", " over ",      " by ",
                                                 "\xff",   "\t",          "é",
                                                 "(",      ")",           "including this",
                                                 "0",      "-1",          "99999999999999999999",
                                                 "---\n",  "%YAML 1.1\n", "<<: *a"};
  auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  // One roll a statement: compilers differ in the order of two in one argument list.
  auto piece_of = [&](const std::string& from) {
    const std::size_t at = below(from.size());
    return from.substr(at, below(60));
  };
  for (std::size_t i = 1 + below(4); i > 0; --i) {
    const std::size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0: text.erase(at, 1 + below(12)); break;
      case 1: text.insert(at, kPieces[below(std::size(kPieces))]); break;
      case 2: text.insert(at, piece_of(other)); break;
      case 3: text.insert(at, piece_of(text)); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random());
    }
  }
  return text;
}

TEST(Load, SurvivesDamagedFiles) {
  std::vector<std::string> files = {std::string(kShop)};
  const std::filesystem::path root = QUINTET_SOURCE_DIR;
  for (const char* name : {"fraud", "maintenance", "chargebacks"}) {
    std::ifstream in(root / "apps" / name / "app.yaml");
    std::stringstream text;
    text << in.rdbuf();
    ASSERT_FALSE(text.str().empty()) << name;
    files.push_back(text.str());
  }
  std::mt19937 random(20240811);
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string& file = files[random() % files.size()];
    const std::string& other = files[random() % files.size()];
    const std::string text = mutate(file, other, random);
    SCOPED_TRACE("file " + std::to_string(i));
    const Loaded loaded = load(text);
    if (loaded.spec) continue;
    ++refused;
    ASSERT_FALSE(loaded.diagnostics.empty()) << text;
    for (const Diagnostic& each : loaded.diagnostics) {
      ASSERT_GE(each.place.line, 1) << each.code << "\n" << text;
      ASSERT_GE(each.place.column, 1) << each.code << "\n" << text;
      ASSERT_FALSE(render(each, "f", text, false).empty());
    }
  }
  EXPECT_GT(refused, 1'000);
}

}  // namespace
}  // namespace quintet::app
