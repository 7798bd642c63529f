// The running state of one lane: counts and exact sums that entries are added to and taken away
// from in any order, so a window's answer never depends on how it came about. Created by need and
// dropped when a key is idle; in a feature group never written down. One thread.
#pragma once

#include <map>
#include <memory>

#include "app/spec.h"
#include "feature/exact.h"
#include "feature/plan.h"
#include "feature/sketch.h"
#include "feature/texts.h"

namespace quintet::feature {

// Values in their own order: numbers by size, texts by bytes.
struct ByValue {
  const Texts* texts = nullptr;  // set for a column of texts
  bool operator()(std::int64_t a, std::int64_t b) const {
    return texts != nullptr && a != b ? texts->text(a) < texts->text(b) : a < b;
  }
};

class Extremes;

class Tally {
 public:
  Tally(const Lane& lane, const Texts& texts);
  Tally(Tally&&) noexcept;
  Tally& operator=(Tally&&) noexcept;
  ~Tally();

  // `value` is not null, unless the lane has no column.
  void add(const Lane& lane, std::int64_t value) {
    ++count_;
    whole_ += value;
    if (rich_) change_rich(lane, value, 1);
  }
  // Something that was added.
  void remove(const Lane& lane, std::int64_t value) {
    --count_;
    whole_ -= value;
    if (rich_) change_rich(lane, value, -1);
  }

  // The answer of S4, with one value more if `self` is not null. Texts and lists live in `arena`.
  event::Value answer(const Lane& lane, const app::Aggregate& asked, const std::int64_t* self,
                      event::Arena& arena);
  std::size_t bytes() const;

  // Canonical: equal values added give equal bytes, in whatever order they came. Not for lanes
  // whose Extremes are asked for.
  void write(const Lane& lane, ByteWriter& out) const;
  // Into one that nothing was added to. Bytes that write() does not produce make the reader fail.
  // `texts` is that of the constructor and holds each text once; it may be null if the lane is not
  // of texts.
  void read(const Lane& lane, ByteReader& in, Texts* texts);

  // For min and max over a window too long to look through.
  Extremes& extremes(const Lane& lane, const Texts& texts);

 private:
  struct Rich;

  void change_rich(const Lane& lane, std::int64_t value, std::int64_t times);
  event::Value sum(const Lane& lane) const;
  double mean(const Lane& lane) const;
  event::Value value(const Lane& lane, std::int64_t bits, event::Arena& arena) const;
  event::Value most_frequent(const Lane& lane, std::int64_t limit, event::Arena& arena) const;
  event::Value answer_rich(const Lane& lane, const app::Aggregate& asked,
                           event::Arena& arena) const;
  void read_whole(const Lane& lane, ByteReader& in);
  void read_values(const Lane& lane, ByteReader& in, Texts* texts);

  std::int64_t count_ = 0;
  std::unique_ptr<Rich> rich_;  // only if the lane needs more than count and a sum of integers
  Int128 whole_ = 0;            // the sum, but of doubles
};

}  // namespace quintet::feature
