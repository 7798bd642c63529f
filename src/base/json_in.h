// Reads a small JSON document (RFC 8259, strictly) as a whole: request bodies of the control API,
// request files, settings. Not for events, which have their own reader. Safe for hostile input: the
// depth and the number of values are limited, a repeated key is refused, texts must be UTF-8, and
// numbers stay as they are written until someone says what they shall be. Immutable once read; any
// number of threads may look at it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "base/limits.h"

namespace quintet {

enum class JsonKind : unsigned char { absent, null, boolean, number, text, array, object };

struct JsonLimits {
  int depth = kMaxJsonDepth;  // a scalar alone has depth 0, [] has 1
  std::size_t nodes = kMaxJsonNodes;
};

// A value inside a JsonDocument, which must outlive it; two words, copied freely. What is not there
// is a value of kind `absent`, of which everything can be asked: find("a").find("b").as_int64().
class JsonValue {
 public:
  JsonValue() = default;

  JsonKind kind() const;
  bool is(JsonKind k) const { return kind() == k; }
  // False only for absent, so that `if (auto v = object.find("x"))` reads well.
  explicit operator bool() const { return document_ != nullptr; }

  // These give nothing where the kind is another one.
  std::optional<bool> as_bool() const;
  std::optional<std::string_view> as_text() const;
  // Nothing also where the number is not a whole one in range, or too large for a double.
  // 1e3 and 1.0 are whole numbers.
  std::optional<std::int64_t> as_int64() const;
  std::optional<double> as_double() const;
  // A text decoded, or a number as it is written; empty for all others.
  std::string_view text() const;

  // Elements of an array or members of an object; 0 for others.
  std::size_t size() const;
  // The member of that name; absent if there is none or this is no object. Takes time in the size.
  JsonValue find(std::string_view name) const;
  // Walking in order: for (auto v = array.first(); v; v = v.next()) ...
  JsonValue first() const;
  JsonValue next() const;
  // The name of a member; empty for what is no member.
  std::string_view name() const;

  // Where the value begins in the text, in bytes, and the value as it stands there.
  std::size_t offset() const;
  std::string_view source() const;

 private:
  friend class JsonDocument;
  friend class JsonParser;
  struct Document;
  struct Node;
  JsonValue(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const Node& node() const;

  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

// Owns a copy of the text. Moving it keeps its values good.
class JsonDocument {
 public:
  // The error is Code::invalid and says at which byte (from 0) and why; its place is "byte N".
  static Expected<JsonDocument> parse(std::string_view text, JsonLimits limits = {});
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  JsonValue root() const;

 private:
  explicit JsonDocument(std::unique_ptr<JsonValue::Document> document);

  std::unique_ptr<JsonValue::Document> document_;
};

}  // namespace quintet
