#include <bit>
#include <cmath>

#include "learn/document.h"

namespace quintet::learn {
namespace {

// Bytes of a number of this type; 0 for what is no number.
std::size_t size_of(char type) {
  switch (type) {
    case 'i':
    case 'U': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
  }
}

class UbjReader {
 public:
  UbjReader(std::string_view bytes, IgnoredKeys ignored) : bytes_(bytes), ignored_(ignored) {}

  Expected<Value> document() {
    TRY(const char type, marker());
    TRY(Value value, any(type, 0));
    while (at_ < bytes_.size() && bytes_[at_] == 'N') ++at_;
    if (at_ != bytes_.size()) return wrong("something follows the document");
    return value;
  }

 private:
  Error wrong(std::string_view what) const {
    return invalid("UBJ at byte " + std::to_string(at_) + ": " + std::string(what));
  }

  // The next type, past any no-op.
  Expected<char> marker() {
    while (at_ < bytes_.size() && bytes_[at_] == 'N') ++at_;
    if (at_ >= bytes_.size()) return wrong("the file ends early");
    return bytes_[at_++];
  }

  // A number whose bytes are known to be there.
  double number(char type) {
    std::uint64_t bits = 0;
    const std::size_t size = size_of(type);
    for (std::size_t i = 0; i < size; ++i) {
      bits = bits << 8 | static_cast<std::uint8_t>(bytes_[at_ + i]);
    }
    at_ += size;
    switch (type) {
      case 'i': return static_cast<std::int8_t>(bits);
      case 'U': return static_cast<std::uint8_t>(bits);
      case 'I': return static_cast<std::int16_t>(bits);
      case 'l': return static_cast<std::int32_t>(bits);
      case 'L': return static_cast<double>(static_cast<std::int64_t>(bits));
      case 'd': return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      default: return std::bit_cast<double>(bits);
    }
  }

  // A length: never above the bytes that are left.
  Expected<std::size_t> length() {
    TRY(const char type, marker());
    if (size_of(type) == 0 || type == 'd' || type == 'D') return wrong("a length is expected");
    if (bytes_.size() - at_ < size_of(type)) return wrong("the file ends early");
    const double value = number(type);
    if (value < 0 || value > static_cast<double>(bytes_.size() - at_)) {
      return wrong("a length exceeds the file");
    }
    return static_cast<std::size_t>(value);
  }

  Expected<std::string> string() {
    TRY(const std::size_t size, length());
    std::string text(bytes_.substr(at_, size));
    at_ += size;
    return text;
  }

  Expected<Value> any(char type, int depth) {
    if (depth > kMaxDocumentDepth) return wrong("nested too deeply");
    if (++values_ > kMaxDocumentValues) return exhausted("the model file holds too many values");
    if (const std::size_t size = size_of(type); size > 0) {
      if (bytes_.size() - at_ < size) return wrong("the file ends early");
      return Value{number(type)};
    }
    switch (type) {
      case 'Z': return Value{};
      case 'T': return Value{true};
      case 'F': return Value{false};
      case 'S': {
        TRY(std::string text, string());
        return Value{std::move(text)};
      }
      case 'C':
        if (at_ >= bytes_.size()) return wrong("the file ends early");
        return Value{std::string(1, bytes_[at_++])};
      case '[': return array(depth);
      case '{': return object(depth);
      default: return wrong("an unknown type");
    }
  }

  bool take(char c) {
    if (at_ >= bytes_.size() || bytes_[at_] != c) return false;
    ++at_;
    return true;
  }

  Expected<Value> typed_numbers() {
    if (at_ >= bytes_.size()) return wrong("the file ends early");
    const char type = bytes_[at_++];
    const std::size_t size = size_of(type);
    if (size == 0) return wrong("a typed list of something other than numbers");
    if (!take('#')) return wrong("a typed list without a count");
    TRY(const std::size_t count, length());
    if (count > (bytes_.size() - at_) / size) return wrong("a count exceeds the file");
    TRY_DO(allow(count));
    Value::Numbers numbers(count);
    for (double& n : numbers) n = number(type);
    return Value{std::move(numbers)};
  }

  Expected<void> allow(std::size_t count) {
    numbers_ += count;
    if (numbers_ > kMaxDocumentNumbers) return exhausted("the model file holds too many numbers");
    return {};
  }

  Expected<Value> array(int depth) {
    if (take('$')) return typed_numbers();
    std::size_t left = SIZE_MAX;
    const bool counted = take('#');
    if (counted) {
      TRY(left, length());
    }
    Value::Numbers numbers;
    Value::List list;
    for (; left > 0; --left) {
      TRY(const char type, marker());
      if (!counted && type == ']') break;
      if (size_of(type) > 0 && list.empty()) {
        if (bytes_.size() - at_ < size_of(type)) return wrong("the file ends early");
        TRY_DO(allow(1));
        numbers.push_back(number(type));
        continue;
      }
      if (!numbers.empty()) return wrong("numbers and other values in one list");
      TRY(Value value, any(type, depth + 1));
      list.push_back(std::move(value));
    }
    if (list.empty()) return Value{std::move(numbers)};
    return Value{std::move(list)};
  }

  Expected<Value> object(int depth) {
    Value::Members members;
    std::size_t left = SIZE_MAX;
    const bool counted = take('#');
    if (counted) {
      TRY(left, length());
    }
    for (; left > 0; --left) {
      while (take('N')) {
      }
      if (!counted && take('}')) break;
      TRY(std::string key, string());
      TRY(const char type, marker());
      TRY(Value value, any(type, depth + 1));
      if (std::find(ignored_.begin(), ignored_.end(), key) != ignored_.end()) value = Value{};
      members.push_back({std::move(key), std::move(value)});
    }
    return finish_object(std::move(members));
  }

  std::string_view bytes_;
  IgnoredKeys ignored_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::size_t numbers_ = 0;
};

}  // namespace

Expected<Value> read_ubj(std::string_view bytes, IgnoredKeys ignored) {
  return UbjReader(bytes, ignored).document();
}

}  // namespace quintet::learn
