#include "event/decode.h"

#include "base/civil.h"
#include "base/decimal.h"
#include "base/digest.h"

namespace quintet::event {

Error refuse(std::string_view field, std::string_view id, std::string message) {
  return invalid(std::move(message)).at(std::string(field)).with_id(std::string(id));
}

namespace {

constexpr std::size_t kPseudonymBytes = 16;  // S8.1
constexpr std::size_t kMaskKeeps = 4;

Error wrong_type(Type type, std::string_view text) {
  return refuse("", "wrong_type",
                "\"" + std::string(text.substr(0, 40)) + "\" is no " + to_string(type));
}

// Whether parse_int64() is worth trying: a refusal costs more than the time that follows.
bool looks_whole(std::string_view text) {
  for (const char c : text.substr(text.starts_with('-') ? 1 : 0)) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

Expected<Value> timestamp_of(std::string_view text, const InputRules& rules, int offset) {
  if (!looks_whole(text)) {
    auto t = parse_time(text, offset);
    if (!t) return wrong_type(Type::of(Kind::timestamp), text);
    return Value::timestamp(*t);
  }
  if (auto number = parse_int64(text)) {
    std::int64_t scale = 1;
    if (rules.epoch == InputRules::Epoch::seconds) scale = kSecond;
    if (rules.epoch == InputRules::Epoch::millis) scale = 1000;
    Micros t = 0;
    if (__builtin_mul_overflow(*number, scale, &t) || !is_time(t)) {
      return refuse("", "out_of_range", "a time outside the years 1 to 9999");
    }
    return Value::timestamp(t);
  }
  return wrong_type(Type::of(Kind::timestamp), text);
}

// Microseconds as a bare number, or parts as 1h30m, all of them negative after a sign.
Expected<Value> duration_of(std::string_view text) {
  static constexpr std::pair<std::string_view, Micros> kUnits[] = {
      {"us", 1}, {"ms", 1000}, {"s", kSecond}, {"m", kMinute}, {"h", kHour}, {"d", kDay}};
  if (const auto micros = parse_int64(text)) return Value::duration(*micros);
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  Micros total = 0;
  bool good = !rest.empty();
  while (good && !rest.empty()) {
    const std::size_t size = std::min(rest.find_first_not_of("0123456789"), rest.size());
    auto part = parse_int64(rest.substr(0, size));
    rest.remove_prefix(size);
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    rest.remove_prefix(name.size());
    const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                   [&](const auto& each) { return each.first == name; });
    good = part && unit != std::end(kUnits) &&
           !__builtin_mul_overflow(*part, negative ? -unit->second : unit->second, &*part) &&
           !__builtin_add_overflow(total, *part, &total);
  }
  if (!good) return wrong_type(Type::of(Kind::duration), text);
  return Value::duration(total);
}

// Base64 in either alphabet, with or without padding: the form in which results show bytes.
Expected<Value> bytes_of_text(std::string_view text, Arena& arena) {
  std::string plain(text.substr(0, text.find_last_not_of('=') + 1));
  for (char& c : plain) c = c == '+' ? '-' : (c == '/' ? '_' : c);
  const auto bytes = from_base64url(plain);
  if (!bytes) return refuse("", "wrong_type", "bytes are written in base64, this is not");
  return Value::bytes(arena.copy(*bytes));
}

}  // namespace

Expected<Value> value_of_text(Type type, std::string_view text, const InputRules& rules,
                              int utc_offset_minutes, Arena& arena) {
  switch (type.kind) {
    case Kind::boolean:
      if (text == "true" || text == "1" || text == "True" || text == "TRUE") {
        return Value::boolean(true);
      }
      if (text == "false" || text == "0" || text == "False" || text == "FALSE") {
        return Value::boolean(false);
      }
      return wrong_type(type, text);
    case Kind::int64: {
      const auto number = parse_int64(text);
      if (!number) return wrong_type(type, text);
      return Value::int64(*number);
    }
    case Kind::real: {
      const auto number = parse_double(text);
      if (!number) return wrong_type(type, text);
      return Value::real(*number);
    }
    case Kind::decimal: {
      const auto number = parse_decimal(text, type.scale);
      if (!number) return refuse("", "wrong_type", number.error().message());
      return Value::decimal(*number);
    }
    case Kind::text:
    case Kind::bytes:
      if (text.size() > kTextBytes) {
        return refuse("", "too_long", "more than " + std::to_string(kTextBytes) + " bytes");
      }
      if (type.kind == Kind::bytes) return bytes_of_text(text, arena);
      return Value::text(arena.copy(text));
    case Kind::timestamp: return timestamp_of(text, rules, utc_offset_minutes);
    case Kind::duration: return duration_of(text);
    case Kind::null:
    case Kind::list: break;
  }
  return wrong_type(type, text);
}

int Decoder::field_of(std::string_view input_name) const {
  const auto found = by_input_name_.find(input_name);
  return found == by_input_name_.end() ? -1 : found->second;
}

Expected<void> Decoder::csv_header(std::span<const std::string_view> names) {
  csv_columns_.clear();
  std::vector<char> taken(type_.fields.size(), 0);
  for (const std::string_view name : names) {
    const int field = field_of(name);
    if (field < 0 && type_.input.refuse_unknown) {
      return refuse(name, "unknown_field", "no field of " + type_.name + " comes from this column");
    }
    if (field >= 0 && taken[static_cast<std::size_t>(field)]++ != 0) {
      return refuse(name, "duplicate_field", "the header names this column twice");
    }
    csv_columns_.push_back(field);
  }
  for (std::size_t i = 0; i < type_.fields.size(); ++i) {
    const Field& field = type_.fields[i];
    if (!taken[i] && !field.optional && field.fallback.is_null() &&
        field.privacy != Privacy::drop) {
      return refuse(field.from, "missing", "the header lacks this column");
    }
  }
  return {};
}

Expected<void> Decoder::csv(std::span<const std::string_view> cells, Event& out) {
  if (cells.size() > csv_columns_.size()) {
    return refuse("", "wrong_columns",
                  "the line has " + std::to_string(cells.size()) + " cells, the header " +
                      std::to_string(csv_columns_.size()));
  }
  out.start(type_);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (csv_columns_[i] < 0) continue;
    const auto index = static_cast<std::size_t>(csv_columns_[i]);
    const Field& field = type_.fields[index];
    const auto& nulls = type_.input.nulls;
    if (std::find(nulls.begin(), nulls.end(), cells[i]) != nulls.end()) continue;
    auto value =
        value_of_text(field.type, cells[i], type_.input, options_.utc_offset_minutes, out.arena);
    if (!value) return std::move(value).error().at(field.from);
    out.values[index] = *value;
  }
  return finish(out);
}

Expected<void> Decoder::check_limits(const Field& field, Value value) {
  if (field.minimum && compare(value, *field.minimum) < 0) {
    return refuse(field.from, "out_of_range",
                  to_text(field.type, value) + " is below the minimum " +
                      to_text(field.type, *field.minimum));
  }
  if (field.maximum && compare(value, *field.maximum) > 0) {
    return refuse(field.from, "out_of_range",
                  to_text(field.type, value) + " is above the maximum " +
                      to_text(field.type, *field.maximum));
  }
  if (!field.levels.empty() &&
      std::find(field.levels.begin(), field.levels.end(), value.as_text()) == field.levels.end()) {
    return refuse(field.from, "not_a_level",
                  "\"" + std::string(value.as_text().substr(0, 40)) + "\" is none of the levels");
  }
  return {};
}

std::string pseudonym(std::string_view key, std::string_view text) {
  const Digest mac = hmac_sha256(key, text);
  return to_hex({reinterpret_cast<const char*>(mac.data()), kPseudonymBytes});
}

bool is_pseudonym(std::string_view text) {
  return text.size() == 2 * kPseudonymBytes &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

void Decoder::make_private(const Field& field, Value& value, Arena& arena) const {
  if (field.privacy == Privacy::drop) value = Value();
  if (value.is_null()) return;
  if (field.privacy == Privacy::pseudonymize) {
    const std::string text = to_text(field.type, value);
    value = Value::text(arena.copy(pseudonym(options_.pseudonym_key, text)));
  } else if (field.privacy == Privacy::mask) {
    // Bytes that continue a UTF-8 character count as part of it.
    const std::string_view text = value.as_text();
    std::size_t keep = text.size(), characters = 0;
    while (keep > 0 && characters < kMaskKeeps) {
      --keep;
      if ((static_cast<unsigned char>(text[keep]) & 0xC0U) != 0x80U) ++characters;
    }
    std::string masked;
    for (std::size_t i = 0; i < keep; ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) masked += '*';
    }
    value = Value::text(arena.copy(masked.append(text.substr(keep))));
  }
}

Expected<void> Decoder::finish(Event& out) {
  for (std::size_t i = 0; i < type_.fields.size(); ++i) {
    const Field& field = type_.fields[i];
    Value& value = out.values[i];
    if (value.is_null() && !field.fallback.is_null()) value = field.fallback;
    if (value.is_null()) {
      if (!field.optional && field.privacy != Privacy::drop) {
        return refuse(field.from, "missing", "this field is not optional");
      }
      continue;
    }
    if (field.minimum || field.maximum || !field.levels.empty()) {
      TRY_DO(check_limits(field, value));
    }
    if (field.privacy != Privacy::none) make_private(field, value, out.arena);
  }
  if (type_.time_field >= 0) {
    const Value time = out.values[static_cast<std::size_t>(type_.time_field)];
    if (!time.is_null()) out.time = time.as_int64();
  }
  if (type_.id_field >= 0) {
    const auto index = static_cast<std::size_t>(type_.id_field);
    const Value id = out.values[index];
    if (id.kind() == Kind::text) {
      out.id = id.as_text();
    } else {
      scratch_.clear();
      append_text(scratch_, type_.fields[index].type, id);
      out.id = out.arena.copy(scratch_);
    }
    if (out.id.empty()) {
      return refuse(type_.fields[index].from, "missing", "an id cannot be empty");
    }
  }
  return {};
}

Expected<void> split_csv(std::string_view line, char separator, std::string& scratch,
                         std::vector<std::string_view>& cells) {
  cells.clear();
  scratch.clear();
  scratch.reserve(line.size());  // so that views into it stay good
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::size_t at = 0;
  for (;;) {
    if (at < line.size() && line[at] == '"') {
      const std::size_t begin = scratch.size();
      for (++at;; ++at) {
        if (at >= line.size()) return refuse("", "wrong_columns", "a quote is not closed");
        if (line[at] != '"') {
          scratch += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          scratch += line[++at];
        } else {
          break;
        }
      }
      ++at;
      cells.emplace_back(scratch.data() + begin, scratch.size() - begin);
      if (at < line.size() && line[at] != separator) {
        return refuse("", "wrong_columns", "text follows a closing quote");
      }
    } else {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      cells.push_back(line.substr(at, end - at));
      at = end;
    }
    if (at >= line.size()) return {};
    ++at;
  }
}

}  // namespace quintet::event
