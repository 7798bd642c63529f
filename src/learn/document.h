// What a model file says, before it means anything: a tree of values, the same from JSON and UBJ.
// Arrays of numbers are kept as plain doubles, since a forest is little else. Reading is iterative
// in nothing but depth, which is limited, so no file can exhaust the stack.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/expected.h"

namespace quintet::learn {

// A number is a double that holds exactly what an XGBoost file holds: an integer below 2^53, or a
// float32.
struct Value {
  struct Member;
  using Members = std::vector<Member>;  // as in the file, no key twice
  using List = std::vector<Value>;      // holds something besides numbers
  using Numbers = std::vector<double>;  // also the empty array

  std::variant<std::monostate, bool, double, std::string, Numbers, List, Members> is;
};

struct Value::Member {
  std::string key;
  Value value;
};

// Limits on any document.
inline constexpr int kMaxDocumentDepth = 32;
inline constexpr std::size_t kMaxDocumentNumbers = std::size_t{48} << 20;
inline constexpr std::size_t kMaxDocumentValues = std::size_t{1} << 20;

// Keys whose values are checked for form and then dropped, to save memory on what nobody reads.
using IgnoredKeys = std::span<const std::string_view>;

// To what a JSON number with a point or an exponent is rounded, once: XGBoost reads float32.
enum class JsonFloats : unsigned char { float32, float64 };
// RFC 8259 JSON, and the NaN, Infinity and -Infinity that XGBoost writes. Strict: one value, no
// trailing comma, no comment, no key twice. Fails with `invalid` and the byte offset.
Expected<Value> read_json(std::string_view text, JsonFloats floats, IgnoredKeys ignored = {});
// Universal Binary JSON draft 12 as XGBoost writes it: big-endian, keys and lengths of any integer
// type, counted and typed arrays. Typed containers of what has no size are refused (a bomb).
Expected<Value> read_ubj(std::string_view bytes, IgnoredKeys ignored = {});

// A value and the way to it ("learner.gradient_booster.model.trees[3]"), so that every complaint
// says where. Refers to a document that must outlive it.
class Place {
 public:
  explicit Place(const Value& value, std::string path = "") : value_(&value), path_(path) {}

  const std::string& path() const { return path_; }
  const Value& value() const { return *value_; }
  // Fails with `invalid` if this is no object or lacks the key.
  Expected<Place> member(std::string_view key) const;
  bool has(std::string_view key) const;
  // The values of an array; an array of numbers is only read by numbers().
  Expected<std::vector<Place>> list() const;
  Expected<std::span<const double>> numbers() const;
  Expected<std::string_view> text() const;
  // A whole number in [least, most], written as number or as text.
  Expected<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  Expected<double> number() const;
  // An error about this place.
  Error wrong(std::string_view what) const;

 private:
  const Value* value_;
  std::string path_;
};

// Collects the members of an object and finds a key that comes twice.
Expected<Value> finish_object(Value::Members members);

}  // namespace quintet::learn
