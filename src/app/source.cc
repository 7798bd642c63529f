#include "app/source.h"

#include <algorithm>

#include "app/yaml.h"

namespace quintet::app {
namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Bytes of the source that stand for the text's byte at `c` when the source is at `at`.
std::size_t width_in_quotes(std::string_view source, std::size_t at) {
  if (source[at] == '\'' && at + 1 < source.size() && source[at + 1] == '\'') return 2;
  if (source[at] != '\\' || at + 1 >= source.size()) return 1;
  switch (source[at + 1]) {
    case 'x': return 4;
    case 'u': return 6;
    case 'U': return 10;
    default: return 2;
  }
}

}  // namespace

Source::Source(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

Place Source::place(std::size_t begin, std::size_t end) const {
  begin = std::min(begin, text_.size());
  end = std::clamp(end, begin, text_.size());
  auto locate = [&](std::size_t at, int& line, int& column) {
    auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
    line = static_cast<int>(next - starts_.begin());
    std::size_t start = *(next - 1);
    column = 1;
    for (std::size_t i = start; i < at; ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
  };
  Place place;
  locate(begin, place.line, place.column);
  locate(end, place.end_line, place.end_column);
  return place;
}

Place Source::place(const Node& node) const {
  return place(node.begin, node.end);
}

Place Source::place_in(const Node& scalar, std::size_t begin, std::size_t end) const {
  std::size_t at = std::min(scalar.begin, text_.size());
  const std::size_t stop = std::min(scalar.end, text_.size());
  if (!scalar.block && !scalar.plain && at < stop) ++at;
  // Blanks may be folded, all else stands in the source in the same order: walk both side by side.
  std::size_t first = stop, last = stop;
  for (std::size_t i = 0; i < scalar.text.size() && at < stop; ++i) {
    if (i >= end && first != stop) break;
    if (blank(scalar.text[i])) {
      if (i >= begin && first == stop) first = at;
      const bool escape = !scalar.plain && !scalar.block && text_[at] == '\\';
      if (escape)
        at += width_in_quotes(text_, at);
      else if (blank(text_[at]))
        ++at;
      last = at;
      continue;
    }
    while (at < stop && blank(text_[at])) ++at;
    if (i >= begin && first == stop) first = at;
    const bool continuation = (static_cast<unsigned char>(scalar.text[i]) & 0xC0) == 0x80;
    const bool escaped = !scalar.plain && !scalar.block && !continuation;
    at += escaped ? width_in_quotes(text_, at) : 1;
    last = at;
  }
  if (first == stop) return place(last, last);
  return place(first, begin >= end ? first : last);
}

std::string_view Source::line(int n) const {
  if (n < 1 || static_cast<std::size_t>(n) > starts_.size()) return {};
  const std::size_t start = starts_[static_cast<std::size_t>(n) - 1];
  std::string_view rest = text_.substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

}  // namespace quintet::app
