#include "expr/typed.h"

#include "expr/number.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

Operand failed(const Ast& ast) {
  Operand out;
  out.ast = &ast;
  out.failed = true;
  return out;
}

Operand made(const Ast& ast, Type type, NodePtr node) {
  Operand out;
  out.node = std::move(node);
  out.type = type;
  out.ast = &ast;
  return out;
}

Operand Build::fail(const Ast& ast, std::string_view code, Span span, std::string message,
                    std::string hint) {
  problems.push_back({std::string(code), span, std::move(message), std::move(hint)});
  return failed(ast);
}

std::string types(const Operand& a, const Operand& b) {
  return event::to_string(a.type) + " and " + event::to_string(b.type);
}

namespace {

// A literal's mantissa at a scale, if it can be written so.
std::optional<std::int64_t> written_at(const Ast& literal, int scale) {
  const std::optional<Decimal> d = fewest_places(literal.text);
  return d ? rescale(d->mantissa, d->scale, scale) : std::nullopt;
}

NodePtr widened(NodePtr node, Type from, Type to) {
  if (to.kind == Kind::real && from.kind == Kind::int64) {
    return unary(std::move(node),
                 [](Frame&, Value v) { return Value::real(static_cast<double>(v.as_int64())); });
  }
  if (to.kind == Kind::real) {
    const auto unit = static_cast<double>(power_of_ten(from.scale));
    return unary(std::move(node), [scale = from.scale, unit](Frame&, Value v) {
      const std::int64_t m = v.as_int64();
      return Value::real(small(m) ? static_cast<double>(m) / unit : decimal_to_double(m, scale));
    });
  }
  return unary(std::move(node), [from = from.scale, to = to.scale](Frame& frame, Value v) {
    const std::optional<std::int64_t> mantissa = rescale(v.as_int64(), from, to);
    return mantissa ? Value::decimal(*mantissa) : frame.fail(Fault::overflow);
  });
}

}  // namespace

bool convertible(const Operand& from, Type to) {
  if (from.failed || from.type == to || from.type.kind == Kind::null) return true;
  if (from.is_number_literal() && to.kind == Kind::decimal) {
    return written_at(*from.ast, to.scale).has_value();
  }
  if (!from.type.numeric() || !to.numeric() || from.type.kind == Kind::real) return false;
  if (to.kind == Kind::real) return true;
  return to.kind == Kind::decimal && (from.type.kind == Kind::int64 || from.type.scale <= to.scale);
}

Operand convert(Operand from, Type to) {
  if (from.failed || from.type == to) return from;
  const Type had = std::exchange(from.type, to);
  if (had.kind == Kind::null) return from;
  if (from.is_number_literal()) {
    if (to.kind == Kind::decimal) {
      if (const std::optional<std::int64_t> mantissa = written_at(*from.ast, to.scale)) {
        from.node = constant_node(Value::decimal(*mantissa));
        return from;
      }
    } else if (to.kind == Kind::real) {
      from.node = constant_node(Value::real(*parse_double(from.ast->text)));
      return from;
    }
  }
  from.node = widened(std::move(from.node), had, to);
  return from;
}

std::optional<Type> common_type(std::span<const Operand> operands) {
  std::optional<Type> common;
  bool literals = false;
  const auto take = [&](Type type) {
    if (!common || *common == type) return common = type, true;
    if (!common->numeric() || !type.numeric()) return false;
    if (common->kind == Kind::real || type.kind == Kind::real) {
      common = type_of(Kind::real);
    } else {
      common = Type::decimal(std::max(common->scale, type.scale));
    }
    return true;
  };
  for (const Operand& o : operands) {
    if (o.failed || o.is_null_literal()) continue;
    if (o.is_number_literal()) {
      literals = true;
    } else if (!take(o.type)) {
      return std::nullopt;
    }
  }
  if (!literals) return common ? common : std::optional(type_of(Kind::null));
  // Literals follow: a decimal stays one if they can all be written so.
  const std::optional<Type> others = common;
  for (const Operand& o : operands) {
    if (o.failed || !o.is_number_literal()) continue;
    if (others && others->kind == Kind::decimal && convertible(o, *others)) continue;
    if (!take(o.type)) return std::nullopt;
  }
  return common;
}

void adapt_literal(Operand& literal, const Operand& other) {
  if (literal.failed || !literal.is_number_literal()) return;
  if (other.type.kind == Kind::decimal) {
    // Not a double: a literal of more digits is compared by what is written (S6.4).
    if (convertible(literal, other.type)) {
      literal = convert(std::move(literal), other.type);
    } else if (const std::optional<Decimal> d = fewest_places(literal.ast->text)) {
      literal.type = Type::decimal(static_cast<std::uint8_t>(d->scale));
      literal.node = constant_node(Value::decimal(d->mantissa));
    }
  } else if (other.type.kind == Kind::real && literal.type.kind == Kind::int64 &&
             small(literal.ast->integer)) {
    literal = convert(std::move(literal), other.type);
  }
}

bool comparable(const Operand& a, const Operand& b, Ordered ordered) {
  if (a.failed || b.failed) return true;
  if (a.type.kind == Kind::list || b.type.kind == Kind::list) return false;
  if (a.type.numeric() && b.type.numeric()) return true;
  if (ordered == Ordered::yes && (a.type.kind == Kind::boolean || a.type.kind == Kind::bytes))
    return false;
  return a.type == b.type;
}

int Order::operator()(Value a, Value b) const {
  if (a_ == b_) return event::compare(a, b);
  if (a_.kind == Kind::real) return -compare(Decimal{b.as_int64(), b_.scale}, a.as_real());
  if (b_.kind == Kind::real) return compare(Decimal{a.as_int64(), a_.scale}, b.as_real());
  return compare(Decimal{a.as_int64(), a_.scale}, Decimal{b.as_int64(), b_.scale});
}

namespace {

template <class Compare>
NodePtr compare_by(Op op, NodePtr a, NodePtr b, Compare c) {
  const auto node = [&](auto holds) {
    return binary(std::move(a), std::move(b),
                  [c, holds](Frame&, Value x, Value y) { return Value::boolean(holds(c(x, y))); });
  };
  switch (op) {
    case Op::equal: return node([](int o) { return o == 0; });
    case Op::not_equal: return node([](int o) { return o != 0; });
    case Op::less: return node([](int o) { return o < 0; });
    case Op::less_equal: return node([](int o) { return o <= 0; });
    case Op::greater: return node([](int o) { return o > 0; });
    default: return node([](int o) { return o >= 0; });
  }
}

}  // namespace

NodePtr comparison_node(Op op, Operand a, Operand b) {
  NodePtr x = std::move(a.node), y = std::move(b.node);
  if (a.type == b.type) {
    switch (a.type.kind) {
      case Kind::real:
        return compare_by(op, std::move(x), std::move(y), [](Value v, Value w) {
          return static_cast<int>(v.as_real() > w.as_real()) - (v.as_real() < w.as_real());
        });
      case Kind::text:
      case Kind::bytes:
        return compare_by(op, std::move(x), std::move(y),
                          [](Value v, Value w) { return v.as_text().compare(w.as_text()); });
      default:
        return compare_by(op, std::move(x), std::move(y), [](Value v, Value w) {
          return static_cast<int>(v.as_int64() > w.as_int64()) - (v.as_int64() < w.as_int64());
        });
    }
  }
  return compare_by(op, std::move(x), std::move(y), Order(a.type, b.type));
}

}  // namespace quintet::expr
