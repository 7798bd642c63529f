// The text of an application file and where its bytes stand: line starts, places, and the way back
// from a character of a YAML scalar to the file. Borrows the text. Immutable; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "app/diagnostic.h"

namespace quintet::app {

struct Node;

class Source {
 public:
  explicit Source(std::string_view text);

  std::string_view text() const { return text_; }
  // The place of bytes [begin, end); both are cut to the text. Columns count characters.
  Place place(std::size_t begin, std::size_t end) const;
  Place place(const Node& node) const;
  // The place of bytes [begin, end) of a scalar's text, through quotes, escapes and folded lines.
  Place place_in(const Node& scalar, std::size_t begin, std::size_t end) const;
  // Line n (from 1) without its end; empty beyond the last.
  std::string_view line(int n) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // of lines
};

}  // namespace quintet::app
