#include "expr/problem.h"

namespace quintet::expr {
namespace {

constexpr CodeText kCodes[] = {
    {code::kSyntax, "the expression cannot be read",
     "The text is not an expression of the language: an operator without an operand, a word in a "
     "place where none can stand, an unknown character. The caret shows where reading stopped."},
    {code::kUnclosed, "the expression ends too early",
     "A bracket or a text is opened and never closed. If the expression stands inside { } or [ ] "
     "of YAML, YAML has cut it at a comma: write the block with one key a line, or put the "
     "expression in double quotes."},
    {code::kTooLarge, "the expression is too large",
     "An expression has at most 4096 bytes, 64 levels of brackets and 2000 parts. Name a part of "
     "it as a column of its own."},
    {code::kReserved, "a word that is reserved for a later version",
     "`step`, `until`, `each`, `emit` and `first N events` have a meaning that comes with a later "
     "version; `next` stands in labels alone. They are refused now, so that files written today "
     "keep their meaning."},
    {code::kLiteral, "a number, text or duration that cannot be",
     "int64 reaches from -9223372036854775808 to 9223372036854775807. A duration is written as "
     "7d, 12h, 30m, 45s, 10ms or 1h30m, with whole numbers. A text is valid UTF-8 between two "
     "equal quotes."},
    {code::kUnknownName, "an unknown name",
     "An expression sees the fields of its event, earlier columns, fields of tables as "
     "table.field, and, where they are already known, outputs of models as model.output."},
    {code::kNotReadable, "a name that may not be read here",
     "The name exists, but not for this expression: a label is known only after its delay, a "
     "dropped field is not stored, a prediction comes after the columns."},
    {code::kUnknownFunction, "an unknown function",
     "The functions are listed in docs/reference/functions.md."},
    {code::kArguments, "the arguments do not fit the function",
     "Too few, too many, an unknown argument name, one given twice, or a value where a literal "
     "is needed."},
    {code::kType, "the types do not fit",
     "Operators take what they mean: arithmetic takes numbers (and times with durations), "
     "comparisons two values of one kind, and nothing is converted silently but int64 to decimal "
     "or double and decimal to double. Use to_int64, to_double or to_string to convert."},
    {code::kNullCompared, "a comparison with null",
     "x == null is null whatever x is, so it is never met. Write x is null, or x is not null."},
    {code::kNotBool, "a condition that is not a bool",
     "`and`, `or`, `not`, `if`, `when` and `where` take true or false. Write the comparison that "
     "is meant, as n > 0 or name != \"\"."},
    {code::kNoAggregateHere, "an aggregate where there can be none",
     "An aggregate looks at other events. It stands in a column, a view or a label, not in an "
     "aggregate's own argument or `where`, a decision, a key or a filter. Name it as a column and "
     "use that."},
    {code::kAggregate, "the parts of an aggregate do not go together",
     "agg(x) [from EVENT] [where EXPR] over WINDOW [every g] [delayed d] by KEY [including this]. "
     "WINDOW is a duration, N events, session GAP, or all. `every` and `delayed` go with a "
     "duration, and both lengths are multiples of `every`."},
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: an exchange of neighbours counts as one edit.
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> d((a.size() + 1) * width);
  for (std::size_t i = 0; i <= a.size(); ++i) d[i * width] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = d[(i - 1) * width + j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      std::size_t best = std::min({d[(i - 1) * width + j] + 1, d[i * width + j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, d[(i - 2) * width + j - 2] + 1);
      }
      d[i * width + j] = best;
    }
  }
  return d.back();
}

std::string folded(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

}  // namespace

std::span<const CodeText> codes() {
  return kCodes;
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  if (name.empty() || name.size() > 128) return {};
  const std::string wanted = folded(name);
  const std::size_t allowed = name.size() <= 2 ? 1 : name.size() <= 7 ? 2 : 3;
  std::size_t best = allowed + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > 128 || candidate == name) continue;
    const std::string other = folded(candidate);
    const std::size_t distance = other == wanted ? 0 : edit_distance(wanted, other);
    // Two short words that share nothing are no slip of the finger.
    if (distance >= std::max(wanted.size(), other.size())) continue;
    if (distance < best) {
      best = distance;
      found = &candidate;
    }
  }
  return found ? *found : std::string();
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  const std::string found = nearest(name, candidates);
  return found.empty() ? found : "did you mean `" + found + "`?";
}

}  // namespace quintet::expr
