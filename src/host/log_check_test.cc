#include "host/log_check.h"

#include <filesystem>
#include <future>

#include "event/record.h"
#include "store/sql.h"
#include "store/sqlite.h"

namespace quintet::host {
namespace {

struct LogCheckTest : testing::Test {
  LogCheckTest() : directory(std::filesystem::temp_directory_path() / "quintet-check-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory.data()), nullptr);
    auto store = store::open_sqlite(directory, {});
    EXPECT_TRUE(store) << store.error().message();
    const auto epoch = (*store)->open_epoch();
    Hash128 previous;
    for (Position first = 1; first <= 31; first += 10) {
      stage::Commit commit;
      event::Block block{first, *epoch, {}};
      for (Position p = first; p < first + 10; ++p) {
        event::Record record;
        record.kind = event::RecordKind::train;
        record.position = p;
        block.records.push_back(record);
      }
      commit.blocks.push_back(event::encode_block(block, previous));
      previous = event::block_hash(commit.blocks.back().bytes);
      EXPECT_TRUE((*store)->commit(commit, *epoch));
    }
  }
  ~LogCheckTest() override { std::filesystem::remove_all(directory); }

  std::vector<std::string> told() {
    std::vector<std::string> found;
    std::promise<void> ended;
    LogCheck::Settings settings;
    settings.directory = directory;
    settings.piece_bytes = 1;
    settings.pause = 0;
    settings.on_damage = [&](const Error& why) { found.push_back(why.message()); };
    settings.on_end = [&] { ended.set_value(); };
    LogCheck check(std::move(settings));
    ended.get_future().wait();
    return found;
  }

  std::string directory;
};

TEST_F(LogCheckTest, NamesTheBlockThatIsDamagedAndReadsOn) {
  EXPECT_EQ(told(), std::vector<std::string>());
  {
    auto database = store::Database::open({directory + "/quintet.db", {}, 5000});
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        database->run("UPDATE log SET raw_size = 0, body = CAST(substr(body, 1, "
                      "length(body) - 1) || x'00' AS BLOB) WHERE first IN (11, 31)"));
  }
  const auto found = told();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "the block at position 11: a block of the log does not match its checksum");
  EXPECT_EQ(found[1], "the block at position 31: a block of the log does not match its checksum");
}

}  // namespace
}  // namespace quintet::host
