#include "event/line_cutter.h"

#include <algorithm>

#include "base/text.h"

namespace quintet::event {

namespace {

enum class Quotes : unsigned char { closed, open, wrong };

// How the quotes of a line of text end. It begins with a cell, or `behind_quote`: with what follows
// a closing quote.
Quotes quotes_of(std::string_view text, char separator, bool behind_quote) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  std::size_t at = 0;
  for (;;) {
    if (!behind_quote && at < text.size() && text[at] == '"') {
      for (++at;; at += 2) {
        at = text.find('"', at);
        if (at == text.npos) return Quotes::open;
        if (at + 1 >= text.size() || text[at + 1] != '"') break;
      }
      ++at;
      behind_quote = true;
    }
    if (behind_quote) {
      if (at < text.size() && text[at] != separator) return Quotes::wrong;
      behind_quote = false;
    } else {
      at = std::min(text.find(separator, at), text.size());
    }
    if (at >= text.size()) return Quotes::closed;
    ++at;
  }
}

}  // namespace

bool leaves_quote_open(std::string_view line, char separator) {
  return line.find('"') != line.npos && quotes_of(line, separator, false) == Quotes::open;
}

void LineCutter::add(std::string_view piece) {
  held_.erase(0, from_);
  searched_ -= from_;
  if (open_) {
    open_end_ -= from_;
    at_ -= from_;
  }
  from_ = 0;
  held_.append(piece);
  held_.reserve(held_.size() + kLinePadding);
}

std::optional<LineCutter::Line> LineCutter::next() {
  if (open_) return next_open();
  const std::size_t newline = held_.find('\n', searched_);
  if (newline == held_.npos) {
    searched_ = held_.size();
    if (!skipping_ && held_.size() - from_ > longest_) {
      shown_ = held_.substr(from_, std::min(kShownOfLongLine, longest_));
      skipping_ = true;
    }
    if (skipping_) from_ = held_.size();  // a line too long is not collected
    const bool last = ended_ && (skipping_ || from_ < held_.size());
    return last ? std::optional(give(held_.size())) : std::nullopt;
  }
  std::string_view text = std::string_view(held_).substr(from_, newline - from_);
  if (number_ == 0) text = without_byte_order_mark(text);
  const bool open = separator_ != 0 && !skipping_ && newline - from_ <= longest_ &&
                    leaves_quote_open(text, separator_);
  if (!open) return give(newline);
  open_ = in_quotes_ = true;
  open_end_ = newline;
  at_ = searched_ = newline + 1;
  return next_open();
}

std::optional<LineCutter::Line> LineCutter::next_open() {
  const std::string_view held = held_;
  for (;;) {
    if (at_ - from_ > longest_) return give(open_end_);
    if (in_quotes_) {
      at_ = std::min(held.find('"', at_), held.size());
      // What follows the quote says what it is; nothing follows the last one.
      if (at_ == held.size() || (at_ + 1 == held.size() && !ended_)) return wait_open();
      if (at_ + 1 < held.size() && held[at_ + 1] == '"') {
        at_ += 2;
        continue;
      }
      ++at_;
      in_quotes_ = false;
      searched_ = at_;
    }
    const std::size_t end = std::min(held.find('\n', searched_), held.size());
    searched_ = end;
    if (end == held.size() && !ended_) return wait_open();
    if (end - from_ > longest_) return give(open_end_);
    const std::string_view rest = held.substr(at_, end - at_);
    if (!rest.empty() && rest != "\r" && rest[0] != separator_) return give(open_end_);
    if (quotes_of(rest, separator_, true) != Quotes::open || end == held.size()) return give(end);
    in_quotes_ = true;
    open_end_ = end;
    at_ = searched_ = end + 1;
  }
}

std::optional<LineCutter::Line> LineCutter::wait_open() {
  if (!ended_ && held_.size() - from_ <= longest_) return std::nullopt;
  return give(open_end_);
}

// What is held up to `end`, where a newline stands or the text ends.
LineCutter::Line LineCutter::give(std::size_t end) {
  Line line{std::string_view(held_).substr(from_, end - from_), number_ + 1,
            skipping_ || end - from_ > longest_};
  ++number_;
  if (open_) {
    number_ += static_cast<std::uint64_t>(std::count(line.text.begin(), line.text.end(), '\n'));
  }
  from_ = searched_ = std::min(end + 1, held_.size());
  open_ = false;
  if (line.too_long) {
    if (!skipping_) shown_ = line.text.substr(0, std::min(kShownOfLongLine, longest_));
    skipping_ = false;
    line.text = shown_;
  } else if (line.text.ends_with('\r')) {
    line.text.remove_suffix(1);
  }
  return line;
}

}  // namespace quintet::event
