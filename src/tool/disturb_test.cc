#include "tool/disturb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace quintet::tool {
namespace {

constexpr int kLines = 2000;

class Disturbed : public ::testing::Test {
 protected:
  Disturbed() : directory_(std::filesystem::temp_directory_path() / "quintet-test-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    std::ofstream file(path());
    file << "id,at\n";
    for (int i = 0; i < kLines; ++i) file << i << ",x\n";
  }
  ~Disturbed() override { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/in.csv"; }

  std::vector<std::string> lines(const Disturbance& how, std::uint64_t most = 0) {
    const std::string to = directory_ + "/out" + std::to_string(++runs_);
    const auto files = disturbed({{"e", path()}}, how, most, to);
    EXPECT_TRUE(files) << files.error().message();
    EXPECT_TRUE(files->front().path.ends_with("/in.csv"));
    std::ifstream file(files->front().path);
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
  }

  std::string directory_;
  int runs_ = 0;
};

TEST_F(Disturbed, NothingAskedChangesNothing) {
  const auto all = lines({});
  ASSERT_EQ(all.size(), kLines + 1u);
  EXPECT_EQ(all[0], "id,at");
  EXPECT_EQ(all[7], "6,x");
}

TEST_F(Disturbed, OneSeedGivesOneFileAndAnotherAnother) {
  const auto one = lines({.seed = 5, .duplicates = 10, .late = 10});
  EXPECT_EQ(one, lines({.seed = 5, .duplicates = 10, .late = 10}));
  EXPECT_NE(one, lines({.seed = 6, .duplicates = 10, .late = 10}));
}

TEST_F(Disturbed, ADuplicateComesBesideItsLineAndNoLineIsLost) {
  auto all = lines({.duplicates = 10});
  EXPECT_EQ(all[0], "id,at");
  EXPECT_GT(all.size(), kLines + 1u + kLines / 20);
  EXPECT_LT(all.size(), kLines + 1u + kLines / 5);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.size(), kLines + 1u);
}

TEST_F(Disturbed, ALateLineComesLaterAndOnce) {
  auto all = lines({.late = 10});
  ASSERT_EQ(all.size(), kLines + 1u);
  int moved = 0, greatest = -1;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const int number = std::stoi(all[i]);
    moved += number < greatest ? 1 : 0;
    greatest = std::max(greatest, number);
  }
  EXPECT_GT(moved, kLines / 20);
  EXPECT_LT(moved, kLines / 5);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

TEST_F(Disturbed, NoMoreLinesAreReadThanAreWanted) {
  EXPECT_EQ(lines({}, 10).size(), 11u);
}

}  // namespace
}  // namespace quintet::tool
