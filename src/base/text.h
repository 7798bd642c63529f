// Small things about texts: ASCII case and blanks, UTF-8, and how a foreign text is shown to a
// person. Case is ASCII only, because Unicode tables change with their version (DESIGN 6.4).
// Nothing here depends on a locale. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quintet {

// Change A-Z and a-z alone; all other bytes stay.
std::string lower_ascii(std::string_view text);
std::string upper_ascii(std::string_view text);
// Equal but for the case of A-Z; for the names of headers and media types.
bool equal_but_for_case(std::string_view a, std::string_view b);

// Without spaces, tabs, carriage returns and line feeds at both ends.
std::string_view trim(std::string_view text);
// The pieces between separators; one more than there are separators, so "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

// Without the byte order mark that some editors begin a UTF-8 text with.
std::string_view without_byte_order_mark(std::string_view text);
// Whether the whole text is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// Takes one code point from the front of a text that is not empty; none where the bytes are no
// UTF-8, and then the longest part that cannot be continued is taken (at least one byte), so that
// each such part becomes one U+FFFD, as the Unicode standard recommends.
std::optional<char32_t> take_code_point(std::string_view& text);
// The code point must be a scalar value (checked).
void append_utf8(std::string& out, char32_t code_point);
// The text with each damaged part replaced by U+FFFD.
std::string repair_utf8(std::string_view text);
// Code points of a UTF-8 text (each damaged part counts as one).
std::size_t count_code_points(std::string_view text);

// A foreign text for an error message: in double quotes, control characters and damaged parts
// escaped, and cut after `most` code points with "...".
std::string shown(std::string_view text, std::size_t most = 60);

// The edits (insert, remove, replace, swap neighbours) between two names, counted in bytes; some
// number above `most` if there are more.
int edit_distance(std::string_view a, std::string_view b, int most);
// The candidate nearest to a mistyped name, if one is near enough to be worth a "did you mean"; of
// equally near ones the first.
std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates);

}  // namespace quintet
