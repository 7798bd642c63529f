#include "base/bytes.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace quintet {
namespace {

TEST(Bytes, WhatIsWrittenIsRead) {
  std::string bytes;
  ByteWriter w(bytes);
  w.u8(7);
  w.u16(0x1234);
  w.u32(0xdeadbeef);
  w.i64(-5);
  w.f32(1.5f);
  w.f64(-2.25);
  w.text("caf\xc3\xa9");
  w.raw("xy");
  EXPECT_EQ(bytes.substr(1, 2), "\x34\x12");
  ByteReader r(bytes);
  EXPECT_EQ(r.u8(), 7);
  EXPECT_EQ(r.u16(), 0x1234);
  EXPECT_EQ(r.u32(), 0xdeadbeef);
  EXPECT_EQ(r.i64(), -5);
  EXPECT_EQ(r.f32(), 1.5f);
  EXPECT_EQ(r.f64(), -2.25);
  EXPECT_EQ(r.text(), "caf\xc3\xa9");
  EXPECT_EQ(r.raw(2), "xy");
  EXPECT_TRUE(r.done());
  EXPECT_TRUE(r.finish("a test").has_value());
}

TEST(Bytes, VarintsOfAllLengthsReturn) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t v = random() >> (random() % 64);
    const auto s = static_cast<std::int64_t>(random()) >> (random() % 64);
    std::string bytes;
    ByteWriter w(bytes);
    w.varint(v);
    w.zigzag(s);
    ByteReader r(bytes);
    ASSERT_EQ(r.varint(), v);
    ASSERT_EQ(r.zigzag(), s);
    ASSERT_TRUE(r.done());
  }
  std::string bytes;
  ByteWriter(bytes).zigzag(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(bytes.size(), 10u);
  EXPECT_EQ(ByteReader(bytes).zigzag(), std::numeric_limits<std::int64_t>::min());
}

TEST(Bytes, AVarintLongerThanNeedBeIsRefused) {
  for (const std::string_view bad :
       {std::string_view("\x80\x00", 2), std::string_view("\xff\x80\x00", 3),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11),
        std::string_view("\x80"), std::string_view()}) {
    ByteReader r(bad);
    EXPECT_EQ(r.varint(), 0u);
    EXPECT_FALSE(r.ok());
  }
}

TEST(Bytes, AFailedReaderStaysFailedAndGivesZeros) {
  ByteReader r(std::string_view("\x05\x01\x02", 3));
  EXPECT_EQ(r.text(), "");
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.u8(), 0);
  EXPECT_FALSE(r.done());
  EXPECT_EQ(r.finish("a record").error().code(), Code::broken);
}

TEST(Bytes, BytesLeftOverAreAnError) {
  ByteReader r("ab");
  r.u8();
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.finish("a record").error().message(), "a record is damaged at byte 1 of 2");
}

TEST(Bytes, ACountAboveItsLimitFails) {
  ByteReader r("\x7f");
  EXPECT_EQ(r.count(100), 0u);
  EXPECT_FALSE(r.ok());
}

TEST(Bytes, RandomBytesNeverReadPastTheEnd) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ByteReader r(bytes);
    for (int k = 0; k < 8; ++k) {
      switch (random() % 4) {
        case 0: r.varint(); break;
        case 1: ASSERT_LE(r.text().size(), bytes.size()); break;
        case 2: r.u64(); break;
        default: r.zigzag();
      }
      ASSERT_LE(r.at(), bytes.size());
    }
  }
}

TEST(Crc32c, KnowsThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, TableAndProcessorAgreeAndPiecesAddUp) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 70, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string_view all = bytes;
    const std::size_t cut = random() % (bytes.size() + 1);
    ASSERT_EQ(crc32c(all), crc32c_by_table(all));
    ASSERT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
  }
}

}  // namespace
}  // namespace quintet
