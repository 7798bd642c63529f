#include "event/csv_cell.h"

namespace quintet::event {

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_cell(std::string& out, Type type, Value value) {
  if (value.is_null()) return;
  if (type.kind == Kind::text) {
    if (value.as_text().empty()) out += "\"\"";
    append_csv_cell(out, value.as_text());
  } else if (type.kind == Kind::list) {
    append_csv_cell(out, to_text(type, value));
  } else {
    append_text(out, type, value);
  }
}

}  // namespace quintet::event
