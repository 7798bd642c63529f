#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "learn/document.h"

namespace quintet::learn {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class JsonReader {
 public:
  JsonReader(std::string_view text, JsonFloats floats, IgnoredKeys ignored)
      : text_(text), floats_(floats), ignored_(ignored) {}

  Expected<Value> document() {
    TRY(Value value, any(0));
    space();
    if (at_ != text_.size()) return wrong("something follows the document");
    return value;
  }

 private:
  Error wrong(std::string_view what) const {
    return invalid("JSON at byte " + std::to_string(at_) + ": " + std::string(what));
  }

  void space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Expected<Value> any(int depth) {
    if (depth > kMaxDocumentDepth) return wrong("nested too deeply");
    if (++values_ > kMaxDocumentValues) return exhausted("the model file holds too many values");
    space();
    if (at_ >= text_.size()) return wrong("the text ends early");
    switch (text_[at_]) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': {
        TRY(std::string text, string());
        return Value{std::move(text)};
      }
      case 't':
        if (take_word("true")) return Value{true};
        break;
      case 'f':
        if (take_word("false")) return Value{false};
        break;
      case 'n':
        if (take_word("null")) return Value{};
        break;
      default: {
        TRY(const double number, this->number());
        return Value{number};
      }
    }
    return wrong("not a value");
  }

  Expected<Value> object(int depth) {
    ++at_;
    Value::Members members;
    if (take('}')) return Value{std::move(members)};
    do {
      space();
      if (at_ >= text_.size() || text_[at_] != '"') return wrong("a key is expected");
      TRY(std::string key, string());
      if (!take(':')) return wrong("a colon is expected");
      TRY(Value value, any(depth + 1));
      if (std::find(ignored_.begin(), ignored_.end(), key) != ignored_.end()) value = Value{};
      members.push_back({std::move(key), std::move(value)});
    } while (take(','));
    if (!take('}')) return wrong("a comma or } is expected");
    return finish_object(std::move(members));
  }

  Expected<Value> array(int depth) {
    ++at_;
    Value::Numbers numbers;
    if (take(']')) return Value{std::move(numbers)};
    space();
    if (starts_number()) {
      do {
        space();
        if (!starts_number()) return wrong("numbers and other values in one list");
        TRY(const double number, this->number());
        if (++numbers_ > kMaxDocumentNumbers) return exhausted("too many numbers");
        numbers.push_back(number);
      } while (take(','));
      if (!take(']')) return wrong("a comma or ] is expected");
      return Value{std::move(numbers)};
    }
    Value::List list;
    do {
      TRY(Value value, any(depth + 1));
      list.push_back(std::move(value));
    } while (take(','));
    if (!take(']')) return wrong("a comma or ] is expected");
    return Value{std::move(list)};
  }

  bool starts_number() const {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    return c == '-' || c == 'N' || c == 'I' || is_digit(c);
  }

  Expected<double> number() {
    if (take_word("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (take_word("Infinity")) return std::numeric_limits<double>::infinity();
    if (take_word("-Infinity")) return -std::numeric_limits<double>::infinity();
    const std::size_t start = at_;
    const auto digits = [this] {
      const std::size_t from = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      return at_ > from;
    };
    if (text_[at_] == '-') ++at_;
    const std::size_t first = at_;
    if (!digits()) return wrong("not a value");
    if (text_[first] == '0' && at_ - first > 1) return wrong("a number begins with 0");
    bool whole = true;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      whole = false;
      if (!digits()) return wrong("a digit is expected");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      whole = false;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return wrong("a digit is expected");
    }
    return converted(text_.substr(start, at_ - start), whole);
  }

  Expected<double> converted(std::string_view digits, bool whole) const {
    const char* end = digits.data() + digits.size();
    if (floats_ == JsonFloats::float64) {
      double number = 0;
      const auto [at, failure] = std::from_chars(digits.data(), end, number);
      if (failure != std::errc()) return wrong("a number is out of range");
      return number;
    }
    if (whole) {
      std::int64_t number = 0;
      const auto [at, failure] = std::from_chars(digits.data(), end, number);
      constexpr std::int64_t most = std::int64_t{1} << 53;
      if (failure != std::errc() || number > most || number < -most) {
        return wrong("a whole number is out of range");
      }
      return static_cast<double>(number);
    }
    float number = 0;
    const auto [at, failure] = std::from_chars(digits.data(), end, number);
    if (failure != std::errc()) return wrong("a number is out of the range of float32");
    return static_cast<double>(number);
  }

  Expected<std::string> string() {
    ++at_;
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character in text");
      ++at_;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      TRY_DO(escape(out));
    }
    return wrong("the text ends early");
  }

  Expected<void> escape(std::string& out) {
    if (at_ >= text_.size()) return wrong("the text ends early");
    const char c = text_[at_++];
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = letters.find(c); i != std::string_view::npos) {
      out.push_back(meanings[i]);
      return {};
    }
    if (c != 'u') return wrong("an unknown escape");
    TRY(std::uint32_t point, hex4());
    if (point >= 0xd800 && point < 0xdc00) {
      if (!take_word("\\u")) return wrong("half of a surrogate pair");
      TRY(const std::uint32_t low, hex4());
      if (low < 0xdc00 || low > 0xdfff) return wrong("half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point < 0xe000) {
      return wrong("half of a surrogate pair");
    }
    append_utf8(out, point);
    return {};
  }

  Expected<std::uint32_t> hex4() {
    std::uint32_t point = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const char* end = digits.data() + digits.size();
    const auto [at, failure] = std::from_chars(digits.data(), end, point, 16);
    if (digits.size() < 4 || failure != std::errc() || at != end) return wrong("a bad \\u escape");
    at_ += 4;
    return point;
  }

  std::string_view text_;
  JsonFloats floats_;
  IgnoredKeys ignored_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::size_t numbers_ = 0;
};

}  // namespace

Expected<Value> read_json(std::string_view text, JsonFloats floats, IgnoredKeys ignored) {
  return JsonReader(text, floats, ignored).document();
}

}  // namespace quintet::learn
