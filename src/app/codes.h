// Every code that a diagnostic of an application file can carry, with what `quintet explain CODE`
// prints. The codes of expressions (QNT-0300 to QNT-0399) belong to room expr and are found here
// too. Constant data; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quintet::app {

struct CodeEntry {
  std::string_view code;
  std::string_view title;
  std::string_view text;
  std::string_view wrong;  // an example, as in a file; may be empty
  std::string_view right;
};

// The codes of this room, in order.
std::span<const CodeEntry> codes();

// What `quintet explain CODE` prints, with a final newline; empty for an unknown code. Takes
// "QNT-0101", "qnt-0101" and "0101".
std::string explain(std::string_view code);

}  // namespace quintet::app
