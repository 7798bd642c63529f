// One kept value of an entry as a plain number, so that columns, cursors and tallies need not know
// types: bool 0 or 1, integers and times as they are, doubles by an order-keeping image of their
// bits, texts as an id of Texts. Plain values; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "event/types.h"
#include "event/value.h"

namespace quintet::feature {

// How a column is kept. A flag is a bool that cannot be null: the outcome of a `where`.
enum class RawKind : std::uint8_t { flag, boolean, integer, real, text };

struct Raw {
  std::int64_t bits = 0;
  bool null = true;
  bool operator==(const Raw&) const = default;
};

// An event as a group keeps it: the values of the group's inputs, filters and kept slots, in the
// order of GroupPlan::columns.
struct Entry {
  Micros time = 0;
  Position position = kNoPosition;
  std::vector<Raw> cells;
};

RawKind raw_kind(event::Type type);

// Doubles in the order of their numbers, as integers. Its own inverse, up to the cast.
inline std::int64_t order_of(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits ^ ((bits >> 63) & INT64_MAX);
}
inline double real_of(std::int64_t order) {
  return std::bit_cast<double>(order ^ ((order >> 63) & INT64_MAX));
}

// For every kind but text, which only Texts can turn. Null stays null. Of a list only its being
// there is kept, which is all that count() wants.
Raw raw_of(event::Value value);
event::Value value_of(Raw raw, event::Type type);

}  // namespace quintet::feature
