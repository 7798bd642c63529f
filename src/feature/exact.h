// Sums, means and variances whose answer is the exact value of their inputs, rounded once to the
// nearest double, ties to even (S4.2, DESIGN 6.4). They do not depend on the order of their inputs,
// can be merged and subtracted, and after everything was removed they are exactly zero again.
//
// How: a number is a whole number times a power of two. The whole number has a few words inside the
// object; where the inputs need a wider range (1e300 beside 1e-300) it moves to the heap and comes
// back when the range is small again. int64 and decimals never need the heap.
//
// Inputs are int64 (whole numbers, mantissas of decimals, micros) or finite doubles (checked). A
// decimal's scale is not kept here: it is given when the answer is asked, and the division by
// 10^scale is part of the one rounding. Answers that do not exist (of nothing) are NaN and those
// beyond the doubles infinite; the caller makes both null. No answer is -0.
// Values: copied, moved and destroyed like numbers. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/wide.h"

namespace quintet::feature {

// value = (a whole number in two's complement) * 2^exponent, with kWords words inside the object.
// The part that ExactSum and ExactMoments share; exists for 2 and 3 words.
template <int kWords>
class Accumulator {
 public:
  Accumulator() : words_{} {}
  Accumulator(const Accumulator& other);
  Accumulator(Accumulator&& other) noexcept;
  Accumulator& operator=(Accumulator other) noexcept;
  ~Accumulator() {
    if (heap_words_ != 0) delete[] heap_;
  }

  // Adds magnitude * 2^exponent, or subtracts it.
  void add(Uint128 magnitude, int exponent, bool negative);
  void add(const Accumulator& other, bool negative);
  // The same for a whole number, fast while all before were whole.
  void add_whole(std::int64_t value) {
    if (!add_inside(value)) add(Uint128{magnitude_of(value)}, 0, value < 0);
  }
  void remove_whole(std::int64_t value) {
    if (value == INT64_MIN || !add_inside(-value)) {
      add(Uint128{magnitude_of(value)}, 0, value >= 0);
    }
  }

  bool is_zero() const;
  bool is_negative() const { return words()[size() - 1] >> 63 != 0; }
  // The whole number, if it is inside, has exponent 0 and fits.
  std::optional<std::int64_t> small_whole() const;
  // The magnitude as words, lowest first and without zeros on top, its lowest bit set, and the
  // exponent that goes with it. `out` has room for kMostWords. Gives the number of words.
  int magnitude(std::uint64_t* out, int& exponent) const;

  // Canonical: equal values have equal bytes, whatever way they were reached.
  void write(ByteWriter& out) const;
  // Bytes that write() does not produce make the reader fail and leave zero.
  void read(ByteReader& in);
  std::size_t heap_bytes() const { return 8 * std::size_t{heap_words_}; }

  static constexpr int kMostWords = 80;

 private:
  static std::uint64_t magnitude_of(std::int64_t v) {
    return v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
  }
  bool add_inside(std::int64_t value);
  int size() const { return heap_words_ != 0 ? static_cast<int>(heap_words_) : kWords; }
  std::uint64_t* words() { return heap_words_ != 0 ? heap_ : words_; }
  const std::uint64_t* words() const { return heap_words_ != 0 ? heap_ : words_; }
  void swap(Accumulator& other);
  void make_room(int bottom, int top);
  void move_to(int bottom, int top);

  union {
    std::uint64_t words_[kWords];  // lowest first
    std::uint64_t* heap_;
  };
  std::int32_t exponent_ = 0;
  std::uint32_t heap_words_ = 0;  // 0: the number is inside
};

template <int kWords>
inline bool Accumulator<kWords>::add_inside(std::int64_t value) {
  if (heap_words_ != 0 || exponent_ != 0) return false;
  const auto sign = static_cast<std::uint64_t>(value >> 63);
  std::uint64_t sum[kWords];
  Uint128 carry = 0;
  for (int i = 0; i < kWords; ++i) {
    carry += Uint128{words_[i]} + (i == 0 ? static_cast<std::uint64_t>(value) : sign);
    sum[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  // Overflow: both had one sign and the sum has the other.
  const std::uint64_t top = sum[kWords - 1];
  if (((top ^ words_[kWords - 1]) & (top ^ sign)) >> 63 != 0) return false;
  for (int i = 0; i < kWords; ++i) words_[i] = sum[i];
  return true;
}

// The exact sum.
class ExactSum {
 public:
  void add_int64(std::int64_t v) { value_.add_whole(v); }
  void remove_int64(std::int64_t v) { value_.remove_whole(v); }
  void add_real(double v);
  void remove_real(double v);
  void merge(const ExactSum& other) { value_.add(other.value_, false); }
  void subtract(const ExactSum& other) { value_.add(other.value_, true); }

  bool is_zero() const { return value_.is_zero(); }
  // sum / 10^scale, rounded once.
  double to_double(int scale = 0) const { return mean(1, scale); }
  // The sum itself (of a decimal: its mantissa), if it is whole and in range.
  std::optional<std::int64_t> to_int64() const;
  // sum / n / 10^scale, rounded once; NaN for n = 0.
  double mean(std::uint64_t n, int scale = 0) const;

  friend bool operator==(const ExactSum& a, const ExactSum& b);
  void write(ByteWriter& out) const { value_.write(out); }
  void read(ByteReader& in) { value_.read(in); }
  std::size_t heap_bytes() const { return value_.heap_bytes(); }

 private:
  friend class ExactMoments;
  Accumulator<2> value_;
};
static_assert(sizeof(ExactSum) == 24);

// Count, exact sum and exact sum of squares, for mean, var and std.
class ExactMoments {
 public:
  void add_int64(std::int64_t v) { put_int64(v, false); }
  void remove_int64(std::int64_t v) { put_int64(v, true); }
  void add_real(double v) { put_real(v, false); }
  void remove_real(double v) { put_real(v, true); }
  void merge(const ExactMoments& other);
  // `other` must hold some of the inputs of this one (the counts are checked).
  void subtract(const ExactMoments& other);

  std::uint64_t count() const { return count_; }
  const ExactSum& sum() const { return sum_; }
  double mean(int scale = 0) const { return sum_.mean(count_, scale); }
  // Of the population: (n * sum of squares - sum^2) / n^2 / 10^(2 scale), exact and rounded once.
  double variance(int scale = 0) const;
  // The IEEE square root of variance(), which is rounded too: two roundings, by definition (S4.2).
  double deviation(int scale = 0) const;

  friend bool operator==(const ExactMoments& a, const ExactMoments& b);
  void write(ByteWriter& out) const;
  // Also refuses a sum and squares that no inputs have.
  void read(ByteReader& in);
  std::size_t heap_bytes() const { return sum_.heap_bytes() + squares_.heap_bytes(); }

 private:
  void put_int64(std::int64_t v, bool remove);
  void put_real(double v, bool remove);

  std::uint64_t count_ = 0;
  ExactSum sum_;
  Accumulator<3> squares_;
};
static_assert(sizeof(ExactMoments) == 64);

}  // namespace quintet::feature
