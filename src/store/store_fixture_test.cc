#include "store/store_fixture.h"

#include <filesystem>

namespace quintet::store {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "quintet-XXXXXX").string();
  const char* made = mkdtemp(name.data());
  if (made != nullptr) path_ = made;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

event::BlockBytes block_at(Position first, std::size_t count, Epoch epoch, Hash128 previous,
                           std::size_t plain_bytes) {
  event::Block block;
  block.first = first;
  block.epoch = epoch;
  for (std::size_t i = 0; i < count; ++i) {
    event::Record record;
    record.position = first + i;
    record.id = std::to_string(record.position);
    record.plain = std::string(plain_bytes, static_cast<char>('a' + record.position % 26));
    block.records.push_back(std::move(record));
  }
  return event::encode_block(block, previous);
}

TEST(TemporaryDirectory, GoesWithItsObject) {
  std::string path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace quintet::store
