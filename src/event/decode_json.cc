// The only file that sees simdjson on the ingest path.
#include <simdjson.h>

#include "event/decode.h"

namespace quintet::event {

namespace od = simdjson::ondemand;

struct Decoder::JsonParser {
  od::parser parser;
  std::string buffer;
};

Decoder::Decoder(const EventType& type, Options options)
    : type_(type), options_(std::move(options)), seen_(type.fields.size(), 0) {
  for (std::size_t i = 0; i < type_.fields.size(); ++i) {
    by_input_name_[type_.fields[i].from] = static_cast<int>(i);
    check(type_.fields[i].privacy != Privacy::pseudonymize || !options_.pseudonym_key.empty(),
          "a pseudonymized field needs a key");
  }
}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

namespace {

Error kind_error(const Field& field, std::string_view found) {
  return refuse(field.from, "wrong_type",
                "expected " + to_string(field.type) + ", found " + std::string(found));
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

struct Reading {
  const Field& field;
  const InputRules& rules;
  int offset;
  Arena& arena;
};

// JSON says what is a string and what a number, so it is held to that: a quoted number is refused
// except for decimals, timestamps and durations, which JSON cannot say exactly.
Expected<Value> scalar(const Reading& r, Type type, od::value json) {
  od::json_type kind;
  if (json.type().get(kind) != simdjson::SUCCESS) return kind_error(r.field, "broken JSON");
  switch (kind) {
    case od::json_type::null: return Value();
    case od::json_type::boolean: {
      bool b = false;
      if (json.get_bool().get(b) != simdjson::SUCCESS) return kind_error(r.field, "broken JSON");
      if (type.kind != Kind::boolean) return kind_error(r.field, "a bool");
      return Value::boolean(b);
    }
    case od::json_type::string: {
      std::string_view text;
      if (json.get_string().get(text) != simdjson::SUCCESS) {
        return refuse(r.field.from, "not_utf8", "the string is not well-formed");
      }
      if (type.kind == Kind::boolean || type.kind == Kind::int64 || type.kind == Kind::real) {
        return kind_error(r.field, "a string");
      }
      return value_of_text(type, text, r.rules, r.offset, r.arena);
    }
    case od::json_type::number: {
      // Token by token, so that decimals never pass through a double.
      const std::string_view token = trimmed(json.raw_json_token());
      double number = 0;
      if (json.get_double().get(number) != simdjson::SUCCESS &&
          type.kind != Kind::decimal && type.kind != Kind::int64) {
        return kind_error(r.field, "a number out of range");
      }
      if (type.kind == Kind::text || type.kind == Kind::bytes || type.kind == Kind::boolean) {
        return kind_error(r.field, "a number");
      }
      return value_of_text(type, token, r.rules, r.offset, r.arena);
    }
    case od::json_type::array: return kind_error(r.field, "an array");
    case od::json_type::object: return kind_error(r.field, "an object");
  }
  return kind_error(r.field, "broken JSON");
}

Expected<Value> list(const Reading& r, od::value json) {
  od::array array;
  if (json.get_array().get(array) != simdjson::SUCCESS) return kind_error(r.field, "no array");
  std::vector<Value> items;
  for (auto element : array) {
    od::value item;
    if (element.get(item) != simdjson::SUCCESS) return kind_error(r.field, "broken JSON");
    if (items.size() == kListItems) {
      return refuse(r.field.from, "too_long", "more than 10,000 items");
    }
    TRY(const Value value, scalar(r, r.field.type.element_type(), item));
    items.push_back(value);
  }
  const auto kept = r.arena.values(items.size());
  std::copy(items.begin(), items.end(), kept.begin());
  return Value::list(kept);
}

Expected<Value> read(const Reading& r, od::value json) {
  if (r.field.type.kind == Kind::list) {
    od::json_type kind;
    if (json.type().get(kind) == simdjson::SUCCESS && kind == od::json_type::null) return Value();
    return list(r, json);
  }
  return scalar(r, r.field.type, json);
}

Error not_json(simdjson::error_code why) {
  return refuse("", why == simdjson::DEPTH_ERROR ? "too_deep" : "not_json",
                std::string("this is not well-formed JSON: ") + simdjson::error_message(why));
}

}  // namespace

Expected<void> Decoder::json(std::string_view object, Event& out) {
  if (parser_ == nullptr) parser_ = std::make_unique<JsonParser>();
  std::string& buffer = parser_->buffer;
  buffer.assign(object);
  buffer.resize(object.size() + simdjson::SIMDJSON_PADDING);
  out.start(type_);
  std::fill(seen_.begin(), seen_.end(), 0);
  od::document document;
  auto error = parser_->parser.iterate(buffer.data(), object.size(), buffer.size()).get(document);
  if (error != simdjson::SUCCESS) return not_json(error);
  od::object fields;
  error = document.get_object().get(fields);
  if (error == simdjson::INCORRECT_TYPE) {
    return refuse("", "not_object", "expected one JSON object");
  }
  if (error != simdjson::SUCCESS) return not_json(error);
  for (auto member : fields) {
    std::string_view name;
    od::value json;
    error = member.unescaped_key().get(name);
    if (error == simdjson::SUCCESS) error = member.value().get(json);
    if (error != simdjson::SUCCESS) return not_json(error);
    const int index = field_of(name);
    if (index < 0) {
      if (type_.input.refuse_unknown) {
        return refuse(name, "unknown_field", "no field of " + type_.name + " has this name");
      }
      continue;
    }
    const auto i = static_cast<std::size_t>(index);
    if (seen_[i]++ != 0) return refuse(name, "duplicate_field", "the object has this field twice");
    auto value = read({type_.fields[i], type_.input, options_.utc_offset_minutes, out.arena}, json);
    if (!value) return std::move(value).error().at(type_.fields[i].from);
    out.values[i] = *value;
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return refuse("", "not_json", "text follows the JSON object");
  }
  return finish(out);
}

}  // namespace quintet::event
