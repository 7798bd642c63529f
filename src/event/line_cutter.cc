#include "host/http_lines.h"

#include "host/http.h"

namespace quintet::host {

void LineCutter::add(std::string_view piece) {
  held_.erase(0, from_);
  searched_ -= from_;
  from_ = 0;
  held_.append(piece);
  held_.reserve(held_.size() + kBodyPadding);
}

std::optional<LineCutter::Line> LineCutter::next() {
  const std::size_t newline = held_.find('\n', searched_);
  const bool found = newline != held_.npos;
  std::string_view text = std::string_view(held_).substr(from_);
  text = text.substr(0, found ? newline - from_ : text.size());
  if (!found) {
    searched_ = held_.size();
    if (!skipping_ && text.size() > longest_) {
      shown_ = text.substr(0, std::min(kShownOfLongLine, longest_));
      skipping_ = true;
    }
    if (skipping_) from_ = held_.size();  // a line too long is not collected
    const bool last = ended_ && (skipping_ || !text.empty());
    if (!last) return std::nullopt;
    from_ = held_.size();
  } else {
    from_ = searched_ = newline + 1;
  }
  Line line{text, ++number_, skipping_ || text.size() > longest_};
  if (line.too_long) {
    if (!skipping_) shown_ = text.substr(0, std::min(kShownOfLongLine, longest_));
    skipping_ = false;
    line.text = shown_;
  } else if (text.ends_with('\r')) {
    line.text.remove_suffix(1);
  }
  return line;
}

}  // namespace quintet::host
