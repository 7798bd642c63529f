#include "expr/lex.h"

#include "expr/parse.h"

namespace quintet::expr {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The length of the UTF-8 sequence at the start of `s`; 0 if it is not a valid one.
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return n;
}

// A character that looks like another, or like nothing: how it is named, and what was meant. The
// name is empty where it can show itself.
struct LookAlike {
  std::string_view bytes, name, hint;
};
constexpr LookAlike kLookAlikes[] = {
    {"\xC2\xA0", "the no-break space U+00A0", "write a plain space"},
    {"\xC2\xAD", "the soft hyphen U+00AD", "leave it out"},
    {"\xE2\x80\x8B", "the invisible space U+200B", "leave it out"},
    {"\xE2\x80\x8C", "the invisible character U+200C", "leave it out"},
    {"\xE2\x80\x8D", "the invisible character U+200D", "leave it out"},
    {"\xE2\x80\x8E", "the invisible character U+200E", "leave it out"},
    {"\xE2\x80\x8F", "the invisible character U+200F", "leave it out"},
    {"\xE2\x81\xA0", "the invisible character U+2060", "leave it out"},
    {"\xEF\xBB\xBF", "the byte order mark U+FEFF", "leave it out"},
    {"\xE2\x80\x90", "the hyphen U+2010", "the minus sign is the plain `-`"},
    {"\xE2\x80\x91", "the hyphen U+2011", "the minus sign is the plain `-`"},
    {"\xE2\x80\x93", "the dash U+2013", "the minus sign is the plain `-`"},
    {"\xE2\x80\x94", "the dash U+2014", "the minus sign is the plain `-`"},
    {"\xE2\x88\x92", "the minus sign U+2212", "write the plain `-`"},
    {"\xE2\x80\x98", "the curly quote U+2018", "texts stand in plain quotes: '...' or \"...\""},
    {"\xE2\x80\x99", "the curly quote U+2019", "texts stand in plain quotes: '...' or \"...\""},
    {"\xE2\x80\x9C", "the curly quote U+201C", "texts stand in plain quotes: '...' or \"...\""},
    {"\xE2\x80\x9D", "the curly quote U+201D", "texts stand in plain quotes: '...' or \"...\""},
    {"\xC3\x97", "the sign U+00D7", "write `*`"},
    {"\xC3\xB7", "the sign U+00F7", "write `/`"},
    {"\xE2\x89\xA4", "the sign U+2264", "write `<=`"},
    {"\xE2\x89\xA5", "the sign U+2265", "write `>=`"},
    {"\xE2\x89\xA0", "the sign U+2260", "write `!=`"},
};

const LookAlike& look_alike(std::string_view one) {
  static constexpr LookAlike kNone = {};
  for (const LookAlike& each : kLookAlikes) {
    if (each.bytes == one) return each;
  }
  return kNone;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<Problem>& problems) : text_(text), problems_(problems) {}

  std::vector<Token> run() {
    while (!failed_) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != npos) ++at_;
      if (at_ == text_.size()) break;
      const char c = text_[at_];
      if (is_letter(c)) {
        word();
      } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        number();
      } else if (c == '"' || c == '\'') {
        quoted(c);
      } else {
        symbol();
      }
    }
    push(Token::Kind::end, text_.size(), "");
    return std::move(tokens_);
  }

 private:
  static constexpr std::size_t npos = std::string_view::npos;

  void push(Token::Kind kind, std::size_t begin, std::string text, std::int64_t value = 0) {
    tokens_.push_back({kind, span(begin), std::move(text), value});
  }
  Span span(std::size_t begin) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
  }
  void fail(std::string_view code, std::size_t begin, std::string message, std::string hint = {}) {
    failed_ = true;
    problems_.push_back({std::string(code), span(begin), std::move(message), std::move(hint)});
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    push(Token::Kind::name, begin, std::string(text_.substr(begin, at_ - begin)));
  }

  void digits() {
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }

  // The exponent counts only if digits follow, so that 1e is reported as a wrong unit.
  void exponent() {
    std::size_t p = at_ + 1;
    if (p < text_.size() && (text_[p] == '+' || text_[p] == '-')) ++p;
    if (p >= text_.size() || !is_digit(text_[p])) return;
    at_ = p;
    digits();
  }

  void number() {
    const std::size_t begin = at_;
    digits();
    bool point = false;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
      point = true;
      ++at_;
      digits();
    }
    const std::size_t before = at_;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) exponent();
    const bool exact = !point && at_ == before;
    const std::size_t end = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    std::string written(text_.substr(begin, at_ - begin));
    if (at_ == end) {
      if (exact && written.size() > 1 && written[0] == '0') {
        return fail(code::kLiteral, begin, "the number `" + written + "` begins with a zero",
                    "leave it out; a date or a code is a text, in quotes");
      }
      if (written[0] == '.') written.insert(0, "0");
      return push(exact ? Token::Kind::integer : Token::Kind::number, begin, std::move(written));
    }
    const std::optional<Micros> duration = parse_duration(written);
    if (duration) return push(Token::Kind::duration, begin, std::move(written), *duration);
    fail(code::kLiteral, begin, "`" + written + "` is neither a number nor a duration",
         "write a duration as 7d, 12h, 30m, 45s, 10ms or 1h30m");
  }

  void quoted(char quote) {
    const std::size_t begin = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        if (!escape(out)) return;
        continue;
      }
      const std::size_t n = utf8_length(text_.substr(at_));
      if (n == 0) {
        return fail(code::kLiteral, begin, "this text is not valid UTF-8");
      }
      out.append(text_.substr(at_, n));
      at_ += n;
    }
    if (at_ == text_.size()) {
      return fail(code::kUnclosed, begin, std::string("this text has no closing ") + quote);
    }
    ++at_;
    push(Token::Kind::text, begin, std::move(out));
  }

  bool escape(std::string& out) {
    const std::size_t begin = at_++;
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case 'n': out += '\n'; return true;
      case 't': out += '\t'; return true;
      case 'r': out += '\r'; return true;
      case '\\':
      case '"':
      case '\'': out += c; return true;
      default: break;
    }
    fail(code::kLiteral, begin, "an unknown escape in a text",
         "known are \\n \\t \\r \\\\ \\\" \\'");
    return false;
  }

  void symbol() {
    const std::size_t begin = at_;
    static constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "<>", "&&", "||", "**"};
    for (std::string_view two : kTwo) {
      if (text_.substr(at_, 2) == two) {
        at_ += 2;
        return push(Token::Kind::symbol, begin, std::string(two));
      }
    }
    const std::size_t n = utf8_length(text_.substr(at_));
    at_ += n == 0 ? 1 : n;
    const std::string_view one = text_.substr(begin, at_ - begin);
    if (one.size() == 1 && std::string_view("+-*/%<>()[],.=!^?:").find(one) != npos) {
      return push(Token::Kind::symbol, begin, std::string(one));
    }
    const bool printable = n > 1 || (one[0] > ' ' && one[0] < 0x7f);
    if (!printable) return fail(code::kSyntax, begin, "a byte that means nothing in an expression");
    const LookAlike& known = look_alike(one);
    const std::string name =
        known.name.empty() ? "`" + std::string(one) + "`" : std::string(known.name);
    fail(code::kSyntax, begin, name + " means nothing in an expression", std::string(known.hint));
  }

  std::string_view text_;
  std::vector<Problem>& problems_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

struct Unit {
  std::string_view name;
  Micros micros;
};
constexpr Unit kUnits[] = {{"d", kDay},    {"h", kHour},  {"m", kMinute},
                           {"s", kSecond}, {"ms", 1'000}, {"us", 1}};

}  // namespace

std::vector<Token> lex(std::string_view text, std::vector<Problem>& problems) {
  return Lexer(text, problems).run();
}

std::optional<Micros> parse_duration(std::string_view text) {
  Micros total = 0;
  std::size_t at = 0, next_unit = 0;
  while (at < text.size()) {
    Micros number = 0;
    const std::size_t begin = at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (__builtin_mul_overflow(number, 10, &number)) return std::nullopt;
      if (__builtin_add_overflow(number, text[at] - '0', &number)) return std::nullopt;
    }
    if (at == begin) return std::nullopt;
    const std::size_t name_begin = at;
    while (at < text.size() && !is_digit(text[at])) ++at;
    const std::string_view name = text.substr(name_begin, at - name_begin);
    std::size_t unit = next_unit;
    while (unit < std::size(kUnits) && kUnits[unit].name != name) ++unit;
    if (unit == std::size(kUnits)) return std::nullopt;
    next_unit = unit + 1;
    if (__builtin_mul_overflow(number, kUnits[unit].micros, &number)) return std::nullopt;
    if (__builtin_add_overflow(total, number, &total)) return std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional<Micros>(total);
}

std::string print_duration(Micros value) {
  if (value == 0) return "0s";
  std::string out = value < 0 ? "-" : "";
  std::uint64_t rest =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  for (const Unit& unit : kUnits) {
    const std::uint64_t n = rest / static_cast<std::uint64_t>(unit.micros);
    rest %= static_cast<std::uint64_t>(unit.micros);
    if (n != 0) out += std::to_string(n) + std::string(unit.name);
  }
  return out;
}

bool is_name(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool reserved_word(std::string_view name) {
  static constexpr std::string_view kWords[] = {"and",  "or",   "not",     "is",        "in",
                                                "null", "true", "false",   "from",      "where",
                                                "over", "by",   "delayed", "including", "every"};
  return std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
}

}  // namespace quintet::expr
