// What is wrong with an expression, and where in its text. The app room turns byte offsets into
// lines and columns of the file. Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quintet::expr {

// A stretch of the expression's text, in bytes from 0, end exclusive.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Span&) const = default;
};

struct Problem {
  std::string code;  // one of codes()
  Span span;
  std::string message;  // one sentence without a final full stop; names stand in `backquotes`
  std::string hint;     // what to write instead; may be empty
};

// The codes of this room, QNT-0300 to QNT-0399, with what `quintet explain CODE` says of them.
struct CodeText {
  std::string_view code;
  std::string_view title;
  std::string_view text;
};
std::span<const CodeText> codes();

namespace code {
inline constexpr std::string_view kSyntax = "QNT-0300";
inline constexpr std::string_view kUnclosed =
    "QNT-0301";  // the text ends inside a bracket or string
inline constexpr std::string_view kTooLarge = "QNT-0302";
inline constexpr std::string_view kReserved = "QNT-0303";
inline constexpr std::string_view kLiteral = "QNT-0304";
inline constexpr std::string_view kUnknownName = "QNT-0310";
inline constexpr std::string_view kNotReadable = "QNT-0311";
inline constexpr std::string_view kUnknownFunction = "QNT-0312";
inline constexpr std::string_view kArguments = "QNT-0313";
inline constexpr std::string_view kType = "QNT-0320";
inline constexpr std::string_view kNullCompared = "QNT-0321";
inline constexpr std::string_view kNotBool = "QNT-0322";
inline constexpr std::string_view kNoAggregateHere = "QNT-0330";
inline constexpr std::string_view kAggregate = "QNT-0331";  // its arguments or clauses
}  // namespace code

// The candidate nearest to `name` by edit distance if it is near enough to be a slip of the finger,
// else empty. The first of equally near ones.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// "did you mean `x`?" or empty.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace quintet::expr
