// Functions of strings. Positions and lengths count characters (code points) from 1; case changes
// ASCII only (S6.6).
#include "base/limits.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

constexpr Parameter kText[] = {{"s", Accepts::text}};
constexpr Parameter kTexts[] = {{"s", Accepts::text}, {"t", Accepts::text, false, true}};
constexpr Parameter kSubstring[] = {
    {"s", Accepts::text}, {"start", Accepts::int64}, {"n", Accepts::int64, true}};
constexpr Parameter kPart[] = {{"s", Accepts::text}, {"part", Accepts::text}};
constexpr Parameter kContains[] = {{"s", Accepts::container}, {"part", Accepts::scalar}};
constexpr Parameter kReplace[] = {
    {"s", Accepts::text}, {"part", Accepts::text}, {"by", Accepts::text}};

constexpr Example kLower[] = {{"lower(\"ABC Ä\")", "abc Ä"}};
constexpr Example kUpper[] = {{"upper(name)", "ANNA"}};
constexpr Example kLength[] = {
    {"length(name)", "4"}, {"length(\"Zoë\")", "3"}, {"length(nothing)", "null"}};
constexpr Example kConcat[] = {{"concat(name, \"-\", to_string(n))", "Anna-7"}};
constexpr Example kSubstringExamples[] = {
    {"substring(name, 2, 2)", "nn"}, {"substring(\"Zoë\", 3)", "ë"}, {"substring(name, 9)", ""}};
constexpr Example kStarts[] = {{"starts_with(name, \"An\")", "true"}};
constexpr Example kEnds[] = {{"ends_with(name, \"An\")", "false"}};
constexpr Example kContainsExamples[] = {{"contains(name, \"nn\")", "true"},
                                         {"contains(tags, \"b\")", "true"},
                                         {"contains(tags, \"z\")", "false"}};
constexpr Example kTrim[] = {{"trim(\"  a b \")", "a b"}};
constexpr Example kReplaceExamples[] = {{"replace(name, \"n\", \"m\")", "Amma"},
                                        {"replace(name, \"\", \"x\")", "Anna"}};

constexpr std::string_view kGroup = "Strings";
constexpr Function kTable[] = {
    {FunctionId::lower, "lower", kText, "string", kGroup, "ASCII letters in lower case.", kLower},
    {FunctionId::upper, "upper", kText, "string", kGroup, "ASCII letters in upper case.", kUpper},
    {FunctionId::length, "length", kText, "int64", kGroup, "The number of characters.", kLength},
    {FunctionId::concat, "concat", kTexts, "string", kGroup,
     "The strings one after the other; null if one is null.", kConcat},
    {FunctionId::substring, "substring", kSubstring, "string", kGroup,
     "n characters (all if left out) from the start-th on, which counts from 1.",
     kSubstringExamples},
    {FunctionId::starts_with, "starts_with", kPart, "bool", kGroup, "Whether s begins with part.",
     kStarts},
    {FunctionId::ends_with, "ends_with", kPart, "bool", kGroup, "Whether s ends with part.", kEnds},
    {FunctionId::contains, "contains", kContains, "bool", kGroup,
     "Whether part occurs in the string s, or is an item of the list s.", kContainsExamples},
    {FunctionId::trim, "trim", kText, "string", kGroup,
     "s without spaces, tabs and line ends at both ends.", kTrim},
    {FunctionId::replace, "replace", kReplace, "string", kGroup,
     "Every occurrence of part, from the left, replaced; an empty part occurs nowhere.",
     kReplaceExamples},
};

// A byte that does not continue a character begins one.
bool begins(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

std::int64_t characters(std::string_view s) {
  return std::count_if(s.begin(), s.end(), begins);
}

// What is left of s after the first n characters.
std::string_view after(std::string_view s, std::int64_t n) {
  std::size_t at = 0;
  for (; at < s.size(); ++at) {
    if (begins(s[at]) && n-- <= 0) break;
  }
  return s.substr(at);
}

std::string_view slice(std::string_view s, std::int64_t start, std::int64_t n) {
  // Places before the first character are counted, but hold nothing.
  if (start < 1 && __builtin_add_overflow(n, start - 1, &n)) n = 0;
  const std::string_view from = after(s, start < 1 ? 0 : start - 1);
  return n <= 0 ? std::string_view() : from.substr(0, from.size() - after(from, n).size());
}

Operand cased(Call& call, char first, int shift) {
  return call.made1(call.type(0), [first, shift](Frame& frame, Value v) {
    std::string out(v.as_text());
    for (char& c : out) {
      if (c >= first && c < first + 26) c = static_cast<char>(c + shift);
    }
    return Value::text(frame.arena.copy(out));
  });
}

Operand substring_function(Call& call) {
  if (!call.has(2)) {
    return call.made2(call.type(0), [](Frame&, Value s, Value start) {
      return Value::text(after(s.as_text(), start.as_int64() < 1 ? 0 : start.as_int64() - 1));
    });
  }
  return call.made3(call.type(0), [](Frame&, Value s, Value start, Value n) {
    return Value::text(
        slice(s.as_text(), std::max<std::int64_t>(start.as_int64(), -1'000'000'000), n.as_int64()));
  });
}

Operand concat_function(Call& call) {
  Nodes nodes;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) nodes.push_back(call.node(i));
  return made(call.ast, type_of(Kind::text),
              special(std::move(nodes), [](Frame& f, const Nodes& n) {
                std::string out;
                for (const NodePtr& node : n) {
                  const Value v = node->eval(f);
                  if (v.is_null()) return v;
                  out += v.as_text();
                }
                return Value::text(f.arena.copy(out));
              }));
}

Operand contains_function(Call& call) {
  const Type type = call.type(0);
  if (type.kind == Kind::list) {
    Operand list = std::move(call.arguments[0]);
    return list_membership(call.build, call.ast, std::move(call.arguments[1]), std::move(list));
  }
  if (call.type(1).kind != Kind::text) {
    return call.fail(code::kType, call.arguments[1].ast->span,
                     "a string contains strings, this is " + event::to_string(call.type(1)));
  }
  return call.made2(type_of(Kind::boolean), [](Frame&, Value s, Value part) {
    return Value::boolean(s.as_text().find(part.as_text()) != std::string_view::npos);
  });
}

Operand trim_function(Call& call) {
  return call.made1(call.type(0), [](Frame&, Value v) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::string_view s = v.as_text();
    const std::size_t first = s.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return Value::text({});
    return Value::text(s.substr(first, s.find_last_not_of(kSpace) + 1 - first));
  });
}

Operand replace_function(Call& call) {
  return call.made3(call.type(0), [](Frame& frame, Value s, Value part, Value by) {
    const std::string_view from = part.as_text();
    if (from.empty()) return s;
    std::string_view rest = s.as_text();
    std::string out;
    for (std::size_t at = rest.find(from); at != std::string_view::npos; at = rest.find(from)) {
      out.append(rest.substr(0, at)).append(by.as_text());
      if (out.size() > kMaxTextBytes) return frame.fail(Fault::overflow);
      rest.remove_prefix(at + from.size());
    }
    out.append(rest);
    return Value::text(frame.arena.copy(out));
  });
}

}  // namespace

std::span<const Function> text_functions() {
  return kTable;
}

Operand text_function(Call& call) {
  const Type boolean = type_of(Kind::boolean);
  switch (call.function.id) {
    case FunctionId::lower: return cased(call, 'A', 'a' - 'A');
    case FunctionId::upper: return cased(call, 'a', 'A' - 'a');
    case FunctionId::length:
      return call.made1(type_of(Kind::int64),
                        [](Frame&, Value v) { return Value::int64(characters(v.as_text())); });
    case FunctionId::concat: return concat_function(call);
    case FunctionId::substring: return substring_function(call);
    case FunctionId::starts_with:
      return call.made2(boolean, [](Frame&, Value s, Value part) {
        return Value::boolean(s.as_text().starts_with(part.as_text()));
      });
    case FunctionId::ends_with:
      return call.made2(boolean, [](Frame&, Value s, Value part) {
        return Value::boolean(s.as_text().ends_with(part.as_text()));
      });
    case FunctionId::contains: return contains_function(call);
    case FunctionId::trim: return trim_function(call);
    default: return replace_function(call);
  }
}

}  // namespace quintet::expr
