// Values as people read them.
#include "base/civil.h"
#include "base/decimal.h"
#include "base/digest.h"
#include "base/json_out.h"
#include "event/value.h"

namespace quintet::event {

namespace {

void append_scalar(std::string& out, Kind kind, std::uint8_t scale, Value value) {
  switch (kind) {
    case Kind::boolean: out += value.as_bool() ? "true" : "false"; break;
    case Kind::int64: append_decimal(out, value.as_int64(), 0); break;
    case Kind::real: append_double(out, value.as_real()); break;
    case Kind::decimal: append_decimal(out, value.as_int64(), scale); break;
    case Kind::text: out += value.as_text(); break;
    case Kind::bytes: out += to_base64url(value.as_text()); break;
    case Kind::timestamp: append_time(out, value.as_int64()); break;
    case Kind::duration: out += std::to_string(value.as_int64()) + "us"; break;
    case Kind::null:
    case Kind::list: break;
  }
}

void append_json_scalar(std::string& out, Kind kind, std::uint8_t scale, Value value) {
  const bool quoted = kind == Kind::text || kind == Kind::bytes || kind == Kind::timestamp ||
                      kind == Kind::duration;
  if (value.is_null()) {
    out += "null";
  } else if (kind == Kind::text) {
    append_json_text(out, value.as_text());
  } else {
    if (quoted) out += '"';
    append_scalar(out, kind, scale, value);
    if (quoted) out += '"';
  }
}

}  // namespace

void append_text(std::string& out, Type type, Value value) {
  if (value.is_null()) return;
  if (type.kind == Kind::list) {
    append_json(out, type, value);
  } else {
    append_scalar(out, type.kind, type.scale, value);
  }
}

std::string to_text(Type type, Value value) {
  std::string out;
  append_text(out, type, value);
  return out;
}

void append_json(std::string& out, Type type, Value value) {
  if (type.kind != Kind::list || value.is_null()) {
    append_json_scalar(out, type.kind, type.scale, value);
    return;
  }
  out += '[';
  for (const Value item : value.items()) {
    if (out.back() != '[') out += ',';
    append_json_scalar(out, type.element, type.scale, item);
  }
  out += ']';
}

}  // namespace quintet::event
