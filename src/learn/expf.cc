#include "learn/expf.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace quintet::learn {
namespace {

// 2^(i/32), each the nearest double.
constexpr double kRoots[32] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
    0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
    0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
    0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
    0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0};

// 2^(r/32) for |r| <= 1/2 is near 1 + r (kC1 + r (kC2 + r kC3)). The polynomial must be the very
// one that glibc uses (by Szabolcs Nagy, from Arm's optimized routines), or the last bit differs.
constexpr double kC1 = 0x1.62e42ff0c52d6p-1 / 32;
constexpr double kC2 = 0x1.ebfce50fac4f3p-3 / 32 / 32;
constexpr double kC3 = 0x1.c6af84b912394p-5 / 32 / 32 / 32;
constexpr double kInverseLn2 = 0x1.71547652b82fep+0 * 32;
constexpr double kRounder = 0x1.8p52;  // adding and subtracting it rounds to a whole number

}  // namespace

float expf_of_xgboost(float x) {
  if (!(x == x)) return x;
  if (x > 0x1.62e42ep6f) return std::numeric_limits<float>::infinity();
  if (x < -0x1.9fe368p6f) return 0.0f;
  // The two arguments where a fused multiply-add changes glibc's answer.
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (bits == 0x4202422fu) return 0x1.f93e38p+46f;
  if (bits == 0xc27c65d9u) return 0x1.f45326p-92f;
  const double z = kInverseLn2 * static_cast<double>(x);
  const double shifted = z + kRounder;
  const double r = z - (shifted - kRounder);
  // The low bits of the sum hold k = 32 q + i in two's complement; 2^(k/32) is 2^q times a root.
  const auto k = std::bit_cast<std::uint64_t>(shifted);
  const std::uint64_t i = k % 32;
  const std::uint64_t scale = std::bit_cast<std::uint64_t>(kRoots[i]) + (((k - i) >> 5) << 52);
  const double high = kC3 * r + kC2;
  const double low = kC1 * r + 1.0;
  return static_cast<float>((high * (r * r) + low) * std::bit_cast<double>(scale));
}

}  // namespace quintet::learn
