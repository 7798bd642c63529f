// How entries of a group are packed into rows of equal length: bits first, then each number in as
// few bytes as the numbers seen so far need, as a difference from a base. A Layout never changes; a
// number that does not fit gives a wider one. Layouts are shared by all keys of a group in one
// shard, so that a key pays nothing for them.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "feature/raw.h"

namespace quintet::feature {

class Layout {
 public:
  // A row may be read this many bytes beyond its end.
  static constexpr std::size_t kSlack = 8;

  // For the columns of a group, before anything was seen.
  explicit Layout(std::span<const RawKind> kinds);

  bool fits(const Entry& entry) const;
  // This layout, made so much wider that `entry` fits too.
  Layout widened(const Entry& entry) const;

  std::size_t stride() const { return stride_; }
  std::size_t columns() const { return cells_.size(); }

  void encode(const Entry& entry, char* row) const;
  void decode(const char* row, Entry& entry) const;

  Micros time(const char* row) const { return time_.load(row); }
  Position position(const char* row) const { return static_cast<Position>(position_.load(row)); }
  Raw cell(const char* row, std::size_t column) const {
    const Field& field = cells_[column];
    if (field.nullable && bit(row, field.bit)) return {};
    if (field.width == 0) return {bit(row, field.bit + (field.nullable ? 1u : 0u)), false};
    return {field.load(row), false};
  }

 private:
  struct Field {
    RawKind kind = RawKind::integer;
    bool nullable = false;     // has a bit that says null
    std::uint8_t width = 1;    // bytes; 0: a bit
    std::uint16_t bit = 0;     // of null; the value's bit comes after it
    std::uint32_t offset = 0;  // in the row
    std::int64_t base = 0;
    std::int64_t unit = 1;  // the number is base + unit * what stands in the row
    bool started = false;   // base and unit were chosen

    std::int64_t load(const char* row) const {
      std::uint64_t word;
      std::memcpy(&word, row + offset, sizeof word);
      const int shift = 64 - 8 * width;
      const auto n = static_cast<std::int64_t>(word << shift) >> shift;
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(n) *
                                           static_cast<std::uint64_t>(unit) +
                                       static_cast<std::uint64_t>(base));
    }
    bool fits(std::int64_t value) const;
    void widen(std::int64_t value);
    void store(std::int64_t value, char* row) const;
  };

  static bool bit(const char* row, unsigned at) {
    return (static_cast<unsigned char>(row[at / 8]) >> (at % 8) & 1) != 0;
  }
  void place();

  Field time_, position_;
  std::vector<Field> cells_;
  std::size_t stride_ = 0;
  std::size_t bit_bytes_ = 0;
};

// The layouts of one group in one shard, in the order they were needed. Each is as wide as those
// before it. Numbers stay valid for the life of the object.
class Layouts {
 public:
  explicit Layouts(std::span<const RawKind> kinds);
  const Layout& operator[](std::size_t index) const { return *layouts_[index]; }
  std::uint16_t newest() const { return static_cast<std::uint16_t>(layouts_.size() - 1); }
  // The newest one, made anew if `entry` does not fit into it.
  std::uint16_t for_entry(const Entry& entry);

 private:
  std::vector<std::unique_ptr<const Layout>> layouts_;
};

}  // namespace quintet::feature
