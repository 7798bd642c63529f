// The sketches of S4.6 as functions of a multiset, from counts that can be taken away again: a
// register of the HyperLogLog keeps how many values ask for each rank, not only the greatest one.
// Integers until the last step, so no order of adding shows. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "base/bytes.h"
#include "event/value.h"

namespace quintet::feature {

// Dense HyperLogLog, p = 12: the register is the hash's top 12 bits, the rank 1 + the leading zeros
// of the other 52 (53 if all are zero). The estimate (Flajolet and others, 2007) with linear
// counting below 2.5 m, rounded to the nearest integer; no correction for large numbers.
class Distinct {
 public:
  static constexpr int kRegisters = 4096;

  // Of the value's canonical bytes (event::write_canonical), by hash64.
  static std::uint64_t hash(event::Value value);

  void add(std::uint64_t hash, std::int64_t times = 1);
  // Something that was added.
  void remove(std::uint64_t hash, std::int64_t times = 1) { add(hash, -times); }
  std::int64_t estimate() const;
  std::size_t bytes() const { return counts_.size() * 56; }

  // Canonical. Bytes that write() does not produce, and a sketch of another number of values than
  // `count`, make the reader fail.
  void write(ByteWriter& out) const;
  void read(ByteReader& in, std::int64_t count);

 private:
  // register * 64 + rank -> how many values.
  std::map<std::uint32_t, std::int64_t> counts_;
};

// Counts by the sign, exponent and top 7 mantissa bits of a double.
class Buckets {
 public:
  void add(double value, std::int64_t times = 1);
  void remove(double value, std::int64_t times = 1) { add(value, -times); }
  // The double that the bucket of rank ceil(q n), at least 1, begins with: the bits below the top 7
  // of the mantissa are 0, so it is the edge nearer to zero. There must be a value (checked). q is
  // the shortest decimal that reads as this double, which is what was written.
  double quantile(double q) const;
  std::int64_t size() const { return size_; }
  std::size_t bytes() const { return counts_.size() * 56; }

  // As those of Distinct.
  void write(ByteWriter& out) const;
  void read(ByteReader& in, std::int64_t count);

 private:
  std::map<std::int64_t, std::int64_t> counts_;  // by order_of() of that double
  std::int64_t size_ = 0;
};

}  // namespace quintet::feature
