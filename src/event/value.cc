#include "event/value.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace quintet::event {

namespace {

std::string scalar_name(Kind kind, std::uint8_t scale) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "bool";
    case Kind::int64: return "int64";
    case Kind::real: return "double";
    case Kind::decimal: return "decimal(" + std::to_string(scale) + ")";
    case Kind::text: return "string";
    case Kind::timestamp: return "timestamp";
    case Kind::duration: return "duration";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
  }
  return "?";
}

int order(std::int64_t a, std::int64_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

}  // namespace

std::string to_string(Type type) {
  if (type.kind == Kind::list) return "list(" + scalar_name(type.element, type.scale) + ")";
  return scalar_name(type.kind, type.scale);
}

Value Value::list(std::span<const Value> items) {
  Value v(Kind::list, 0);
  v.items_ = items.data();
  v.size_ = static_cast<std::uint32_t>(items.size());
  return v;
}

bool same(Value a, Value b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null: return true;
    case Kind::text:
    case Kind::bytes: return a.as_text() == b.as_text();
    case Kind::list: {
      const auto x = a.items(), y = b.items();
      if (x.size() != y.size()) return false;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!same(x[i], y[i])) return false;
      }
      return true;
    }
    default: return a.as_int64() == b.as_int64();  // doubles too: by bits
  }
}

int compare(Value a, Value b) {
  if (a.is_null() || b.is_null()) return static_cast<int>(!a.is_null()) - !b.is_null();
  check(a.kind() == b.kind(), "compare() of two kinds");
  switch (a.kind()) {
    case Kind::real: return a.as_real() < b.as_real() ? -1 : a.as_real() > b.as_real() ? 1 : 0;
    case Kind::text:
    case Kind::bytes: return order(a.as_text().compare(b.as_text()), 0);
    case Kind::list: {
      const auto x = a.items(), y = b.items();
      for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
        if (const int c = compare(x[i], y[i]); c != 0) return c;
      }
      return order(static_cast<std::int64_t>(x.size()), static_cast<std::int64_t>(y.size()));
    }
    default: return order(a.as_int64(), b.as_int64());
  }
}

char* Arena::take(std::size_t n) {
  n = (n + 15) & ~std::size_t{15};
  if (chunks_.empty() || used_ + n > chunks_.back().size) {
    const std::size_t size = std::max<std::size_t>(n, chunks_.empty() ? 512 : 4096);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }
  char* p = chunks_.back().memory.get() + used_;
  used_ += n;
  return p;
}

std::string_view Arena::copy(std::string_view s) {
  if (s.empty()) return {};
  char* p = take(s.size());
  std::memcpy(p, s.data(), s.size());
  return {p, s.size()};
}

std::span<Value> Arena::values(std::size_t n) {
  if (n == 0) return {};
  auto* p = reinterpret_cast<Value*>(take(n * sizeof(Value)));
  std::uninitialized_fill_n(p, n, Value());
  return {p, n};
}

Value Arena::copy(Value v) {
  switch (v.kind()) {
    case Kind::text: return Value::text(copy(v.as_text()));
    case Kind::bytes: return Value::bytes(copy(v.as_text()));
    case Kind::list: {
      const auto items = values(v.items().size());
      for (std::size_t i = 0; i < items.size(); ++i) items[i] = copy(v.items()[i]);
      return Value::list(items);
    }
    default: return v;
  }
}

void Arena::reset() {
  if (chunks_.size() > 1) chunks_.resize(1);
  used_ = 0;
}

namespace {

// The first byte of a value on the wire.
enum class Presence : std::uint8_t { absent = 0, present = 1 };

void write_scalar(ByteWriter& out, Value value) {
  switch (value.kind()) {
    case Kind::null: break;
    case Kind::boolean: out.u8(value.as_bool() ? 1 : 0); break;
    case Kind::real: out.f64(value.as_real()); break;
    case Kind::text:
    case Kind::bytes: out.text(value.as_text()); break;
    default: out.zigzag(value.as_int64()); break;
  }
}

Expected<Value> read_scalar(ByteReader& in, Kind kind, Arena& arena) {
  Value value;
  switch (kind) {
    case Kind::boolean: {
      const auto b = in.u8();
      if (b > 1) return broken("a bool on the wire is neither 0 nor 1");
      value = Value::boolean(b == 1);
      break;
    }
    case Kind::real: {
      const double d = in.f64();
      if (!std::isfinite(d)) return broken("a double on the wire is not finite");
      if (d == 0 && std::signbit(d)) return broken("a double on the wire is -0");  // S6.1
      value = Value::real(d);
      break;
    }
    case Kind::text: value = Value::text(arena.copy(in.text())); break;
    case Kind::bytes: value = Value::bytes(arena.copy(in.text())); break;
    case Kind::int64: value = Value::int64(in.zigzag()); break;
    case Kind::decimal: value = Value::decimal(in.zigzag()); break;
    case Kind::timestamp: value = Value::timestamp(in.zigzag()); break;
    case Kind::duration: value = Value::duration(in.zigzag()); break;
    case Kind::null:
    case Kind::list: return broken("a value on the wire has no scalar type");
  }
  if (!in.ok()) return broken("a value on the wire is cut short");
  return value;
}

Expected<Value> read_list(ByteReader& in, Kind element, Arena& arena) {
  const std::uint64_t n = in.count(in.rest());
  if (!in.ok()) return broken("a list on the wire is cut short");
  const auto items = arena.values(n);
  for (Value& item : items) {
    if (in.u8() == 0) continue;
    TRY(item, read_scalar(in, element, arena));
  }
  return Value::list(items);
}

}  // namespace

std::size_t put_small_value(char* to, Type type, Value value) {
  if (value.is_null()) {
    *to = static_cast<char>(Presence::absent);
    return 1;
  }
  check(value.kind() == type.kind, "a value is not of its declared type");
  *to = static_cast<char>(Presence::present);
  switch (type.kind) {
    case Kind::boolean: to[1] = value.as_bool() ? 1 : 0; return 2;
    case Kind::real: return 1 + ByteWriter::put_f64(to + 1, value.as_real());
    case Kind::int64:
    case Kind::decimal:
    case Kind::timestamp:
    case Kind::duration: return 1 + ByteWriter::put_zigzag(to + 1, value.as_int64());
    default: return 0;
  }
}

void write_value(ByteWriter& out, Type type, Value value) {
  char small[kSmallValue];
  if (const std::size_t size = put_small_value(small, type, value); size > 0) {
    return out.raw({small, size});
  }
  out.u8(static_cast<std::uint8_t>(Presence::present));
  if (type.kind != Kind::list) {
    write_scalar(out, value);
    return;
  }
  out.varint(value.items().size());
  for (const Value item : value.items()) {
    out.u8(item.is_null() ? 0 : 1);
    if (!item.is_null()) write_scalar(out, item);
  }
}

Expected<Value> read_value(ByteReader& in, Type type, Arena& arena) {
  const auto presence = in.u8();
  if (!in.ok()) return broken("a value on the wire is cut short");
  if (presence == 0) return Value();
  if (presence != 1) return broken("a value on the wire has an unknown first byte");
  if (type.kind == Kind::list) return read_list(in, type.element, arena);
  return read_scalar(in, type.kind, arena);
}

void write_canonical(ByteWriter& out, Value value) {
  const auto kind = static_cast<std::uint8_t>(value.kind());
  switch (value.kind()) {
    case Kind::int64:
    case Kind::decimal:
    case Kind::timestamp:
    case Kind::duration: {
      char small[1 + ByteWriter::kMostVarint] = {static_cast<char>(kind)};
      return out.raw({small, 1 + ByteWriter::put_zigzag(small + 1, value.as_int64())});
    }
    default: break;
  }
  out.u8(kind);
  if (value.kind() != Kind::list) {
    write_scalar(out, value);
    return;
  }
  out.varint(value.items().size());
  for (const Value item : value.items()) write_canonical(out, item);
}

}  // namespace quintet::event
