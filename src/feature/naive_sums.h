// Integers of any length, for naive.h alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace quintet::feature {

class Big {
 public:
  Big() = default;
  Big(std::int64_t value);  // NOLINT(implicit)
  // The double times 2^point().
  static Big of(double value);
  static int point();

  friend Big operator+(const Big& a, const Big& b);
  friend Big operator*(const Big& a, const Big& b);
  Big minus_sign() const;
  bool negative() const { return negative_ && !limbs_.empty(); }
  // The double nearest to numerator / denominator * 2^exponent.
  friend double quotient(const Big& numerator, const Big& denominator, int exponent);
  // Nothing if out of range.
  std::optional<std::int64_t> to_int64() const;

 private:
  std::vector<std::uint64_t> limbs_;
  bool negative_ = false;
};

double quotient(const Big& numerator, const Big& denominator, int exponent);

}  // namespace quintet::feature
