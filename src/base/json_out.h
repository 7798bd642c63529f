// Writes JSON (RFC 8259) to the end of a string, without blanks, in the order in which it is told.
// What comes out is always valid UTF-8. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quintet {

// A text in quotes and escaped: the two characters and control characters that must be, nothing
// else. Each damaged part of UTF-8 becomes U+FFFD.
void append_json_text(std::string& out, std::string_view text);

// Commas come by themselves. That keys and values alternate, and that what begins also ends, is up
// to the caller; done() says whether it did. It does not own the string, which must outlive it.
//   JsonWriter json(out);
//   json.begin_object().field("id", id).key("scores").begin_array();
//   json.real(0.5).end_array().end_object();             // {"id":"a","scores":[0.5]}
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& text(std::string_view value);
  JsonWriter& int64(std::int64_t value);
  JsonWriter& uint64(std::uint64_t value);
  // The shortest digits that read back the same; null for NaN and infinity; 0 for -0.
  JsonWriter& real(double value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // A value that is JSON already.
  JsonWriter& raw(std::string_view json);

  // key() and a value in one.
  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }

  // Everything that began has ended.
  bool done() const { return depth_ == 0; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void before_value();

  std::string& out_;
  int depth_ = 0;
  bool comma_ = false;  // the next key or value needs a comma before it
};

}  // namespace quintet
