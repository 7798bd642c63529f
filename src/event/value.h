// Types and values as the application file knows them. A Value is a small tagged word that borrows
// its text, bytes or list items from an Arena; it is copied freely and owns nothing. Whoever hands
// out a Value (Event, Row, a shard's answer) keeps the Arena alive. Any thread, like any plain
// value.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/expected.h"

namespace quintet::event {

// The numbers are part of the wire form: never renumber.
enum class Kind : std::uint8_t {
  null = 0,
  boolean = 1,
  int64 = 2,
  real = 3,       // a finite double; never NaN, infinity or -0
  decimal = 4,    // an int64 mantissa; the scale stands in the Type
  text = 5,       // UTF-8
  timestamp = 6,  // microseconds since 1970 UTC
  duration = 7,   // microseconds
  bytes = 8,
  list = 9,  // of one scalar type
};

struct Type {
  Kind kind = Kind::null;
  std::uint8_t scale = 0;     // decimal(scale), also of a list's elements
  Kind element = Kind::null;  // of a list

  static Type of(Kind kind) { return {kind, 0, Kind::null}; }
  static Type decimal(std::uint8_t scale) { return {Kind::decimal, scale, Kind::null}; }
  static Type list(Type element) { return {Kind::list, element.scale, element.kind}; }
  Type element_type() const { return {element, scale, Kind::null}; }
  bool numeric() const {
    return kind == Kind::int64 || kind == Kind::real || kind == Kind::decimal;
  }
  bool operator==(const Type&) const = default;
};

// As written in the application file: "decimal(2)", "list(string)", ...
std::string to_string(Type type);

class Value {
 public:
  Value() : i_(0) {}
  static Value boolean(bool b) { return Value(Kind::boolean, b ? 1 : 0); }
  static Value int64(std::int64_t i) { return Value(Kind::int64, i); }
  static Value decimal(std::int64_t mantissa) { return Value(Kind::decimal, mantissa); }
  static Value timestamp(Micros t) { return Value(Kind::timestamp, t); }
  static Value duration(Micros d) { return Value(Kind::duration, d); }
  // d must be finite (checked); -0 becomes 0.
  static Value real(double d) {
    check(d - d == 0, "a Value must be finite");
    Value v(Kind::real, 0);
    v.d_ = d + 0.0;  // -0 + 0 is 0
    return v;
  }
  // Null where d is NaN or infinite (S6.1).
  static Value real_or_null(double d) { return d - d == 0 ? real(d) : Value(); }
  static Value text(std::string_view s) { return Value(Kind::text, s); }
  static Value bytes(std::string_view s) { return Value(Kind::bytes, s); }
  static Value list(std::span<const Value> items);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool as_bool() const { return i_ != 0; }
  std::int64_t as_int64() const { return i_; }  // int64, decimal mantissa, timestamp, duration
  double as_real() const { return d_; }
  std::string_view as_text() const { return {p_, size_}; }  // text or bytes
  std::span<const Value> items() const { return {items_, size_}; }

 private:
  Value(Kind kind, std::int64_t i) : i_(i), kind_(kind) {}
  Value(Kind kind, std::string_view s)
      : p_(s.data()), size_(static_cast<std::uint32_t>(s.size())), kind_(kind) {}

  union {
    std::int64_t i_;
    double d_;
    const char* p_;
    const Value* items_;
  };
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::null;
};
static_assert(sizeof(Value) == 16);

// Equal kind and equal content; doubles by bits.
bool same(Value a, Value b);
// A total order over values of one type; null first. Text and bytes by bytes. <0, 0, >0.
int compare(Value a, Value b);

// A growing block of memory for texts and lists; everything is freed at once. Movable, so that an
// Event can be moved with its values intact. Not thread-safe.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  std::string_view copy(std::string_view s);
  Value copy(Value v);  // deep
  std::span<Value> values(std::size_t n);
  // Forgets everything but keeps the first chunk for reuse.
  void reset();

 private:
  char* take(std::size_t n);

  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t size = 0;
  };
  std::vector<Chunk> chunks_;
  std::size_t used_ = 0;  // of the last chunk
};

// Wire form of one value whose type the reader knows. Null is one byte.
void write_value(ByteWriter& out, Type type, Value value);
// The same into memory, for null, numbers and times, which need at most kSmallValue bytes: gives
// how many, or 0 for all others.
inline constexpr std::size_t kSmallValue = 1 + ByteWriter::kMostVarint;
std::size_t put_small_value(char* to, Type type, Value value);
// write_value() of one value after another, small ones gathered. finish() after the last.
class ValueWriter {
 public:
  explicit ValueWriter(ByteWriter& out) : out_(out) {}
  void write(Type type, Value value) {
    if (sizeof gathered_ - size_ < kSmallValue) finish();
    const std::size_t put = put_small_value(gathered_ + size_, type, value);
    size_ += put;
    if (put > 0) return;
    finish();
    write_value(out_, type, value);
  }
  void finish() {
    out_.raw({gathered_, size_});
    size_ = 0;
  }

 private:
  ByteWriter& out_;
  std::size_t size_ = 0;
  char gathered_[256];
};
Expected<Value> read_value(ByteReader& in, Type type, Arena& arena);

// Canonical, self-delimiting bytes of a non-null scalar: the same value gives the same bytes in
// every process. Used for group keys, distinct and content hashes. -0 was already made 0.
void write_canonical(ByteWriter& out, Value value);

// For people and for CSV: shortest text that reads back to the same value; null is "".
std::string to_text(Type type, Value value);
void append_text(std::string& out, Type type, Value value);
// The value as JSON: decimals as numbers with their digits, timestamps as RFC 3339, bytes base64.
void append_json(std::string& out, Type type, Value value);

}  // namespace quintet::event
