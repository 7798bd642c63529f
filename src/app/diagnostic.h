// One problem in an application file: what, where, what else is involved, and what to do. Plain
// values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quintet::app {

// A stretch of the file; lines and columns count from 1, columns in characters, end exclusive.
struct Place {
  int line = 0, column = 0, end_line = 0, end_column = 0;
  bool operator==(const Place&) const = default;
};

struct Related {
  Place place;
  std::string message;  // "declared here"
};

struct Diagnostic {
  std::string code;  // QNT-0123; app/codes.h has the text that `quintet explain` prints
  bool warning = false;
  Place place;
  std::string message;
  std::vector<Related> related;
  std::string hint;  // "did you mean `amount`?"; may be empty

  // Adds a place that is involved, with what it is.
  Diagnostic& relate(Place where, std::string_view what);
};

// For a terminal: error[CODE]: message, --> name:line:column, the source lines with a caret span,
// related places, help. `color` adds ANSI colours.
std::string render(const Diagnostic& diagnostic, std::string_view file_name, std::string_view text,
                   bool color);
// The same as one JSON object.
std::string render_json(const Diagnostic& diagnostic, std::string_view file_name);

}  // namespace quintet::app
