#include "feature/raw.h"

#include "base/check.h"

namespace quintet::feature {

using event::Kind;
using event::Value;

RawKind raw_kind(event::Type type) {
  switch (type.kind) {
    case Kind::boolean: return RawKind::boolean;
    case Kind::real: return RawKind::real;
    case Kind::text:
    case Kind::bytes: return RawKind::text;
    case Kind::list: return RawKind::boolean;
    default: return RawKind::integer;
  }
}

Raw raw_of(Value value) {
  switch (value.kind()) {
    case Kind::null: return {};
    case Kind::real: return {order_of(value.as_real()), false};
    case Kind::list: return {1, false};
    case Kind::text:
    case Kind::bytes: check(false, "a text has no raw form of its own"); return {};
    default: return {value.as_int64(), false};
  }
}

Value value_of(Raw raw, event::Type type) {
  if (raw.null) return {};
  switch (type.kind) {
    case Kind::boolean: return Value::boolean(raw.bits != 0);
    case Kind::int64: return Value::int64(raw.bits);
    case Kind::real: return Value::real(real_of(raw.bits));
    case Kind::decimal: return Value::decimal(raw.bits);
    case Kind::timestamp: return Value::timestamp(raw.bits);
    case Kind::duration: return Value::duration(raw.bits);
    default: return {};
  }
}

}  // namespace quintet::feature
