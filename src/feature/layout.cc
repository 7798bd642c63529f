#include "feature/layout.h"

#include "base/check.h"

namespace quintet::feature {

namespace {

// Units that times are likely to be whole numbers of.
constexpr std::int64_t kUnits[] = {1'000'000, 1'000, 1};

// n / unit. The units that occur are constants to divide by, which is many times cheaper.
std::int64_t in_units(std::int64_t n, std::int64_t unit) {
  switch (unit) {
    case 1: return n;
    case 1'000: return n / 1'000;
    case 1'000'000: return n / 1'000'000;
    default: return n / unit;
  }
}

bool narrow(std::int64_t n, int width) {
  const int shift = 64 - 8 * width;
  return (n << shift) >> shift == n;
}

}  // namespace

bool Layout::Field::fits(std::int64_t value) const {
  if (width == 8 && unit == 1) return true;
  std::int64_t n;
  if (!started || __builtin_sub_overflow(value, base, &n)) return false;
  const std::int64_t quotient = in_units(n, unit);
  return quotient * unit == n && narrow(quotient, width);
}

void Layout::Field::widen(std::int64_t value) {
  if (fits(value)) return;
  std::int64_t n = 0;
  if (!started) {
    started = true;
    base = kind == RawKind::real || unit == 1 ? 0 : value;
  }
  if (kind == RawKind::real || __builtin_sub_overflow(value, base, &n)) {
    base = 0;
    unit = 1;
    width = 8;
    return;
  }
  // What was narrow in a coarse unit needs up to three bytes more in a fine one.
  for (const std::int64_t finer : kUnits) {
    if (n % unit == 0) break;
    if (finer >= unit) continue;
    std::int64_t reach;
    const std::int64_t least = INT64_MIN >> (64 - 8 * width);
    if (__builtin_mul_overflow(least, unit / finer, &reach)) reach = INT64_MIN;
    unit = finer;
    while (width < 8 && !narrow(reach, width)) ++width;
  }
  while (width < 8 && !narrow(n / unit, width)) ++width;
}

void Layout::Field::store(std::int64_t value, char* row) const {
  const auto n = in_units(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) -
                                                   static_cast<std::uint64_t>(base)),
                          unit);
  std::memcpy(row + offset, &n, width);
}

Layout::Layout(std::span<const RawKind> kinds) : cells_(kinds.size()) {
  time_.unit = kUnits[0];
  position_.started = true;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    Field& field = cells_[i];
    field.kind = kinds[i];
    field.started = true;
    if (kinds[i] == RawKind::flag || kinds[i] == RawKind::boolean) field.width = 0;
    if (kinds[i] == RawKind::real) field.width = 8;
  }
  place();
}

void Layout::place() {
  unsigned bits = 0;
  for (Field& field : cells_) {
    field.bit = static_cast<std::uint16_t>(bits);
    bits += (field.nullable ? 1u : 0u) + (field.width == 0 ? 1u : 0u);
  }
  bit_bytes_ = (bits + 7) / 8;
  auto at = static_cast<std::uint32_t>(bit_bytes_);
  const auto put = [&at](Field& field) {
    field.offset = at;
    at += field.width;
  };
  put(time_);
  put(position_);
  for (Field& field : cells_) put(field);
  stride_ = at;
}

bool Layout::fits(const Entry& entry) const {
  if (!time_.fits(entry.time) || !position_.fits(static_cast<std::int64_t>(entry.position))) {
    return false;
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (entry.cells[i].null ? !cells_[i].nullable
                            : cells_[i].width != 0 && !cells_[i].fits(entry.cells[i].bits)) {
      return false;
    }
  }
  return true;
}

Layout Layout::widened(const Entry& entry) const {
  Layout wider = *this;
  wider.time_.widen(entry.time);
  wider.position_.widen(static_cast<std::int64_t>(entry.position));
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (entry.cells[i].null) {
      wider.cells_[i].nullable = true;
    } else if (cells_[i].width != 0) {
      wider.cells_[i].widen(entry.cells[i].bits);
    }
  }
  wider.place();
  return wider;
}

void Layout::encode(const Entry& entry, char* row) const {
  std::memset(row, 0, bit_bytes_);
  const auto set = [row](unsigned at) {
    row[at / 8] = static_cast<char>(static_cast<unsigned char>(row[at / 8]) | 1u << (at % 8));
  };
  time_.store(entry.time, row);
  position_.store(static_cast<std::int64_t>(entry.position), row);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const Field& field = cells_[i];
    const Raw raw = entry.cells[i];
    if (raw.null) {
      set(field.bit);
      std::memset(row + field.offset, 0, field.width);
    } else if (field.width == 0) {
      if (raw.bits != 0) set(field.bit + (field.nullable ? 1u : 0u));
    } else {
      field.store(raw.bits, row);
    }
  }
}

void Layout::decode(const char* row, Entry& entry) const {
  entry.time = time(row);
  entry.position = position(row);
  entry.cells.resize(cells_.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) entry.cells[i] = cell(row, i);
}

Layouts::Layouts(std::span<const RawKind> kinds) {
  layouts_.push_back(std::make_unique<const Layout>(kinds));
}

std::uint16_t Layouts::for_entry(const Entry& entry) {
  if (!layouts_.back()->fits(entry)) {
    layouts_.push_back(std::make_unique<const Layout>(layouts_.back()->widened(entry)));
    check(layouts_.size() < UINT16_MAX, "a layout widened without end");
  }
  return static_cast<std::uint16_t>(layouts_.size() - 1);
}

}  // namespace quintet::feature
