#include "feature/exact.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/decimal.h"

namespace quintet::feature {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kWholeDoubles = std::uint64_t{1} << 53;
constexpr int kMostWords = Accumulator<2>::kMostWords;
// Inputs are multiples of 2^-1074 below 2^1024, squares of 2^-2148 below 2^2048, and there are
// fewer than 2^64 of them.
constexpr int kLowestBit = -2148;
constexpr int kHighestBit = 2048 + 64;

std::uint64_t low(Uint128 v) {
  return static_cast<std::uint64_t>(v);
}

// A double as an odd whole number times a power of two; 0 has magnitude 0.
struct Binary {
  std::uint64_t magnitude = 0;
  int exponent = 0;
  bool negative = false;
};

Binary binary_of(double v) {
  check(std::isfinite(v), "an input that is not finite");
  const auto bits = std::bit_cast<std::uint64_t>(v);
  const auto field = static_cast<int>(bits >> 52 & 0x7ff);
  std::uint64_t m = bits & (kWholeDoubles / 2 - 1);
  if (field != 0) m |= kWholeDoubles / 2;
  if (m == 0) return {};
  const int zeros = std::countr_zero(m);
  return {m >> zeros, std::max(field, 1) - 1075 + zeros, bits >> 63 != 0};
}

// The 64 bits from bit `at` on of a number in two's complement: zeros below it, its sign above.
std::uint64_t bits_at(const std::uint64_t* words, int size, int at) {
  const std::uint64_t sign = words[size - 1] >> 63 != 0 ? ~std::uint64_t{0} : 0;
  const int word = at >= 0 ? at / 64 : -((63 - at) / 64);
  const int bit = at - 64 * word;
  const auto get = [&](int i) { return i < 0 ? 0 : i >= size ? sign : words[i]; };
  return bit == 0 ? get(word) : get(word) >> bit | get(word + 1) << (64 - bit);
}

// words += addend, or -= ; the carry runs on to the end of words.
void add_words(std::uint64_t* words, int size, const std::uint64_t* addend, int addend_size,
               bool negative) {
  std::uint64_t carry = negative ? 1 : 0;
  const std::uint64_t flip = negative ? ~std::uint64_t{0} : 0;
  for (int i = 0; i < size; ++i) {
    if (i >= addend_size && carry == (flip & 1)) return;  // nothing more changes
    const Uint128 sum = Uint128{words[i]} + ((i < addend_size ? addend[i] : 0) ^ flip) + carry;
    words[i] = low(sum);
    carry = low(sum >> 64);
  }
}

Uint128 two_words(const std::uint64_t* words, std::size_t used) {
  return Uint128{used > 1 ? words[1] : 0} << 64 | (used > 0 ? words[0] : 0);
}

// A natural number on the stack, wide enough for n * squares and sum^2 of any inputs.
struct Natural {
  std::array<std::uint64_t, 256> words;
  int size = 0;

  std::span<const std::uint64_t> span() const {
    return {words.data(), static_cast<std::size_t>(size)};
  }
  std::uint64_t& operator[](int i) { return words[static_cast<std::size_t>(i)]; }
  std::uint64_t operator[](int i) const { return words[static_cast<std::size_t>(i)]; }
};

void multiply(Natural& out, std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  out.size = static_cast<int>(a.size() + b.size());
  check(static_cast<std::size_t>(out.size) <= out.words.size(), "a product that is too long");
  std::fill_n(out.words.begin(), out.size, 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Uint128 sum = Uint128{a[i]} * b[j] + out.words[i + j] + carry;
      out.words[i + j] = low(sum);
      carry = low(sum >> 64);
    }
    out.words[i + b.size()] = carry;
  }
}

void shift_left(Natural& n, int bits) {
  const int words = bits / 64;
  const int rest = bits % 64;
  check(static_cast<std::size_t>(n.size + words + 1) <= n.words.size(), "a number too long");
  n[n.size] = 0;
  for (int i = n.size; i >= 0; --i) {
    const std::uint64_t below = i > 0 && rest != 0 ? n[i - 1] >> (64 - rest) : 0;
    n[i + words] = n[i] << rest | below;
  }
  std::fill_n(n.words.begin(), words, 0);
  n.size += words + 1;
}

// a -= b; false if b is greater.
bool subtract(Natural& a, const Natural& b) {
  std::uint64_t borrow = 0;
  for (int i = 0; i < std::max(a.size, b.size); ++i) {
    const Uint128 difference = Uint128{i < a.size ? a[i] : 0} - (i < b.size ? b[i] : 0) - borrow;
    if (i < a.size) a[i] = low(difference);
    if (i >= a.size && low(difference) != 0) return false;
    borrow = low(difference >> 64) & 1;
  }
  return borrow == 0;
}

// The same as spread() below where all fits into 128 bits, which is the usual case; false if not.
bool spread_in_two_words(std::uint64_t count, const Accumulator<2>& sum,
                         const Accumulator<3>& squares, Uint128& out, int& exponent) {
  std::array<std::uint64_t, kMostWords> words;
  int square_exponent = 0;
  const auto used = static_cast<std::size_t>(squares.magnitude(words.data(), square_exponent));
  if (used > 2) return false;
  const Uint128 square = two_words(words.data(), used);
  int sum_exponent = 0;
  const auto sum_used = static_cast<std::size_t>(sum.magnitude(words.data(), sum_exponent));
  if (sum_used > 1) return false;
  exponent = sum_used == 0 ? square_exponent : std::min(square_exponent, 2 * sum_exponent);
  const int shift = square_exponent - exponent;
  const int sum_shift = sum_used == 0 ? 0 : 2 * sum_exponent - exponent;
  const Uint128 root = two_words(words.data(), sum_used);
  if (bit_length(square) + bit_length(count) + shift > 128) return false;
  if (2 * bit_length(root) + sum_shift > 128) return false;
  out = (square * count << shift) - (root * root << sum_shift);
  return true;
}

// n * squares - sum^2 as a natural number times 2^exponent; false if it is negative.
bool spread(std::uint64_t count, const Accumulator<2>& sum, const Accumulator<3>& squares,
            Natural& out, int& exponent) {
  std::array<std::uint64_t, kMostWords> words;
  int square_exponent = 0;
  const auto used = static_cast<std::size_t>(squares.magnitude(words.data(), square_exponent));
  multiply(out, std::span(words).first(used), std::span(&count, 1));
  int sum_exponent = 0;
  const auto sum_used = static_cast<std::size_t>(sum.magnitude(words.data(), sum_exponent));
  Natural product;
  multiply(product, std::span(words).first(sum_used), std::span(words).first(sum_used));
  exponent = square_exponent;
  if (sum_used == 0) return true;
  exponent = std::min(square_exponent, 2 * sum_exponent);
  shift_left(out, square_exponent - exponent);
  shift_left(product, 2 * sum_exponent - exponent);
  return subtract(out, product);
}

}  // namespace

template <int kWords>
Accumulator<kWords>::Accumulator(const Accumulator& other)
    : words_{}, exponent_(other.exponent_), heap_words_(other.heap_words_) {
  if (heap_words_ != 0) heap_ = new std::uint64_t[heap_words_];
  std::memcpy(words(), other.words(), 8 * static_cast<std::size_t>(size()));
}

template <int kWords>
Accumulator<kWords>::Accumulator(Accumulator&& other) noexcept : words_{} {
  swap(other);
}

template <int kWords>
Accumulator<kWords>& Accumulator<kWords>::operator=(Accumulator other) noexcept {
  swap(other);
  return *this;
}

template <int kWords>
void Accumulator<kWords>::swap(Accumulator& other) {
  std::swap(words_, other.words_);  // the pointer with them, if there is one
  std::swap(exponent_, other.exponent_);
  std::swap(heap_words_, other.heap_words_);
}

template <int kWords>
bool Accumulator<kWords>::is_zero() const {
  const std::uint64_t* w = words();
  return std::all_of(w, w + size(), [](std::uint64_t word) { return word == 0; });
}

template <int kWords>
std::optional<std::int64_t> Accumulator<kWords>::small_whole() const {
  if (heap_words_ != 0 || exponent_ != 0) return std::nullopt;
  const auto value = static_cast<std::int64_t>(words_[0]);
  const auto sign = static_cast<std::uint64_t>(value >> 63);
  for (int i = 1; i < kWords; ++i) {
    if (words_[i] != sign) return std::nullopt;
  }
  return value;
}

// Makes sure that a number between the bits low and high can be added: it and the value as it is
// must leave the top bits free.
template <int kWords>
void Accumulator<kWords>::make_room(int bottom, int top) {
  const std::uint64_t highest = words()[size() - 1];
  const bool free = ((highest ^ highest << 1) >> 63) == 0;
  if (exponent_ <= bottom && top - exponent_ <= 64 * size() - 2 && free) return;
  std::array<std::uint64_t, kMostWords> m;
  int exponent = 0;
  const int used = magnitude(m.data(), exponent);
  if (used != 0) {
    const int own = bit_length(std::span(m).first(static_cast<std::size_t>(used)));
    bottom = std::min(bottom, exponent);
    top = std::max(top, exponent + own);
  }
  move_to(bottom, top);
}

// Gives the number a new place, so that the bits bottom ... top and two more above have room.
template <int kWords>
void Accumulator<kWords>::move_to(int bottom, int top) {
  int count = kWords;
  if (top + 2 - bottom > 64 * kWords) {
    // Aligned and with a word to spare, so that it need not move again soon.
    bottom -= ((bottom % 64) + 64) % 64;
    count = (top + 2 - bottom + 63) / 64 + 1;
    check(count <= kMostWords, "an exact number that is too long");
  }
  std::array<std::uint64_t, kMostWords> moved;
  for (int i = 0; i < count; ++i) {
    moved[static_cast<std::size_t>(i)] = bits_at(words(), size(), bottom - exponent_ + 64 * i);
  }
  if (heap_words_ != 0) delete[] heap_;
  heap_words_ = count == kWords ? 0 : static_cast<std::uint32_t>(count);
  if (heap_words_ != 0) heap_ = new std::uint64_t[heap_words_];
  exponent_ = bottom;
  std::memcpy(words(), moved.data(), 8 * static_cast<std::size_t>(count));
}

template <int kWords>
void Accumulator<kWords>::add(Uint128 magnitude, int exponent, bool negative) {
  if (magnitude == 0) return;
  make_room(exponent, exponent + bit_length(magnitude));
  const int shift = exponent - exponent_;
  const int bit = shift % 64;
  const Uint128 shifted = magnitude << bit;
  const std::uint64_t addend[3] = {low(shifted), low(shifted >> 64),
                                   bit == 0 ? 0 : low(magnitude >> 64) >> (64 - bit)};
  const int at = shift / 64;
  // The highest words of the addend are zero where they would not fit.
  add_words(words() + at, size() - at, addend, std::min(3, size() - at), negative);
  if (heap_words_ != 0 && is_zero()) *this = Accumulator();
}

template <int kWords>
void Accumulator<kWords>::add(const Accumulator& other, bool negative) {
  std::array<std::uint64_t, kMostWords> m;
  int exponent = 0;
  const int used = other.magnitude(m.data(), exponent);
  const bool minus = other.is_negative() != negative;
  for (int i = 0; i < used; i += 2) {
    const auto at = static_cast<std::size_t>(i);
    add(Uint128{i + 1 < used ? m[at + 1] : 0} << 64 | m[at], exponent + 64 * i, minus);
  }
}

template <int kWords>
int Accumulator<kWords>::magnitude(std::uint64_t* out, int& exponent) const {
  const std::uint64_t* w = words();
  const bool negative = is_negative();
  int count = size();
  std::uint64_t carry = negative ? 1 : 0;
  for (int i = 0; i < count; ++i) {
    out[i] = (negative ? ~w[i] : w[i]) + carry;
    carry = carry != 0 && out[i] == 0 ? 1 : 0;
  }
  while (count > 0 && out[count - 1] == 0) --count;
  exponent = 0;
  if (count == 0) return 0;
  int zero_words = 0;
  while (out[zero_words] == 0) ++zero_words;
  const int zeros = std::countr_zero(out[zero_words]);
  exponent = exponent_ + 64 * zero_words + zeros;
  count -= zero_words;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t above = i + 1 < count && zeros != 0 ? out[zero_words + i + 1] : 0;
    out[i] = out[zero_words + i] >> zeros | (zeros != 0 ? above << (64 - zeros) : 0);
  }
  return out[count - 1] == 0 ? count - 1 : count;
}

// Zero is one byte 0. Else twice the number of bytes, plus one if negative; the exponent; the bytes
// of the magnitude, which is odd.
template <int kWords>
void Accumulator<kWords>::write(ByteWriter& out) const {
  std::array<std::uint64_t, kMostWords> m;
  int exponent = 0;
  const int used = magnitude(m.data(), exponent);
  const int bits = bit_length(std::span(m).first(static_cast<std::size_t>(used)));
  const auto bytes = static_cast<std::uint64_t>((bits + 7) / 8);
  out.varint(2 * bytes + (is_negative() ? 1 : 0));
  if (bytes == 0) return;
  out.zigzag(exponent);
  for (std::uint64_t i = 0; i < bytes; ++i) {
    out.u8(static_cast<std::uint8_t>(m[i / 8] >> (8 * (i % 8))));
  }
}

template <int kWords>
void Accumulator<kWords>::read(ByteReader& in) {
  *this = Accumulator();
  const std::uint64_t head = in.count(2 * 8 * (kMostWords - 2) + 1);
  if (head == 0) return;
  const std::int64_t exponent = in.zigzag();
  const std::string_view bytes = in.raw(head / 2);
  const std::int64_t bits = 8 * static_cast<std::int64_t>(bytes.size());
  const bool odd = !bytes.empty() && (bytes.front() & 1) != 0 && bytes.back() != 0;
  const bool fits = exponent >= kLowestBit && exponent + bits <= kHighestBit + 7;
  if (!in.ok() || !odd || !fits) {
    in.fail();
    return;
  }
  // Sixteen bytes at a time.
  for (std::size_t i = 0; i < bytes.size(); i += 16) {
    Uint128 part = 0;
    for (std::size_t k = std::min(bytes.size() - i, std::size_t{16}); k > 0; --k) {
      part = part << 8 | static_cast<unsigned char>(bytes[i + k - 1]);
    }
    add(part, static_cast<int>(exponent) + 8 * static_cast<int>(i), (head & 1) != 0);
  }
}

template class Accumulator<2>;
template class Accumulator<3>;

void ExactSum::add_real(double v) {
  const Binary b = binary_of(v);
  value_.add(b.magnitude, b.exponent, b.negative);
}

void ExactSum::remove_real(double v) {
  const Binary b = binary_of(v);
  value_.add(b.magnitude, b.exponent, !b.negative);
}

std::optional<std::int64_t> ExactSum::to_int64() const {
  if (const auto whole = value_.small_whole()) return whole;
  std::array<std::uint64_t, kMostWords> m;
  int exponent = 0;
  const int used = value_.magnitude(m.data(), exponent);
  if (used == 0) return 0;
  if (used != 1 || exponent < 0 || bit_length(m[0]) + exponent > 64) return std::nullopt;
  const std::uint64_t magnitude = m[0] << exponent;
  const bool negative = value_.is_negative();
  if (magnitude > (std::uint64_t{1} << 63) - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
}

double ExactSum::mean(std::uint64_t n, int scale) const {
  if (n == 0) return kNothing;
  const Uint128 divisor = Uint128{n} * static_cast<std::uint64_t>(power_of_ten(scale));
  if (const auto whole = value_.small_whole(); whole && divisor <= kWholeDoubles) {
    // IEEE division rounds once where both are doubles as they stand.
    if (*whole == 0) return 0.0;
    if (std::abs(*whole) <= static_cast<std::int64_t>(kWholeDoubles) && *whole != INT64_MIN) {
      return static_cast<double>(*whole) / static_cast<double>(low(divisor));
    }
  }
  std::array<std::uint64_t, kMostWords> m;
  int exponent = 0;
  const auto used = static_cast<std::size_t>(value_.magnitude(m.data(), exponent));
  const std::uint64_t d[2] = {low(divisor), low(divisor >> 64)};
  const double rounded = used <= 2 ? round_quotient(two_words(m.data(), used), divisor, exponent)
                                   : round_quotient(std::span(m).first(used), d, exponent);
  return rounded != 0.0 && value_.is_negative() ? -rounded : rounded;
}

bool operator==(const ExactSum& a, const ExactSum& b) {
  ExactSum difference = a;
  difference.subtract(b);
  return difference.is_zero();
}

void ExactMoments::put_int64(std::int64_t v, bool remove) {
  check(!remove || count_ > 0, "removal from nothing");
  count_ += remove ? -std::uint64_t{1} : std::uint64_t{1};
  if (remove) {
    sum_.remove_int64(v);
  } else {
    sum_.add_int64(v);
  }
  const std::uint64_t m =
      v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
  squares_.add(Uint128{m} * m, 0, remove);
}

void ExactMoments::put_real(double v, bool remove) {
  check(!remove || count_ > 0, "removal from nothing");
  count_ += remove ? -std::uint64_t{1} : std::uint64_t{1};
  const Binary b = binary_of(v);
  sum_.value_.add(b.magnitude, b.exponent, b.negative != remove);
  squares_.add(Uint128{b.magnitude} * b.magnitude, 2 * b.exponent, remove);
}

void ExactMoments::merge(const ExactMoments& other) {
  count_ += other.count_;
  sum_.merge(other.sum_);
  squares_.add(other.squares_, false);
}

void ExactMoments::subtract(const ExactMoments& other) {
  check(other.count_ <= count_, "removal of more than there is");
  count_ -= other.count_;
  sum_.subtract(other.sum_);
  squares_.add(other.squares_, true);
}

double ExactMoments::variance(int scale) const {
  if (count_ == 0) return kNothing;
  Natural numerator;
  int exponent = 0;
  const Uint128 root = Uint128{count_} * static_cast<std::uint64_t>(power_of_ten(scale));
  if (root >> 64 == 0) {
    Uint128 short_numerator = 0;
    if (spread_in_two_words(count_, sum_.value_, squares_, short_numerator, exponent)) {
      return round_quotient(short_numerator, root * root, exponent);
    }
  }
  check(spread(count_, sum_.value_, squares_, numerator, exponent), "a variance below zero");
  const std::uint64_t r[2] = {low(root), low(root >> 64)};
  Natural denominator;
  multiply(denominator, r, r);
  return round_quotient(numerator.span(), denominator.span(), exponent);
}

double ExactMoments::deviation(int scale) const {
  return std::sqrt(variance(scale));
}

bool operator==(const ExactMoments& a, const ExactMoments& b) {
  if (a.count_ != b.count_ || !(a.sum_ == b.sum_)) return false;
  Accumulator<3> difference = a.squares_;
  difference.add(b.squares_, true);
  return difference.is_zero();
}

void ExactMoments::write(ByteWriter& out) const {
  out.varint(count_);
  sum_.write(out);
  squares_.write(out);
}

void ExactMoments::read(ByteReader& in) {
  count_ = in.varint();
  sum_.read(in);
  squares_.read(in);
  Natural numerator;
  int exponent = 0;
  const bool possible = !squares_.is_negative() && (count_ > 0 || squares_.is_zero()) &&
                        spread(count_, sum_.value_, squares_, numerator, exponent);
  if (in.ok() && possible) return;
  in.fail();
  *this = ExactMoments();
}

}  // namespace quintet::feature
