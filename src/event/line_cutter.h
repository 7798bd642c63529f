// Cuts the pieces of a streamed body into lines, for NDJSON and CSV. Pull, not push: a handler
// takes as many lines as it may work on in one turn and comes back for the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/limits.h"

namespace quintet::host {

class LineCutter {
 public:
  explicit LineCutter(std::size_t longest = kMaxLine) : longest_(longest) {}

  // Adds a piece; it is copied. Call it when next() has given nothing.
  void add(std::string_view piece);
  // The body is complete: a last line without its newline is a line too.
  void end() { ended_ = true; }

  struct Line {
    std::string_view text;     // without "\n" or "\r\n"; valid until the next call
    std::uint64_t number = 0;  // from 1
    bool too_long = false;     // the text is its first kShownOfLongLine bytes
  };
  // The next line, empty ones included; nothing when more pieces are needed, or at the end. At
  // least 64 bytes after the text are readable (kBodyPadding).
  std::optional<Line> next();

 private:
  std::string held_;
  std::size_t from_ = 0, searched_ = 0;
  std::size_t longest_;
  std::uint64_t number_ = 0;  // of the line given last
  bool skipping_ = false;     // inside a line that is too long
  bool ended_ = false;
  std::string shown_;
};

inline constexpr std::size_t kShownOfLongLine = 256;

}  // namespace quintet::host
