// Arithmetic (S6.3), comparison (S6.4) and three-valued logic (S6.2).
#include "base/civil.h"
#include "expr/number.h"
#include "expr/typed.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

Value real_or_overflow(Frame& frame, double d) {
  const Value v = Value::real_or_null(d);
  return v.is_null() ? frame.fail(Fault::overflow) : v;
}

struct Plus {
  static bool overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
    return __builtin_add_overflow(a, b, out);
  }
  static double of(double a, double b) { return a + b; }
};
struct Minus {
  static bool overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
    return __builtin_sub_overflow(a, b, out);
  }
  static double of(double a, double b) { return a - b; }
};
struct Times {
  static bool overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
    return __builtin_mul_overflow(a, b, out);
  }
  static double of(double a, double b) { return a * b; }
};

// On the int64 inside both values; `make` is the Value of the result.
template <class O>
NodePtr whole(NodePtr a, NodePtr b, Value (*make)(std::int64_t)) {
  return binary(std::move(a), std::move(b), [make](Frame& frame, Value x, Value y) {
    std::int64_t out = 0;
    if (O::overflows(x.as_int64(), y.as_int64(), &out)) return frame.fail(Fault::overflow);
    return make(out);
  });
}

template <class O>
NodePtr time_sum(NodePtr a, NodePtr b) {
  return binary(std::move(a), std::move(b), [](Frame& frame, Value x, Value y) {
    std::int64_t out = 0;
    if (O::overflows(x.as_int64(), y.as_int64(), &out) || !is_time(out)) {
      return frame.fail(Fault::overflow);
    }
    return Value::timestamp(out);
  });
}

Operand mismatch(Build& build, const Ast& ast, const Operand& a, const Operand& b) {
  const std::string op(name_of(ast.op));
  std::string hint;
  if (a.type.kind == Kind::text && ast.op == Op::add) {
    hint = "texts are joined by concat(a, b)";
  } else if (a.type.kind == Kind::boolean || b.type.kind == Kind::boolean) {
    hint = "a bool becomes a number by if(b, 1, 0)";
  } else if (a.type.kind == Kind::text || b.type.kind == Kind::text) {
    hint = "a text becomes a number by to_int64 or to_double";
  } else if (ast.op == Op::modulo) {
    hint = "`%` takes int64 only; to_int64 cuts a number to one";
  } else if (a.type.kind == Kind::duration || b.type.kind == Kind::duration) {
    hint = "a duration becomes a number by days, hours, minutes or seconds";
  }
  return build.fail(ast, code::kType, ast.name_span, "`" + op + "` does not take " + types(a, b),
                    std::move(hint));
}

// A double rounded once. Powers of ten are doubles up to 10^22, so small ones are divided as such.
Operand decimal_product(const Ast& ast, Operand a, Operand b) {
  const int s = a.type.scale, t = b.type.scale;
  const bool exact = s + t <= 22;
  const double unit =
      exact ? static_cast<double>(power_of_ten(s)) * static_cast<double>(power_of_ten(t)) : 1;
  return made(
      ast, type_of(Kind::real),
      binary(std::move(a.node), std::move(b.node), [s, t, exact, unit](Frame&, Value x, Value y) {
        std::int64_t m = 0;
        const std::int64_t v = x.as_int64(), w = y.as_int64();
        if (exact && !__builtin_mul_overflow(v, w, &m) && small(m)) {
          return Value::real(static_cast<double>(m) / unit);
        }
        return Value::real(multiply({v, s}, {w, t}));
      }));
}

template <class O>
Operand numbers(const Ast& ast, Operand a, Operand b) {
  if (a.type.kind == Kind::real || b.type.kind == Kind::real) {
    a = convert(std::move(a), type_of(Kind::real));
    b = convert(std::move(b), type_of(Kind::real));
    return made(ast, type_of(Kind::real),
                binary(std::move(a.node), std::move(b.node), [](Frame& frame, Value x, Value y) {
                  return real_or_overflow(frame, O::of(x.as_real(), y.as_real()));
                }));
  }
  if (a.type.kind == Kind::int64 && b.type.kind == Kind::int64) {
    return made(ast, a.type, whole<O>(std::move(a.node), std::move(b.node), Value::int64));
  }
  const Type sum = Type::decimal(std::max(a.type.scale, b.type.scale));
  if (!std::is_same_v<O, Times>) {
    a = convert(std::move(a), sum);
    b = convert(std::move(b), sum);
  } else if (a.type.kind == Kind::decimal && b.type.kind == Kind::decimal) {
    return decimal_product(ast, std::move(a), std::move(b));
  }
  return made(ast, sum, whole<O>(std::move(a.node), std::move(b.node), Value::decimal));
}

Operand division(const Ast& ast, Operand a, Operand b) {
  const Type real = type_of(Kind::real);
  if (a.type.kind == Kind::real || b.type.kind == Kind::real) {
    a = convert(std::move(a), real);
    b = convert(std::move(b), real);
    return made(ast, real,
                binary(std::move(a.node), std::move(b.node), [](Frame& frame, Value x, Value y) {
                  if (y.as_real() == 0) return frame.fail(Fault::domain);
                  return real_or_overflow(frame, x.as_real() / y.as_real());
                }));
  }
  return made(ast, real,
              binary(std::move(a.node), std::move(b.node),
                     [s = a.type.scale, t = b.type.scale](Frame& frame, Value x, Value y) {
                       const std::int64_t m = x.as_int64(), d = y.as_int64();
                       if (d == 0) return frame.fail(Fault::domain);
                       if (s == t && small(m) && small(d)) {
                         return Value::real(static_cast<double>(m) / static_cast<double>(d));
                       }
                       return Value::real(divide({m, s}, {d, t}));
                     }));
}

Operand modulo(const Ast& ast, Operand a, Operand b) {
  return made(ast, type_of(Kind::int64),
              binary(std::move(a.node), std::move(b.node), [](Frame& frame, Value x, Value y) {
                const std::int64_t m = y.as_int64();
                if (m == 0) return frame.fail(Fault::domain);
                if (m == -1) return Value::int64(0);
                const std::int64_t r = x.as_int64() % m;
                return Value::int64(r != 0 && (r < 0) != (m < 0) ? r + m : r);
              }));
}

// A literal beside a decimal becomes one if it can be written so. An int64 literal is left alone:
// as int64 it gives the same sum, and a product that keeps the scale.
void adapt(Operand& literal, const Operand& other) {
  if (literal.ast->kind == Ast::Kind::number && other.type.kind == Kind::decimal &&
      convertible(literal, other.type)) {
    literal = convert(std::move(literal), other.type);
  }
}

Operand number_arithmetic(Build& build, const Ast& ast, Operand a, Operand b) {
  adapt(a, b);
  adapt(b, a);
  switch (ast.op) {
    case Op::add: return numbers<Plus>(ast, std::move(a), std::move(b));
    case Op::subtract: return numbers<Minus>(ast, std::move(a), std::move(b));
    case Op::multiply: return numbers<Times>(ast, std::move(a), std::move(b));
    case Op::divide: return division(ast, std::move(a), std::move(b));
    default: break;
  }
  if (a.type.kind != Kind::int64 || b.type.kind != Kind::int64) return mismatch(build, ast, a, b);
  return modulo(ast, std::move(a), std::move(b));
}

Operand time_arithmetic(Build& build, const Ast& ast, Operand a, Operand b) {
  const Kind x = a.type.kind, y = b.type.kind;
  const auto durations = [&](auto o) {
    return made(ast, type_of(Kind::duration),
                whole<decltype(o)>(std::move(a.node), std::move(b.node), Value::duration));
  };
  const auto time = [&](auto o) {
    return made(ast, type_of(Kind::timestamp),
                time_sum<decltype(o)>(std::move(a.node), std::move(b.node)));
  };
  const bool both = x == Kind::duration && y == Kind::duration;
  switch (ast.op) {
    case Op::add:
      if (both) return durations(Plus());
      if ((x == Kind::timestamp && y == Kind::duration) ||
          (x == Kind::duration && y == Kind::timestamp)) {
        return time(Plus());
      }
      break;
    case Op::subtract:
      if (both || (x == Kind::timestamp && y == Kind::timestamp)) return durations(Minus());
      if (x == Kind::timestamp && y == Kind::duration) return time(Minus());
      break;
    case Op::multiply:
      if ((x == Kind::duration && y == Kind::int64) || (x == Kind::int64 && y == Kind::duration)) {
        return durations(Times());
      }
      break;
    case Op::divide:
      if (both) return division(ast, std::move(a), std::move(b));
      break;
    default: break;
  }
  return mismatch(build, ast, a, b);
}

bool is_time_kind(const Operand& o) {
  return o.type.kind == Kind::timestamp || o.type.kind == Kind::duration;
}

Operand arithmetic(Build& build, const Ast& ast, Operand a, Operand b) {
  if (a.is_null_literal() || b.is_null_literal()) {
    return build.fail(ast, code::kType, ast.name_span,
                      "`" + std::string(name_of(ast.op)) + "` with null is always null");
  }
  if (a.type.numeric() && b.type.numeric()) {
    return number_arithmetic(build, ast, std::move(a), std::move(b));
  }
  if (is_time_kind(a) || is_time_kind(b)) {
    return time_arithmetic(build, ast, std::move(a), std::move(b));
  }
  return mismatch(build, ast, a, b);
}

Operand comparison(Build& build, const Ast& ast, Operand a, Operand b) {
  const std::string op(name_of(ast.op));
  if (a.is_null_literal() || b.is_null_literal()) {
    const Ast& other = a.is_null_literal() ? *b.ast : *a.ast;
    const bool negative = ast.op == Op::not_equal;
    return build.fail(ast, code::kNullCompared, ast.span, "`" + op + "` with null is always null",
                      "write " + print(other) + (negative ? " is not null" : " is null"));
  }
  const bool equality = ast.op == Op::equal || ast.op == Op::not_equal;
  adapt_literal(a, b);
  adapt_literal(b, a);
  if (comparable(a, b, equality ? Ordered::no : Ordered::yes)) {
    return made(ast, type_of(Kind::boolean), comparison_node(ast.op, std::move(a), std::move(b)));
  }
  std::string hint;
  if (a.type == b.type) {
    return build.fail(ast, code::kType, ast.name_span,
                      "`" + op + "` does not order " + event::to_string(a.type),
                      "compare with == or !=");
  }
  if (a.type.kind == Kind::list || b.type.kind == Kind::list) {
    hint = "whether a list holds a value is asked by x in list";
  } else if ((b.ast->kind == Ast::Kind::text && a.type.kind == Kind::timestamp) ||
             (a.ast->kind == Ast::Kind::text && b.type.kind == Kind::timestamp)) {
    hint = "no literal is a point in time: compare a part of it, as year(at) >= 2024";
  } else if (b.ast->kind == Ast::Kind::text && a.type.numeric()) {
    hint = "write the number without quotes";
  } else if (b.ast->kind == Ast::Kind::integer && a.type.kind == Kind::boolean) {
    hint = "a bool is true or false";
  } else if (b.ast->kind == Ast::Kind::integer && a.type.kind == Kind::duration) {
    hint = "write a duration, as 7d or 30m";
  }
  return build.fail(ast, code::kType, ast.name_span, "`" + op + "` cannot compare " + types(a, b),
                    std::move(hint));
}

bool need_bool(Build& build, const Ast& ast, const Operand& o) {
  if (o.failed || o.type.kind == Kind::boolean || o.is_null_literal()) return !o.failed;
  build.fail(
      ast, code::kNotBool, o.ast->span,
      "`" + std::string(name_of(ast.op)) + "` needs bool, this is " + event::to_string(o.type),
      o.type.numeric() ? "write the comparison, as x != 0" : "");
  return false;
}

// False and anything is false; true or anything is true; else a null makes null.
NodePtr logic(bool decisive, NodePtr a, NodePtr b) {
  Nodes nodes;
  nodes.push_back(std::move(a));
  nodes.push_back(std::move(b));
  return special(std::move(nodes), [decisive](Frame& frame, const Nodes& n) {
    const Value x = n[0]->eval(frame);
    if (!x.is_null() && x.as_bool() == decisive) return x;
    const Value y = n[1]->eval(frame);
    if (!y.is_null() && y.as_bool() == decisive) return y;
    return x.is_null() ? x : y;
  });
}

Operand negated(Build& build, const Ast& ast, Operand a) {
  const Type type = a.type;
  if (type.kind == Kind::real) {
    return made(ast, type, unary(std::move(a.node), [](Frame&, Value v) {
                  return Value::real(-v.as_real());
                }));
  }
  if (type.numeric() || type.kind == Kind::duration) {
    const auto make = type.kind == Kind::int64     ? Value::int64
                      : type.kind == Kind::decimal ? Value::decimal
                                                   : Value::duration;
    return made(ast, type, whole<Minus>(constant_node(Value::int64(0)), std::move(a.node), make));
  }
  return build.fail(ast, code::kType, ast.name_span,
                    "`-` needs a number or a duration, this is " + event::to_string(type));
}

}  // namespace

Operand unary_operation(Build& build, const Ast& ast, Operand a) {
  const Type boolean = type_of(Kind::boolean);
  switch (ast.op) {
    case Op::is_null:
    case Op::is_not_null: {
      if (a.failed) return a;
      Nodes nodes;
      nodes.push_back(std::move(a.node));
      const bool wanted = ast.op == Op::is_null;
      return made(ast, boolean, special(std::move(nodes), [wanted](Frame& frame, const Nodes& n) {
                    return Value::boolean(n[0]->eval(frame).is_null() == wanted);
                  }));
    }
    case Op::logical_not:
      if (!need_bool(build, ast, a)) return failed(ast);
      return made(ast, boolean, unary(std::move(a.node), [](Frame&, Value v) {
                    return Value::boolean(!v.as_bool());
                  }));
    default: break;
  }
  if (a.failed) return a;
  return negated(build, ast, std::move(a));
}

Operand binary_operation(Build& build, const Ast& ast, Operand a, Operand b) {
  switch (ast.op) {
    case Op::logical_and:
    case Op::logical_or: {
      const bool left = need_bool(build, ast, a), right = need_bool(build, ast, b);
      if (!left || !right) return failed(ast);
      return made(ast, type_of(Kind::boolean),
                  logic(ast.op == Op::logical_or, std::move(a.node), std::move(b.node)));
    }
    default: break;
  }
  if (a.failed || b.failed) return failed(ast);
  switch (ast.op) {
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return comparison(build, ast, std::move(a), std::move(b));
    default: return arithmetic(build, ast, std::move(a), std::move(b));
  }
}

}  // namespace quintet::expr
