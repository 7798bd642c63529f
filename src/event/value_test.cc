#include "event/value.h"

#include <bit>

namespace quintet::event {
namespace {

// S6.1: equal values have equal bytes, so bytes that spell one otherwise are refused.
TEST(Value, OnTheWireIsNeverMinusZeroNorInfinite) {
  const Type real = Type::of(Kind::real);
  const auto read = [&](double d) {
    std::string bytes(1, '\1');
    ByteWriter(bytes).f64(d);
    ByteReader in(bytes);
    Arena arena;
    return read_value(in, real, arena);
  };
  EXPECT_TRUE(read(0.0));
  EXPECT_TRUE(read(-1.5));
  const double infinity = std::bit_cast<double>(std::uint64_t{0x7ff} << 52);
  for (const double d : {-0.0, infinity, -infinity, infinity - infinity}) {
    const auto value = read(d);
    ASSERT_FALSE(value) << d;
    EXPECT_EQ(value.error().code(), Code::broken);
  }
  std::string written;
  ByteWriter out(written);
  write_value(out, real, Value::real(-0.0));
  ByteReader in(written);
  Arena arena;
  EXPECT_TRUE(read_value(in, real, arena));
}

}  // namespace
}  // namespace quintet::event
