#include "base/text.h"

#include <algorithm>

#include "base/check.h"

namespace quintet {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// What may follow a lead byte: how many bytes, and the range of the first of them (Unicode, table
// 3-7). No length for a byte that cannot lead.
struct Lead {
  int length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return {1};
  if (byte == 0xe0) return {2, 0xa0};
  if (byte == 0xed) return {2, 0x80, 0x9f};
  if (byte >= 0xe1 && byte <= 0xef) return {2};
  if (byte == 0xf0) return {3, 0x90};
  if (byte >= 0xf1 && byte <= 0xf3) return {3};
  if (byte == 0xf4) return {3, 0x80, 0x8f};
  return {};
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string upper_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = upper(c);
  return out;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t at = text.find(separator);
    pieces.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::optional<char32_t> take_code_point(std::string_view& text) {
  check(!text.empty(), "a code point of an empty text");
  const auto first = static_cast<unsigned char>(text[0]);
  text.remove_prefix(1);
  if (first < 0x80) return first;
  const Lead lead = lead_of(first);
  if (lead.length == 0) return std::nullopt;
  char32_t code_point = first & (0x3f >> lead.length);
  for (int i = 0; i < lead.length; ++i) {
    const auto byte = text.empty() ? 0 : static_cast<unsigned char>(text[0]);
    if (byte < (i == 0 ? lead.low : 0x80) || byte > (i == 0 ? lead.high : 0xbf)) {
      return std::nullopt;
    }
    code_point = code_point << 6 | (byte & 0x3f);
    text.remove_prefix(1);
  }
  return code_point;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      text.remove_prefix(1);
    } else if (!take_code_point(text)) {
      return false;
    }
  }
  return true;
}

void append_utf8(std::string& out, char32_t code_point) {
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  check(code_point <= 0x10ffff && !surrogate, "a code point that is no scalar value");
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
    return;
  }
  if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xe0 | code_point >> 12);
    } else {
      put(0xf0 | code_point >> 18);
      put(0x80 | (code_point >> 12 & 0x3f));
    }
    put(0x80 | (code_point >> 6 & 0x3f));
  }
  put(0x80 | (code_point & 0x3f));
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const bool good = take_code_point(text).has_value();
    out += good ? before.substr(0, before.size() - text.size()) : kReplacement;
  }
  return out;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t n = 0;
  for (; !text.empty(); ++n) (void)take_code_point(text);
  return n;
}

std::string shown(std::string_view text, std::size_t most) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t n = 0; !text.empty(); ++n) {
    if (n == most) {
      out += "...";
      break;
    }
    const std::string_view before = text;
    const auto c = take_code_point(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (c && *c >= 0x20 && *c != 0x7f && !(*c >= 0x80 && *c < 0xa0)) {
      if (*c == '"' || *c == '\\') out.push_back('\\');
      out += bytes;
      continue;
    }
    for (const char b : bytes) {
      const auto byte = static_cast<unsigned char>(b);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  out.push_back('"');
  return out;
}

int edit_distance(std::string_view a, std::string_view b, int most) {
  const auto longer = static_cast<std::ptrdiff_t>(a.size()) - static_cast<std::ptrdiff_t>(b.size());
  if (longer > most || -longer > most) return most + 1;
  // Rows of the usual table: the one before the last (for swaps), the last, and this one.
  std::vector<int> older(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int other = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + other});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], older[j - 2] + 1);
    }
    if (*std::min_element(row.begin(), row.end()) > most) return most + 1;
    std::swap(older, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 100;  // nobody mistypes a longer one, and the table is quadratic
  if (name.size() > kLongest) return std::nullopt;
  int best = std::max(1, static_cast<int>(name.size()) / 3) + 1;
  std::optional<std::string_view> found;
  for (const std::string_view candidate : candidates) {
    const int distance = edit_distance(name, candidate, best - 1);
    if (distance >= best) continue;
    best = distance;
    found = candidate;
    if (best == 0) break;
  }
  return found;
}

}  // namespace quintet
