#include "base/seal.h"

#include "base/digest.h"

namespace quintet {
namespace {

const std::string kKey(kSealKeyBytes, 'k');

TEST(Seal, OpensWhatWasSealed) {
  for (const std::size_t size : {0, 1, 15, 16, 17, 4096}) {
    const std::string plain(size, 'x');
    const std::string sealed = seal(kKey, {7, 1}, plain, "field");
    EXPECT_EQ(sealed.size(), size + kSealTagBytes);
    const auto opened = open_sealed(kKey, {7, 1}, sealed, "field");
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(*opened, plain);
  }
}

// Guards the form on disk: the value was computed once with Python's `cryptography`.
TEST(Seal, HasOneFormForEver) {
  EXPECT_EQ(to_hex(seal(kKey, {1, 2}, "secret", "a")),
            "4813945a8971951868694b1b118345832d5fe7a9fd37");
}

TEST(Seal, IsEqualOnlyAtTheSamePlace) {
  const std::string sealed = seal(kKey, {7, 1}, "secret");
  EXPECT_EQ(sealed, seal(kKey, {7, 1}, "secret"));
  EXPECT_NE(sealed, seal(kKey, {8, 1}, "secret"));
  EXPECT_NE(sealed, seal(kKey, {7, 2}, "secret"));
  EXPECT_NE(sealed.substr(0, 6), seal(kKey, {7, 1}, "secret", "keys").substr(0, 6));
}

TEST(Seal, RefusesEveryFlippedBit) {
  const std::string sealed = seal(kKey, {7, 1}, "secret", "field");
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::string other = sealed;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    const auto opened = open_sealed(kKey, {7, 1}, other, "field");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::broken);
  }
}

TEST(Seal, RefusesAnotherKeyPlaceAssociatedTextOrLength) {
  const std::string sealed = seal(kKey, {7, 1}, "secret", "field");
  std::string other_key = kKey;
  other_key[31] = 'l';
  EXPECT_FALSE(open_sealed(other_key, {7, 1}, sealed, "field"));
  EXPECT_FALSE(open_sealed(kKey, {8, 1}, sealed, "field"));
  EXPECT_FALSE(open_sealed(kKey, {7, 2}, sealed, "field"));
  EXPECT_FALSE(open_sealed(kKey, {7, 1}, sealed, "other"));
  EXPECT_FALSE(open_sealed(kKey, {7, 1}, sealed));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open_sealed(kKey, {7, 1}, std::string_view(sealed).substr(0, size), "field"));
  }
}

TEST(RandomBytes, AreNotTheSameTwice) {
  EXPECT_EQ(random_bytes(32).size(), 32u);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace quintet
