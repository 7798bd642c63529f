// JSON text, appended piece by piece: commas and colons are put where they belong. Numbers are the
// shortest text that reads back as the same double; equal calls give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quintet::learn {

class JsonWriter {
 public:
  JsonWriter& open_object();
  JsonWriter& close_object();
  JsonWriter& open_list();
  JsonWriter& close_list();
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  // NaN and the infinities, which JSON lacks, become null.
  JsonWriter& number(double value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& boolean(bool value);
  // What was written; the writer is then empty.
  std::string take();

 private:
  void separate();
  void quote(std::string_view value);

  std::string out_;
  bool comma_ = false;  // something stands before, on this level
};

}  // namespace quintet::learn
