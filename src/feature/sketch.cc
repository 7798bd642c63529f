#include "feature/sketch.h"

#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "base/real.h"
#include "base/wide.h"
#include "feature/raw.h"

namespace quintet::feature {

namespace {

constexpr std::uint64_t kKept = ~((std::uint64_t{1} << 45) - 1);  // of a bucket's bits

// ceil(q n) for 0 <= q <= 1, exactly.
std::int64_t rank_of(double q, std::int64_t n) {
  constexpr int kScale = 18;
  const auto written = parse_decimal(format_double(q), kScale);
  // Nobody writes more digits than that.
  if (!written) return static_cast<std::int64_t>(std::ceil(q * static_cast<double>(n)));
  const Int128 product = static_cast<Int128>(*written) * n;
  const Int128 unit = power_of_ten(kScale);
  return static_cast<std::int64_t>((product + unit - 1) / unit);
}

}  // namespace

std::uint64_t Distinct::hash(event::Value value) {
  std::string bytes;
  ByteWriter out(bytes);
  event::write_canonical(out, value);
  return hash64(bytes);
}

void Distinct::add(std::uint64_t hash, std::int64_t times) {
  const auto at = static_cast<std::uint32_t>(hash >> 52);
  const std::uint64_t rest = hash << 12;
  const int rank = rest == 0 ? 53 : 1 + std::countl_zero(rest);
  const auto found = counts_.try_emplace(at * 64 + static_cast<std::uint32_t>(rank), 0).first;
  found->second += times;
  check(found->second >= 0, "a sketch lost a value that it never had");
  if (found->second == 0) counts_.erase(found);
}

std::int64_t Distinct::estimate() const {
  // Sum of 2^-register, as an integer over 2^53.
  Uint128 sum = 0;
  int used = 0;
  for (auto at = counts_.begin(); at != counts_.end();) {
    const std::uint32_t registered = at->first / 64;
    std::uint32_t rank = 0;
    for (; at != counts_.end() && at->first / 64 == registered; ++at) rank = at->first % 64;
    sum += Uint128{1} << (53 - rank);
    ++used;
  }
  if (used == 0) return 0;
  const int zeros = kRegisters - used;
  sum += static_cast<Uint128>(zeros) << 53;
  constexpr double m = kRegisters;
  constexpr double alpha = 0.7213 / (1 + 1.079 / m);
  double estimate = alpha * m * m / round_quotient(sum, Uint128{1} << 53, 0);
  if (estimate <= 2.5 * m && zeros > 0) estimate = m * real::log(m / zeros);
  return static_cast<std::int64_t>(std::floor(estimate + 0.5));
}

void Buckets::add(double value, std::int64_t times) {
  const auto bits = std::bit_cast<std::uint64_t>(value) & kKept;
  const auto found = counts_.try_emplace(order_of(std::bit_cast<double>(bits)), 0).first;
  found->second += times;
  size_ += times;
  check(found->second >= 0, "a sketch lost a value that it never had");
  if (found->second == 0) counts_.erase(found);
}

double Buckets::quantile(double q) const {
  check(size_ > 0, "the quantile of nothing");
  std::int64_t rank = std::clamp<std::int64_t>(rank_of(q, size_), 1, size_);
  for (const auto& [order, count] : counts_) {
    rank -= count;
    if (rank <= 0) return real_of(order) + 0.0;  // -0 is 0
  }
  check(false, "counts do not add up");
  return 0;
}

namespace {

template <class Key>
void write_counts(ByteWriter& out, const std::map<Key, std::int64_t>& counts) {
  out.varint(counts.size());
  for (const auto& [key, count] : counts) {
    out.zigzag(static_cast<std::int64_t>(key));
    out.varint(static_cast<std::uint64_t>(count));
  }
}

// Keys rise and are what `may_be` says; the counts are positive and add up to `total`.
template <class Key, class MayBe>
void read_counts(ByteReader& in, std::map<Key, std::int64_t>& counts, std::int64_t total,
                 const MayBe& may_be) {
  counts.clear();
  const std::uint64_t size = in.count(in.rest());
  for (std::uint64_t i = 0; i < size && in.ok(); ++i) {
    const std::int64_t key = in.zigzag();
    const auto count = static_cast<std::int64_t>(in.count(static_cast<std::uint64_t>(total)));
    const bool rises = counts.empty() || static_cast<std::int64_t>(counts.rbegin()->first) < key;
    if (!in.ok() || !rises || count == 0 || !may_be(key)) {
      in.fail();
      break;
    }
    total -= count;
    counts.emplace_hint(counts.end(), static_cast<Key>(key), count);
  }
  if (total != 0) in.fail();
  if (!in.ok()) counts.clear();
}

}  // namespace

void Distinct::write(ByteWriter& out) const {
  write_counts(out, counts_);
}

void Distinct::read(ByteReader& in, std::int64_t count) {
  read_counts(in, counts_, count, [](std::int64_t key) {
    return key >= 0 && key < std::int64_t{kRegisters} * 64 && key % 64 >= 1 && key % 64 <= 53;
  });
}

void Buckets::write(ByteWriter& out) const {
  write_counts(out, counts_);
}

void Buckets::read(ByteReader& in, std::int64_t count) {
  read_counts(in, counts_, count, [](std::int64_t key) {
    const double begin = real_of(key);
    return std::isfinite(begin) && (std::bit_cast<std::uint64_t>(begin) & ~kKept) == 0;
  });
  size_ = in.ok() ? count : 0;
}

}  // namespace quintet::feature
