// The parts of the function table, each beside the code that computes it, and what a call hands to
// that code. Internal to this room.
#pragma once

#include "expr/functions.h"
#include "expr/typed.h"

namespace quintet::expr {

std::span<const Function> choice_functions();
std::span<const Function> number_functions();
std::span<const Function> time_functions();
std::span<const Function> text_functions();
std::span<const Function> value_functions();

// A call whose arguments fit in number, name and Accepts. They stand in the order of the
// parameters; one that was left out has no node.
struct Call {
  Build& build;
  const Ast& ast;
  const Function& function;
  std::vector<Operand> arguments;

  bool has(std::size_t i) const { return i < arguments.size() && arguments[i].node != nullptr; }
  NodePtr node(std::size_t i) { return std::move(arguments[i].node); }
  event::Type type(std::size_t i) const { return arguments[i].type; }
  Operand fail(std::string_view code, Span span, std::string message, std::string hint = {}) {
    return build.fail(ast, code, span, std::move(message), std::move(hint));
  }
  template <class F>
  Operand made1(event::Type type, F f) {
    return made(ast, type, unary(node(0), f));
  }
  template <class F>
  Operand made2(event::Type type, F f) {
    return made(ast, type, binary(node(0), node(1), f));
  }
  template <class F>
  Operand made3(event::Type type, F f) {
    return made(ast, type, ternary(node(0), node(1), node(2), f));
  }
};

Operand choice_function(Call& call);
Operand number_function(Call& call);
Operand time_function(Call& call);
Operand text_function(Call& call);
Operand value_function(Call& call);

// Binds the arguments of a call and makes its node (calls.cc). The operands are those of
// ast.arguments, in that order.
Operand function_call(Build& build, const Ast& ast, std::vector<Operand> operands);

}  // namespace quintet::expr
