// `x in [...]`, `x in list`.
#include "expr/typed.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

Operand null_in(Build& build, const Ast& ast, const Operand& x) {
  return build.fail(ast, code::kNullCompared, x.ast->span, "null is in no list",
                    "a null is tested by x is null");
}

}  // namespace

Operand membership(Build& build, const Ast& ast, Operand x, std::vector<Operand> items) {
  if (x.failed) return x;
  if (x.is_null_literal()) {
    return null_in(build, ast, x);
  }
  std::vector<Order> orders;
  Nodes nodes;
  bool bad = false;
  for (const Operand& item : items) {
    if (item.type.kind == Kind::decimal) adapt_literal(x, item);
  }
  const Type type = x.type;
  for (Operand& item : items) {
    adapt_literal(item, x);
    if (item.is_null_literal()) {
      build.fail(ast, code::kNullCompared, item.ast->span, "nothing equals null",
                 "write x is null or x in [...]");
      bad = true;
      continue;
    }
    if (!comparable(item, x, Ordered::no)) {
      build.fail(
          ast, code::kType, item.ast->span,
          "a list for " + event::to_string(type) + " cannot hold " + event::to_string(item.type));
      bad = true;
    }
    bad = bad || item.failed;
    orders.emplace_back(item.type, type);
    nodes.push_back(std::move(item.node));
  }
  if (bad) return failed(ast);
  nodes.push_back(std::move(x.node));
  const bool wanted = ast.op != Op::not_in;
  return made(ast, type_of(Kind::boolean),
              special(std::move(nodes), [orders, wanted](Frame& frame, const Nodes& n) {
                const Value v = n.back()->eval(frame);
                if (v.is_null()) return v;
                bool unknown = false;
                for (std::size_t i = 0; i < orders.size(); ++i) {
                  const Value item = n[i]->eval(frame);
                  if (item.is_null()) {
                    unknown = true;
                  } else if (orders[i](item, v) == 0) {
                    return Value::boolean(wanted);
                  }
                }
                return unknown ? Value() : Value::boolean(!wanted);
              }));
}

Operand list_membership(Build& build, const Ast& ast, Operand x, Operand list) {
  if (x.failed || list.failed) return failed(ast);
  if (x.is_null_literal()) return null_in(build, ast, x);
  if (list.type.kind != Kind::list) {
    return build.fail(ast, code::kType, list.ast->span,
                      "`in` needs a list, this is " + event::to_string(list.type),
                      "write the values in brackets, as x in [1, 2]");
  }
  const Type element = list.type.element_type();
  const Operand item = made(*list.ast, element, nullptr);
  adapt_literal(x, item);
  if (!comparable(x, item, Ordered::no)) {
    return build.fail(
        ast, code::kType, x.ast->span,
        "a " + event::to_string(list.type) + " cannot hold " + event::to_string(x.type));
  }
  const bool wanted = ast.op != Op::not_in;
  return made(ast, type_of(Kind::boolean),
              binary(std::move(x.node), std::move(list.node),
                     [order = Order(element, x.type), wanted](Frame&, Value v, Value items) {
                       bool unknown = false;
                       for (const Value i : items.items()) {
                         unknown = unknown || i.is_null();
                         if (!i.is_null() && order(i, v) == 0) return Value::boolean(wanted);
                       }
                       return unknown ? Value() : Value::boolean(!wanted);
                     }));
}

}  // namespace quintet::expr
