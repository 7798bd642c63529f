#include "event/record.h"

#include <random>

namespace quintet::event {
namespace {

Record some_record(Position position) {
  Record r;
  r.position = position;
  r.event_type = 3;
  r.app_version = 2;
  r.admitted_at = 1'700'000'000'000'000 + static_cast<Micros>(position);
  r.time = r.admitted_at - kDay;
  r.low_time = position % 2 == 0 ? r.time - kDay : kNoTime;
  r.control = 1;
  r.visits = {{7, position > 5 ? position - 3 : kNoPosition}, {255, kNoPosition}};
  r.id = "T" + std::to_string(position);
  r.plain = "plain";
  r.subject = "s";
  r.sealed = std::string("\0\1", 2);
  return r;
}

Block some_block() {
  Block block;
  block.first = 4;
  block.epoch = 9;
  for (Position p = 4; p < 10; ++p) block.records.push_back(some_record(p));
  block.records[3].targets = {{1, 4, -5, 3, "keys", "who", "sealed"}};
  block.records[4].attached = {{1, 5, "value"}};
  return block;
}

TEST(Block, CarriesTheSessionOfItsSenders) {
  Block block = some_block();
  block.records[1].session = "a";
  block.records[1].number = 7;
  block.records[2].session = "a";
  block.records[2].number = 8;
  block.records[4].session = "b";
  block.records[4].number = 1;
  block.records[5].session = "a";
  block.records[5].number = 9;
  const std::string bytes = encode_block(block, {}).bytes;
  const auto decoded = decode_block(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message();
  for (std::size_t i = 0; i < block.records.size(); ++i) {
    EXPECT_EQ(decoded->block.records[i].session, block.records[i].session);
    EXPECT_EQ(decoded->block.records[i].number, block.records[i].number);
  }
  EXPECT_EQ(encode_block(decoded->block, {}).bytes, bytes);
}

TEST(Block, ReadsBackWhatWasWritten) {
  const Block block = some_block();
  const BlockBytes bytes = encode_block(block, {11, 12});
  const auto decoded = decode_block(bytes.bytes);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->previous, (Hash128{11, 12}));
  EXPECT_EQ(decoded->block.epoch, 9u);
  ASSERT_EQ(decoded->block.records.size(), 6u);
  const Record& r = decoded->block.records[3];
  EXPECT_EQ(r.position, 7u);
  EXPECT_EQ(r.visits[0].previous, 4u);
  EXPECT_EQ(r.targets[0].time, -5);
  EXPECT_EQ(r.targets[0].position, 4u);
  EXPECT_EQ(decoded->block.records[0].low_time, some_record(4).low_time);
  EXPECT_EQ(decoded->block.records[1].low_time, kNoTime);
  EXPECT_EQ(encode_block(decoded->block, {11, 12}).bytes, bytes.bytes);
}

TEST(Block, RefusesEveryFlippedBit) {
  const std::string good = encode_block(some_block(), {}).bytes;
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(decode_block(bad)) << "bit " << i;
  }
}

// With the checksum made right again, damaged bytes must be refused or read, never crash.
TEST(Block, SurvivesHostileBytesWithAGoodChecksum) {
  std::mt19937 random(1);
  const std::string good = encode_block(some_block(), {}).bytes;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good.substr(0, good.size() - 4);
    for (unsigned n = 1 + random() % 3; n > 0; --n) {
      bad[4 + random() % (bad.size() - 4)] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bad.resize(8 + random() % (bad.size() - 8));
    ByteWriter out(bad);
    out.u32(crc32c(bad));
    (void)decode_block(bad);
  }
}

TEST(Block, NamesAKindFromTheFuture) {
  Block block = some_block();
  block.records[0].kind = static_cast<RecordKind>(99);
  const auto decoded = decode_block(encode_block(block, {}).bytes);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message().find("kind 99"), std::string::npos);
}

}  // namespace
}  // namespace quintet::event
