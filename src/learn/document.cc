#include "learn/document.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace quintet::learn {
namespace {

constexpr std::string_view kKindNames[] = {"null",    "a truth value", "a number", "text",
                                           "numbers", "a list",        "an object"};

const Value* find(const Value& value, std::string_view key) {
  const auto* members = std::get_if<Value::Members>(&value.is);
  if (members == nullptr) return nullptr;
  for (const auto& [name, member] : *members) {
    if (name == key) return &member;
  }
  return nullptr;
}

}  // namespace

Error Place::wrong(std::string_view what) const {
  const std::string where = path_.empty() ? "the model file" : path_;
  return std::move(invalid(where + " " + std::string(what))).at(path_);
}

Expected<Place> Place::member(std::string_view key) const {
  if (!std::holds_alternative<Value::Members>(value_->is)) return wrong("is not an object");
  const std::string path = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  const Value* found = find(*value_, key);
  if (found == nullptr) return wrong("lacks \"" + std::string(key) + "\"");
  return Place(*found, path);
}

bool Place::has(std::string_view key) const {
  return find(*value_, key) != nullptr;
}

Expected<std::vector<Place>> Place::list() const {
  if (const auto* none = std::get_if<Value::Numbers>(&value_->is); none && none->empty()) {
    return std::vector<Place>{};
  }
  const auto* values = std::get_if<Value::List>(&value_->is);
  if (values == nullptr) return wrong("is not a list");
  std::vector<Place> places;
  places.reserve(values->size());
  for (std::size_t i = 0; i < values->size(); ++i) {
    places.emplace_back((*values)[i], path_ + "[" + std::to_string(i) + "]");
  }
  return places;
}

Expected<std::span<const double>> Place::numbers() const {
  const auto* numbers = std::get_if<Value::Numbers>(&value_->is);
  if (numbers == nullptr) {
    return wrong("should be a list of numbers but is " +
                 std::string(kKindNames[value_->is.index()]));
  }
  return std::span<const double>(*numbers);
}

Expected<std::string_view> Place::text() const {
  const auto* text = std::get_if<std::string>(&value_->is);
  if (text == nullptr) {
    return wrong("should be text but is " + std::string(kKindNames[value_->is.index()]));
  }
  return std::string_view(*text);
}

Expected<double> Place::number() const {
  const auto* number = std::get_if<double>(&value_->is);
  if (number == nullptr) {
    return wrong("should be a number but is " + std::string(kKindNames[value_->is.index()]));
  }
  return *number;
}

Expected<std::int64_t> Place::integer(std::int64_t least, std::int64_t most) const {
  std::int64_t found = 0;
  if (const auto* text = std::get_if<std::string>(&value_->is)) {
    const char* end = text->data() + text->size();
    const auto [at, failure] = std::from_chars(text->data(), end, found);
    if (failure != std::errc() || at != end) return wrong("is not a whole number");
  } else {
    TRY(const double number, this->number());
    if (!(number >= -9e15 && number <= 9e15) || number != std::floor(number)) {
      return wrong("is not a whole number");
    }
    found = static_cast<std::int64_t>(number);
  }
  if (found < least || found > most) {
    return wrong("is " + std::to_string(found) + ", outside " + std::to_string(least) + " to " +
                 std::to_string(most));
  }
  return found;
}

Expected<Value> finish_object(Value::Members members) {
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const auto& member : members) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) return invalid("the key " + shown(*twice) + " comes twice");
  return Value{std::move(members)};
}

}  // namespace quintet::learn
