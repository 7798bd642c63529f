#include "base/digest.h"

#include <random>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace quintet {
namespace {

TEST(Digest, KnowsThePublishedValues) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  // RFC 4231, case 2.
  EXPECT_EQ(to_hex(bytes_of(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(bytes_of(hmac_sha256("", ""))),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, PiecesGiveTheDigestOfTheWholeAndItStartsAnew) {
  Sha256 digest;
  for (int round = 0; round < 2; ++round) {
    digest.add("a");
    digest.add("");
    digest.add("bc");
    EXPECT_EQ(digest.finish(), sha256("abc"));
  }
}

TEST(Digest, ComparesTokens) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "Secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
}

TEST(Digest, BytesReturnFromBothSpellings) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 20, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_EQ(*from_hex(to_hex(bytes)), bytes);
    ASSERT_EQ(*from_base64url(to_base64url(bytes)), bytes);
  }
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(*from_hex("AbfF"), "\xab\xff");
}

TEST(Digest, BadTextsAreRefused) {
  for (const auto* bad : {"a", "0g", "a ", "0x"}) EXPECT_FALSE(from_hex(bad)) << bad;
  for (const auto* bad : {"Z", "Zh", "Zg==", "Zg+/", "AAAAA", "Z g"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

TEST(Hash, KnowsThePublishedValuesOfNothing) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2u);
  EXPECT_EQ(hash128(""), (Hash128{0x99aa06d3014798d8u, 0x6001c324468d497fu}));
}

TEST(Hash, DependsOnSeedAndBytes) {
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
  EXPECT_NE(hash128("a", 1), hash128("a", 2));
  EXPECT_EQ(hash128("a", 1), hash128("a", 1));
}

}  // namespace
}  // namespace quintet
