// The only place where bytes become an Event: typed, checked against the schema, private fields
// replaced before anything else sees them (S8.1). All input is hostile. A Decoder belongs to one
// thread and keeps buffers between calls; the EventType outlives it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/event.h"

namespace quintet::event {

// Errors are `invalid`, with place() the field's name in the input and id() one of: not_json,
// not_object, duplicate_field, unknown_field, missing, wrong_type, out_of_range, not_a_level,
// too_long, not_utf8, too_deep, wrong_columns.

inline constexpr std::size_t kTextBytes = 64 * 1024;   // of one text field
inline constexpr std::size_t kListItems = 10'000;      // of one list field

class Decoder {
 public:
  struct Options {
    std::string pseudonym_key;   // 32 bytes; empty only if no field needs it (checked)
    int utc_offset_minutes = 0;  // for timestamps without one
  };
  Decoder(const EventType& type, Options options);
  ~Decoder();
  Decoder(Decoder&&) noexcept;

  const EventType& type() const { return type_; }

  // One JSON object. Names are the fields' `from`; unknown ones are refused or ignored as the
  // schema says.
  Expected<void> json(std::string_view object, Event& out);

  // For CSV: how the columns of a header line up with the fields. Refuses a header that names a
  // column twice, and, under `unknown: refuse`, one that is unknown.
  Expected<void> csv_header(std::span<const std::string_view> names);
  // One line's cells under that header. A line may be shorter than the header if what is missing
  // is optional; it may not be longer.
  Expected<void> csv(std::span<const std::string_view> cells, Event& out);

 private:
  struct JsonParser;  // simdjson's, in decode_json.cc

  Expected<void> finish(Event& out);
  Expected<void> check_limits(const Field& field, Value value);
  void make_private(const Field& field, Value& value, Arena& arena) const;
  int field_of(std::string_view input_name) const;

  const EventType& type_;
  Options options_;
  std::unordered_map<std::string_view, int> by_input_name_;
  std::vector<int> csv_columns_;  // field of each column; -1: ignored
  std::vector<char> seen_;
  std::string scratch_;
  std::unique_ptr<JsonParser> parser_;
};

// One scalar of text as a value of `type`: numbers, true/false/1/0, timestamps as base/civil.h or
// numbers by `epoch`, durations as 1h30m, bytes in base64. Errors as above, without place.
Expected<Value> value_of_text(Type type, std::string_view text, const InputRules& rules,
                              int utc_offset_minutes, Arena& arena);

// What stands in place of a pseudonymized text (S8.1): 32 hexadecimal digits. No other name of a
// key in the vault is one.
std::string pseudonym(std::string_view key, std::string_view text);
bool is_pseudonym(std::string_view text);

Error refuse(std::string_view field, std::string_view id, std::string message);

// Splits one record of CSV (RFC 4180: quotes doubled inside quotes, line ends inside quotes stay).
// Cells borrow from `line`, or from `scratch` where quotes had to go. `invalid` for an open quote.
Expected<void> split_csv(std::string_view line, char separator, std::string& scratch,
                         std::vector<std::string_view>& cells);

}  // namespace quintet::event
