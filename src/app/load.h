// From the text of an application file to a Spec, or to every independent problem in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"

namespace quintet::app {

// A stretch of the file; lines and columns count from 1, columns in characters, end exclusive.
struct Place {
  int line = 0, column = 0, end_line = 0, end_column = 0;
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
};

struct Loaded {
  std::shared_ptr<const Spec> spec;      // null if any diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // in file order; warnings too
};

// Never fails in another way; hostile text is refused with a diagnostic. `pattern` overrides the
// file's pattern if not empty.
Loaded load(std::string_view text, std::string_view pattern = {});

// For a terminal: error[CODE]: message, --> name:line:column, the source lines with a caret span,
// related places, help. `color` adds ANSI colours.
std::string render(const Diagnostic& diagnostic, std::string_view file_name, std::string_view text,
                   bool color);
// The same as one JSON object.
std::string render_json(const Diagnostic& diagnostic, std::string_view file_name);

}  // namespace quintet::app
