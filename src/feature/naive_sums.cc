// Sums of naive.h: every number is an integer of 2^-1074, of any length.
#include <bit>
#include <cmath>

#include "base/wide.h"
#include "feature/naive_sums.h"

namespace quintet::feature {

namespace {

constexpr int kPoint = 1074;

using Limbs = std::vector<std::uint64_t>;

void trim(Limbs& a) {
  while (!a.empty() && a.back() == 0) a.pop_back();
}

int compare(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

Limbs plus(const Limbs& a, const Limbs& b) {
  Limbs sum(std::max(a.size(), b.size()) + 1);
  Uint128 carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    carry += i < a.size() ? a[i] : 0;
    carry += i < b.size() ? b[i] : 0;
    sum[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  trim(sum);
  return sum;
}

// a >= b
Limbs minus(const Limbs& a, const Limbs& b) {
  Limbs rest(a.size());
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Uint128 taken = static_cast<Uint128>(i < b.size() ? b[i] : 0) + borrow;
    borrow = a[i] < taken ? 1 : 0;
    rest[i] = a[i] - static_cast<std::uint64_t>(taken);
  }
  trim(rest);
  return rest;
}

}  // namespace

Big::Big(std::int64_t value) : negative_(value < 0) {
  const auto size =
      value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  if (size != 0) limbs_.push_back(size);
}

Big Big::of(double value) {
  int exponent = 0;
  const double half = std::frexp(value, &exponent);
  Big big(static_cast<std::int64_t>(std::ldexp(half, 53)));
  int shift = exponent - 53 + kPoint;
  if (shift < 0) {  // trailing zeros of a subnormal
    big.limbs_ = {big.limbs_.empty() ? 0 : big.limbs_[0] >> -shift};
    trim(big.limbs_);
    return big;
  }
  Limbs moved(static_cast<std::size_t>(shift / 64), 0);
  shift %= 64;
  const std::uint64_t low = big.limbs_.empty() ? 0 : big.limbs_[0];
  moved.push_back(low << shift);
  if (shift > 0) moved.push_back(low >> (64 - shift));
  trim(moved);
  big.limbs_ = std::move(moved);
  return big;
}

Big operator+(const Big& a, const Big& b) {
  Big sum;
  if (a.negative_ == b.negative_) {
    sum.limbs_ = plus(a.limbs_, b.limbs_);
    sum.negative_ = a.negative_;
  } else if (compare(a.limbs_, b.limbs_) >= 0) {
    sum.limbs_ = minus(a.limbs_, b.limbs_);
    sum.negative_ = a.negative_;
  } else {
    sum.limbs_ = minus(b.limbs_, a.limbs_);
    sum.negative_ = b.negative_;
  }
  return sum;
}

Big operator*(const Big& a, const Big& b) {
  Big product;
  product.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0);
  product.negative_ = a.negative_ != b.negative_;
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.limbs_.size(); ++j) {
      const Uint128 sum =
          static_cast<Uint128>(a.limbs_[i]) * b.limbs_[j] + product.limbs_[i + j] + carry;
      product.limbs_[i + j] = static_cast<std::uint64_t>(sum);
      carry = static_cast<std::uint64_t>(sum >> 64);
    }
    product.limbs_[i + b.limbs_.size()] = carry;
  }
  trim(product.limbs_);
  return product;
}

Big Big::minus_sign() const {
  Big opposite = *this;
  opposite.negative_ = !negative_;
  return opposite;
}

double quotient(const Big& numerator, const Big& denominator, int exponent) {
  if (numerator.limbs_.empty()) return 0;
  const double size = round_quotient(numerator.limbs_, denominator.limbs_, exponent);
  return numerator.negative_ != denominator.negative_ ? -size : size;
}

std::optional<std::int64_t> Big::to_int64() const {
  if (limbs_.empty()) return 0;
  if (limbs_.size() > 1) return std::nullopt;
  const std::uint64_t most = (std::uint64_t{1} << 63) - (negative_ ? 0 : 1);
  if (limbs_[0] > most) return std::nullopt;
  return static_cast<std::int64_t>(negative_ ? ~limbs_[0] + 1 : limbs_[0]);
}

int Big::point() {
  return kPoint;
}

}  // namespace quintet::feature
