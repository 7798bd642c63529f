// A checked part of an expression on its way into a Program, and the type rules that operators and
// functions share: what converts to what, which types have a common one, what compares with what
// (S6.3, S6.4). Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "expr/ast.h"
#include "expr/tree.h"

namespace quintet::expr {

struct Operand {
  NodePtr node;  // null if it failed
  event::Type type;
  const Ast* ast = nullptr;
  bool failed = false;  // a problem was reported inside; say nothing more about it

  bool is_null_literal() const { return !failed && type.kind == event::Kind::null; }
  // An int64 or double literal, which takes the type of what stands next to it.
  bool is_number_literal() const {
    return ast->kind == Ast::Kind::integer || ast->kind == Ast::Kind::number;
  }
};

// What a check() carries through the tree.
struct Build {
  std::vector<Problem>& problems;
  int utc_offset_minutes = 0;

  Operand fail(const Ast& ast, std::string_view code, Span span, std::string message,
               std::string hint = {});
};

Operand failed(const Ast& ast);
Operand made(const Ast& ast, event::Type type, NodePtr node);
inline event::Type type_of(event::Kind kind) {
  return event::Type::of(kind);
}

// Equal types; null to anything; int64 to decimal and double; decimal to a larger scale and to
// double; a number literal to a decimal that can be written so.
bool convertible(const Operand& from, event::Type to);
// What convertible() allows. Out of range is null and a fault.
Operand convert(Operand from, event::Type to);

// The type that all of them convert to; null literals do not count. Nothing if there is none.
std::optional<event::Type> common_type(std::span<const Operand> operands);

// Before a comparison a number literal takes the other's type, where that keeps its value.
void adapt_literal(Operand& literal, const Operand& other);
// Can the two be compared for equality or, if asked, for order?
enum class Ordered : std::uint8_t { no, yes };
bool comparable(const Operand& a, const Operand& b, Ordered ordered);
// The order of two non-null values of those types by exact value; types must be comparable.
class Order {
 public:
  Order(event::Type a, event::Type b) : a_(a), b_(b) {}
  int operator()(event::Value a, event::Value b) const;

 private:
  event::Type a_, b_;
};
NodePtr comparison_node(Op op, Operand a, Operand b);

// The operators (operators.cc). Children are checked already.
Operand unary_operation(Build& build, const Ast& ast, Operand a);
Operand binary_operation(Build& build, const Ast& ast, Operand a, Operand b);
// `x in [items]`, and `x in list` where the list is a value.
Operand membership(Build& build, const Ast& ast, Operand x, std::vector<Operand> items);
Operand list_membership(Build& build, const Ast& ast, Operand x, Operand list);

// "int64 and string"
std::string types(const Operand& a, const Operand& b);

}  // namespace quintet::expr
