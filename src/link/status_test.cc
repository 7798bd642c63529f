#include "link/status.h"

#include <gtest/gtest.h>

#include "link/limits.h"

namespace quintet::link {
namespace {

constexpr Code kCodes[] = {Code::invalid,   Code::not_found, Code::conflict, Code::unavailable,
                           Code::exhausted, Code::expired,   Code::broken};

TEST(Status, EachOfOurCodesComesBackAsItWas) {
  for (const Code code : kCodes) EXPECT_EQ(code_of(grpc_code(code)), code) << name_of(code);
}

TEST(Status, CodesOfOthersMeanWhatTheirCallerCanDo) {
  EXPECT_EQ(code_of(1), Code::unavailable);  // CANCELLED
  EXPECT_EQ(code_of(2), Code::broken);       // UNKNOWN
  EXPECT_EQ(code_of(6), Code::conflict);     // ALREADY_EXISTS
  EXPECT_EQ(code_of(7), Code::invalid);      // PERMISSION_DENIED
  EXPECT_EQ(code_of(9), Code::conflict);     // FAILED_PRECONDITION
  EXPECT_EQ(code_of(11), Code::invalid);     // OUT_OF_RANGE
  EXPECT_EQ(code_of(12), Code::not_found);   // UNIMPLEMENTED
  EXPECT_EQ(code_of(15), Code::broken);      // DATA_LOSS
  EXPECT_EQ(code_of(16), Code::invalid);     // UNAUTHENTICATED
  EXPECT_EQ(code_of(99), Code::broken);
}

TEST(Status, DetailsKeepMessagePlaceAndId) {
  for (const Code code : kCodes) {
    const auto back =
        decode_details(encode_details(Error(code, "über allem").at("a.b").with_id("QNT-0001")));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->code(), code);
    EXPECT_EQ(back->message(), "über allem");
    EXPECT_EQ(back->place(), "a.b");
    EXPECT_EQ(back->id(), "QNT-0001");
  }
  const auto bare = decode_details(encode_details(broken("")));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->place(), "");
}

TEST(Status, LongTextsAreCutAndStayUtf8) {
  const std::string text = std::string(kMaxErrorBytes - 1, 'x') + "ü" + std::string(9999, 'y');
  const auto back = decode_details(encode_details(invalid(text).at(text)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->message(), std::string(kMaxErrorBytes - 1, 'x') + "\xef\xbf\xbd");
  EXPECT_EQ(back->place(), std::string(kMaxPlaceBytes, 'x'));
}

TEST(Status, DetailsThatAreNotOursAreNone) {
  EXPECT_FALSE(decode_details(""));
  EXPECT_FALSE(decode_details("damage"));
  EXPECT_FALSE(decode_details("\x08\x03\x12\x01x"));  // a status without details
  const std::string good = encode_details(invalid("message").at("place"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_details(good.substr(0, size))) << size;
  }
  std::string other = good;
  other.replace(other.find("quintet"), 7, "another");
  EXPECT_FALSE(decode_details(other));
}

}  // namespace
}  // namespace quintet::link
