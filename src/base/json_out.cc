#include "base/json_out.h"

#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/decimal.h"
#include "base/text.h"

namespace quintet {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_escaped(std::string& out, char c) {
  out.push_back('\\');
  switch (c) {
    case '"':
    case '\\': out.push_back(c); return;
    case '\n': out.push_back('n'); return;
    case '\r': out.push_back('r'); return;
    case '\t': out.push_back('t'); return;
    case '\b': out.push_back('b'); return;
    case '\f': out.push_back('f'); return;
  }
  out += "u00";
  out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
  out.push_back(kHex[c & 15]);
}

template <class T>
void append_whole(std::string& out, T value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  check(error == std::errc(), "a whole number longer than 24 characters");
  out.append(digits, end);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // how many bytes from the front go out as they are
  const auto flush = [&] {
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    plain = 0;
  };
  while (plain < text.size()) {
    const char c = text[plain];
    if (static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\') {
      ++plain;
    } else if (static_cast<unsigned char>(c) < 0x80) {
      flush();
      append_escaped(out, c);
      text.remove_prefix(1);
    } else {
      std::string_view rest = text.substr(plain);
      if (take_code_point(rest)) {
        plain = text.size() - rest.size();
      } else {
        flush();
        append_utf8(out, U'\ufffd');
        text = rest;
      }
    }
  }
  flush();
  out.push_back('"');
}

void JsonWriter::before_value() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  before_value();
  out_.push_back(bracket);
  comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  check(depth_ > 0, "the end of a JSON object or array that did not begin");
  out_.push_back(bracket);
  comma_ = true;
  --depth_;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  before_value();
  append_json_text(out_, name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  before_value();
  append_json_text(out_, value);
  return *this;
}

JsonWriter& JsonWriter::int64(std::int64_t value) {
  before_value();
  append_whole(out_, value);
  return *this;
}

JsonWriter& JsonWriter::uint64(std::uint64_t value) {
  before_value();
  append_whole(out_, value);
  return *this;
}

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  before_value();
  append_double(out_, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

}  // namespace quintet
