// Cuts pieces of NDJSON or CSV into lines. A quoted cell of CSV may hold line ends (RFC 4180), so a
// line of CSV is a record of it and may stand on several lines of the text. Pull, not push: who
// takes lines takes as many as it may work on in one turn and comes back for the rest. However the
// text is cut into pieces, the lines are the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace quintet::event {

// A stray quote costs its own line only: where a quoted cell that goes over a line's end does not
// end well (text follows its closing quote, the record passes the limit, or the text ends), what is
// given ends with the line of text in which the cell began, its quote open, and the next line of
// text begins anew. Held at a time: a piece, and a line up to the limit. The work is linear in the
// text: a second stray quote ends the search for the first one's other.
class LineCutter {
 public:
  // `separator`: that of CSV; 0 for text in which each line end ends a line.
  explicit LineCutter(std::size_t longest = kMaxEventBytes, char separator = 0)
      : longest_(longest), separator_(separator) {}

  // Adds a piece; it is copied. Call it when next() has given nothing.
  void add(std::string_view piece);
  // The text is complete: a last line without its newline is a line too.
  void end() { ended_ = true; }

  struct Line {
    std::string_view text;     // without "\n" or "\r\n" at its end; valid until the next call
    std::uint64_t number = 0;  // of the line of text where it begins, from 1
    bool too_long = false;     // the text is its first kShownOfLongLine bytes
  };
  // The next line, empty ones included; nothing when more pieces are needed, or at the end. At
  // least kLinePadding bytes after the text are readable.
  std::optional<Line> next();

 private:
  std::optional<Line> next_open();
  std::optional<Line> wait_open();
  Line give(std::size_t end);

  std::string held_;
  std::size_t from_ = 0;      // where the line at hand begins
  std::size_t searched_ = 0;  // no line end between from_ and here, nor since a closing quote
  std::size_t longest_;
  char separator_;
  std::uint64_t number_ = 0;  // lines of text that were given
  bool skipping_ = false;     // inside a line that is too long
  bool ended_ = false;
  // A line that goes over a line end, at open_end_, as the quote of its last cell was open there.
  bool open_ = false;
  bool in_quotes_ = false;
  std::size_t open_end_ = 0;
  std::size_t at_ = 0;  // looked at so far: in quotes, or just behind a closing one
  std::string shown_;
};

inline constexpr std::size_t kShownOfLongLine = 256;
inline constexpr std::size_t kLinePadding = 64;

// Whether one line of CSV ends inside quotes; what follows it could then be taken for its rest.
bool leaves_quote_open(std::string_view line, char separator);

}  // namespace quintet::event
