// Two dumps that should be equal, and differences that were planted in one of them.
#include "tool/dump.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

namespace quintet::tool {
namespace {

struct Result {
  std::string key, json;
};
using Sections = std::vector<std::pair<std::string, std::vector<Result>>>;

// A log of 100 events with a mean each, a view and a letter.
Sections good() {
  Sections all = {{"result", {}}, {"view hourly", {}}, {"letter", {}}};
  for (int i = 1; i <= 100; ++i) {
    const std::string at = std::to_string(i);
    all[0].second.push_back({at, R"({"features":{"mean":0.1)" + at + R"(,"n":)" + at +
                                     R"(},"id":"e)" + at + R"(","position":)" + at + "}"});
  }
  for (const char* key : {"b", "a", "c"}) all[1].second.push_back({key, R"({"n":1})"});
  all[2].second.push_back({"1", R"({"code":"out_of_range"})"});
  return all;
}

class Dumps : public ::testing::Test {
 protected:
  Dumps() : directory_(std::filesystem::temp_directory_path() / "quintet-test-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~Dumps() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const Sections& sections) {
    const std::string path = directory_ + "/" + name;
    auto out = DumpWriter::open(path);
    EXPECT_TRUE(out);
    for (const auto& [section, lines] : sections) {
      out->begin(section);
      for (const Result& line : lines) EXPECT_TRUE(out->add(line.key, line.json));
    }
    auto figures = out->close();
    EXPECT_TRUE(figures);
    digest_ = figures->digest;
    return path;
  }

  // Against a dump in which `plant` changed something.
  std::vector<SectionDifference> compared(const std::function<void(Sections&)>& plant) {
    const std::string a = write("a", good());
    const std::string digest = digest_;
    Sections other = good();
    plant(other);
    auto found = compare_dumps(a, write("b", other));
    EXPECT_TRUE(found) << found.error().message();
    bool equal = true;
    for (const SectionDifference& section : *found) equal = equal && section.equal();
    EXPECT_EQ(digest == digest_, equal);
    return *std::move(found);
  }

  std::string directory_;
  std::string digest_;
};

TEST_F(Dumps, OfOneContentAreEqualInDigestAndLines) {
  const auto found = compared([](Sections&) {});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].equal());
  EXPECT_EQ(found[0].lines_a, 100u);
  EXPECT_EQ(found[1].section, "view hourly");
  EXPECT_EQ(found[2].lines_b, 1u);
}

TEST_F(Dumps, ALastDigitIsFoundAtItsPositionAndField) {
  const auto found = compared([](Sections& all) {
    all[0].second[41].json = R"({"features":{"mean":0.143,"n":42},"id":"e42","position":42})";
    all[0].second[90].json = R"({"features":{"mean":0.191,"n":90},"id":"e91","position":91})";
  });
  EXPECT_EQ(found[0].different, 2u);
  EXPECT_EQ(found[0].key, "42");
  ASSERT_EQ(found[0].fields.size(), 1u);
  EXPECT_EQ(found[0].fields[0].field, "features.mean");
  EXPECT_EQ(found[0].fields[0].a, "0.142");
  EXPECT_EQ(found[0].fields[0].b, "0.143");
  EXPECT_TRUE(found[1].equal());
}

TEST_F(Dumps, ALostLineIsOneDifferenceAndNotOneForEachLineBehindIt) {
  const auto found =
      compared([](Sections& all) { all[0].second.erase(all[0].second.begin() + 8); });
  EXPECT_EQ(found[0].different, 0u);
  EXPECT_EQ(found[0].only_a, 1u);
  EXPECT_EQ(found[0].only_b, 0u);
  EXPECT_EQ(found[0].key, "9");
  EXPECT_EQ(found[0].fields[0].b, kAbsent);
}

TEST_F(Dumps, LinesThatHaveNoNumbersAreFoundAgainToo) {
  const auto found = compared([](Sections& all) {
    all[1].second.erase(all[1].second.begin());
    all[1].second.push_back({"d", R"({"n":2})"});
  });
  EXPECT_EQ(found[1].different, 0u);
  EXPECT_EQ(found[1].only_a, 1u);
  EXPECT_EQ(found[1].only_b, 1u);
  EXPECT_EQ(found[1].key, "b");
}

TEST_F(Dumps, ADoubledLetterStandsOnOneSideAlone) {
  const auto found = compared([](Sections& all) {
    all[2].second.push_back({"2", all[2].second[0].json});
  });
  EXPECT_EQ(found[2].only_b, 1u);
  EXPECT_EQ(found[2].key, "2");
  EXPECT_EQ(found[2].fields[0].a, kAbsent);
}

TEST_F(Dumps, AnEmptySectionIsComparedWithAFullOne) {
  const auto found = compared([](Sections& all) { all[1].second.clear(); });
  EXPECT_EQ(found[1].only_a, 3u);
  EXPECT_TRUE(found[2].equal());
}

TEST_F(Dumps, OfTwoApplicationsAreNotCompared) {
  const std::string a = write("a", good());
  Sections other = good();
  other[1].first = "view daily";
  EXPECT_EQ(compare_dumps(a, write("b", other)).error().code(), Code::broken);
  EXPECT_EQ(compare_dumps(a, directory_ + "/none").error().code(), Code::not_found);
}

TEST_F(Dumps, AFileThatIsNoDumpIsRefused) {
  const std::string a = write("a", good());
  const std::string b = directory_ + "/b";
  std::ofstream(b) << "# result\nresult without tabs\n";
  EXPECT_EQ(compare_dumps(a, b).error().code(), Code::broken);
}

}  // namespace
}  // namespace quintet::tool
