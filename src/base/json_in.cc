#include "base/json_in.h"

#include <algorithm>
#include <vector>

#include "base/decimal.h"
#include "base/text.h"

namespace quintet {

// A stretch of Document::source or ::decoded.
struct Slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
  bool decoded = false;
};

struct JsonValue::Node {
  JsonKind kind = JsonKind::absent;
  bool flag = false;  // of a boolean
  bool member = false;
  std::uint32_t begin = 0;  // in the source
  std::uint32_t end = 0;
  std::uint32_t size = 0;  // elements or members
  std::uint32_t next = 0;  // index of the next sibling, 0 if none
  Slice text;
  Slice name;
};

struct JsonValue::Document {
  std::string source;
  std::string decoded;      // texts that had escapes
  std::vector<Node> nodes;  // in the order of the text: the first child follows its parent

  std::string_view view(Slice s) const {
    return std::string_view(s.decoded ? decoded : source).substr(s.at, s.size);
  }
};

// Recursive descent over JsonValue::Document::source. Every function returns false once something
// is wrong, and `why_` and `at_` say what and where.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonLimits limits) : limits_(limits) { d_.source = text; }

  bool run() {
    if (d_.source.size() >= UINT32_MAX) return fail("the document is too long");
    skip();
    if (!value(0)) return false;
    skip();
    return at_ == d_.source.size() || fail("something follows the document");
  }
  JsonValue::Document take() && { return std::move(d_); }
  Error error() const {
    const std::string place = "byte " + std::to_string(at_);
    return invalid("this is not JSON at " + place + ": " + why_).at(place);
  }

 private:
  bool fail(const char* why) {
    why_ = why;
    return false;
  }
  char peek() const { return at_ < d_.source.size() ? d_.source[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= d_.source.size() || d_.source[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
  }

  bool value(int depth);
  bool word(std::string_view word, JsonKind kind, JsonValue::Node& node);
  bool number(JsonValue::Node& node);
  bool digits();
  bool text(Slice& slice);
  bool escape();
  bool hex(char32_t& unit);
  bool array(std::uint32_t index, int depth);
  bool object(std::uint32_t index, int depth);
  bool repeated(std::uint32_t index);
  std::uint32_t here() const { return static_cast<std::uint32_t>(at_); }

  JsonLimits limits_;
  JsonValue::Document d_;
  std::size_t at_ = 0;
  const char* why_ = "";
};

// Reads a value into a new node, which is the last one when this begins.
bool JsonParser::value(int depth) {
  if (d_.nodes.size() >= limits_.nodes) return fail("too many values");
  const auto index = static_cast<std::uint32_t>(d_.nodes.size());
  JsonValue::Node node;
  node.begin = here();
  d_.nodes.push_back(node);
  bool good = false;
  const char c = peek();
  if (c == '{' || c == '[') {
    if (depth >= limits_.depth) return fail("values nest too deeply");
    good = c == '{' ? object(index, depth) : array(index, depth);
  } else if (c == '"') {
    d_.nodes[index].kind = JsonKind::text;
    Slice slice;
    good = text(slice);
    d_.nodes[index].text = slice;
  } else if (c == 't' || c == 'f') {
    d_.nodes[index].flag = c == 't';
    good = word(c == 't' ? "true" : "false", JsonKind::boolean, d_.nodes[index]);
  } else if (c == 'n') {
    good = word("null", JsonKind::null, d_.nodes[index]);
  } else {
    good = number(d_.nodes[index]);
  }
  d_.nodes[index].end = here();
  return good;
}

bool JsonParser::word(std::string_view word, JsonKind kind, JsonValue::Node& node) {
  if (!std::string_view(d_.source).substr(at_).starts_with(word)) return fail("no value");
  at_ += word.size();
  node.kind = kind;
  return true;
}

bool JsonParser::digits() {
  const std::size_t before = at_;
  while (peek() >= '0' && peek() <= '9') ++at_;
  return at_ > before || fail(before == d_.source.size() ? "it ends too soon" : "no digit");
}

bool JsonParser::number(JsonValue::Node& node) {
  const std::uint32_t begin = here();
  if (!take('-') && (peek() < '0' || peek() > '9')) {
    return fail(at_ == d_.source.size() ? "it ends too soon" : "no value");
  }
  if (take('0')) {
    if (peek() >= '0' && peek() <= '9') return fail("a number begins with 0");
  } else if (!digits()) {
    return false;
  }
  if (take('.') && !digits()) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digits()) return false;
  }
  node.kind = JsonKind::number;
  node.text = {begin, here() - begin, false};
  return true;
}

bool JsonParser::text(Slice& slice) {
  take('"');
  const std::uint32_t begin = here();
  const auto decoded = static_cast<std::uint32_t>(d_.decoded.size());
  std::size_t copied = at_;  // before it, what belongs to this text is in `decoded`
  bool escaped = false;
  for (;;) {
    if (at_ >= d_.source.size()) return fail("a text does not end");
    const char c = d_.source[at_];
    if (static_cast<unsigned char>(c) >= 0x80) {
      std::string_view rest = std::string_view(d_.source).substr(at_);
      if (!take_code_point(rest)) return fail("a text is not UTF-8");
      at_ = d_.source.size() - rest.size();
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return fail("a control character in a text");
    } else if (c == '\\' || c == '"') {
      if (c == '\\' || escaped) d_.decoded.append(d_.source, copied, at_ - copied);
      ++at_;
      if (c == '"') break;
      escaped = true;
      if (!escape()) return false;
      copied = at_;
    } else {
      ++at_;
    }
  }
  slice = {begin, here() - 1 - begin, false};
  if (escaped) slice = {decoded, static_cast<std::uint32_t>(d_.decoded.size()) - decoded, true};
  return true;
}

bool JsonParser::hex(char32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = peek();
    const bool digit = c >= '0' && c <= '9';
    const char small = static_cast<char>(c | 0x20);
    if (!digit && (small < 'a' || small > 'f')) return fail("four hexadecimal digits follow \\u");
    unit = unit << 4 | static_cast<char32_t>(digit ? c - '0' : small - 'a' + 10);
  }
  return true;
}

// After a backslash: appends what it stands for.
bool JsonParser::escape() {
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const std::size_t which = at_ < d_.source.size() ? kFrom.find(peek()) : std::string_view::npos;
  if (which != std::string_view::npos) {
    d_.decoded.push_back(kTo[which]);
    ++at_;
    return true;
  }
  if (!take('u')) return fail("no such escape");
  char32_t unit = 0;
  if (!hex(unit)) return false;
  if (unit >= 0xd800 && unit <= 0xdfff) {
    char32_t low = 0;
    if (unit >= 0xdc00 || !take('\\') || !take('u')) return fail("half of a surrogate pair");
    if (!hex(low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return fail("half of a surrogate pair");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(d_.decoded, unit);
  return true;
}

bool JsonParser::array(std::uint32_t index, int depth) {
  d_.nodes[index].kind = JsonKind::array;
  take('[');
  skip();
  if (take(']')) return true;
  for (std::uint32_t last = 0;;) {
    const auto element = static_cast<std::uint32_t>(d_.nodes.size());
    if (!value(depth + 1)) return false;
    if (last != 0) d_.nodes[last].next = element;
    last = element;
    ++d_.nodes[index].size;
    skip();
    if (take(']')) return true;
    if (!take(',')) return fail("a comma or ] is missing");
    skip();
  }
}

bool JsonParser::object(std::uint32_t index, int depth) {
  d_.nodes[index].kind = JsonKind::object;
  take('{');
  skip();
  if (take('}')) return true;
  for (std::uint32_t last = 0;;) {
    if (peek() != '"') return fail("a key in quotes is missing");
    Slice name;
    if (!text(name)) return false;
    skip();
    if (!take(':')) return fail("a colon is missing");
    skip();
    const auto member = static_cast<std::uint32_t>(d_.nodes.size());
    if (!value(depth + 1)) return false;
    d_.nodes[member].name = name;
    d_.nodes[member].member = true;
    if (last != 0) d_.nodes[last].next = member;
    last = member;
    ++d_.nodes[index].size;
    skip();
    if (take('}')) return !repeated(index);
    if (!take(',')) return fail("a comma or } is missing");
    skip();
  }
}

// Sorting keeps an object of many keys from costing the square of their number.
bool JsonParser::repeated(std::uint32_t index) {
  std::vector<std::pair<std::string_view, std::uint32_t>> names;
  names.reserve(d_.nodes[index].size);
  for (std::uint32_t i = index + 1; i != 0; i = d_.nodes[i].next) {
    names.emplace_back(d_.view(d_.nodes[i].name), d_.nodes[i].begin);
  }
  std::sort(names.begin(), names.end());
  const auto same = std::adjacent_find(names.begin(), names.end(),
                                       [](auto& a, auto& b) { return a.first == b.first; });
  if (same == names.end()) return false;
  at_ = (same + 1)->second;
  fail("a key is given twice");
  return true;
}

const JsonValue::Node& JsonValue::node() const {
  static const Node kAbsent;
  return document_ == nullptr ? kAbsent : document_->nodes[index_];
}

JsonKind JsonValue::kind() const {
  return node().kind;
}

std::optional<bool> JsonValue::as_bool() const {
  if (!is(JsonKind::boolean)) return std::nullopt;
  return node().flag;
}

std::optional<std::string_view> JsonValue::as_text() const {
  if (!is(JsonKind::text)) return std::nullopt;
  return text();
}

std::optional<std::int64_t> JsonValue::as_int64() const {
  if (!is(JsonKind::number)) return std::nullopt;
  const auto value = parse_decimal(text(), 0);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> JsonValue::as_double() const {
  if (!is(JsonKind::number)) return std::nullopt;
  const auto value = parse_double(text());
  return value ? std::optional(*value) : std::nullopt;
}

std::string_view JsonValue::text() const {
  return document_ == nullptr ? std::string_view() : document_->view(node().text);
}

std::size_t JsonValue::size() const {
  return node().size;
}

JsonValue JsonValue::find(std::string_view name) const {
  if (!is(JsonKind::object)) return {};
  for (JsonValue v = first(); v; v = v.next()) {
    if (v.name() == name) return v;
  }
  return {};
}

JsonValue JsonValue::first() const {
  return node().size > 0 ? JsonValue(document_, index_ + 1) : JsonValue();
}

JsonValue JsonValue::next() const {
  return node().next != 0 ? JsonValue(document_, node().next) : JsonValue();
}

std::string_view JsonValue::name() const {
  return document_ == nullptr || !node().member ? std::string_view() : document_->view(node().name);
}

std::size_t JsonValue::offset() const {
  return node().begin;
}

std::string_view JsonValue::source() const {
  if (document_ == nullptr) return {};
  return std::string_view(document_->source).substr(node().begin, node().end - node().begin);
}

JsonDocument::JsonDocument(std::unique_ptr<JsonValue::Document> document)
    : document_(std::move(document)) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

Expected<JsonDocument> JsonDocument::parse(std::string_view text, JsonLimits limits) {
  JsonParser parser(text, limits);
  if (!parser.run()) return parser.error();
  return JsonDocument(std::make_unique<JsonValue::Document>(std::move(parser).take()));
}

JsonValue JsonDocument::root() const {
  return {document_.get(), 0};
}

}  // namespace quintet
