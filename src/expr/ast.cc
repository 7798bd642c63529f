#include "expr/ast.h"

namespace quintet::expr {
namespace {

using Kind = Ast::Kind;

void visit(const Ast& ast, const std::function<void(const Ast&)>& each) {
  for (const Ast* child : operands(ast)) visit(*child, each);
  each(ast);
}

class Printer {
 public:
  explicit Printer(const Spell& resolved) : resolved_(resolved) {}

  std::string text(const Ast& ast) const {
    if (resolved_) {
      if (std::optional<std::string> spelled = resolved_(ast)) return *std::move(spelled);
    }
    switch (ast.kind) {
      case Kind::integer: return std::to_string(ast.integer);
      case Kind::number: return print_number(ast.text);
      case Kind::text: return print_text(ast.text);
      case Kind::boolean: return ast.integer != 0 ? "true" : "false";
      case Kind::null: return "null";
      case Kind::duration: return print_duration(ast.integer);
      case Kind::name: return ast.text;
      case Kind::member: return ast.text + "." + ast.member;
      case Kind::lookup: return ast.text + "[" + text(*ast.children[0]) + "]." + ast.member;
      case Kind::unary: return unary(ast);
      case Kind::binary:
        return "(" + text(*ast.children[0]) + " " + std::string(name_of(ast.op)) + " " +
               text(*ast.children[1]) + ")";
      case Kind::list: return list(ast);
      case Kind::call: return call(ast);
      case Kind::aggregate: return aggregate(ast);
    }
    return {};
  }

 private:
  std::string unary(const Ast& ast) const {
    const std::string operand = text(*ast.children[0]);
    const std::string name(name_of(ast.op));
    if (ast.op == Op::is_null || ast.op == Op::is_not_null) return "(" + operand + " " + name + ")";
    // A sign right before a literal would be read as part of it.
    const bool literal = ast.op == Op::negate && operand[0] >= '0' && operand[0] <= '9';
    return "(" + name + " " + (literal ? "(" + operand + ")" : operand) + ")";
  }

  std::string list(const Ast& ast) const {
    std::string out = "[";
    for (const AstPtr& item : ast.children) out += (out.size() > 1 ? ", " : "") + text(*item);
    return out + "]";
  }

  std::string call(const Ast& ast) const {
    std::string out = ast.text + "(";
    for (std::size_t i = 0; i < ast.arguments.size(); ++i) {
      const Argument& a = ast.arguments[i];
      out += i == 0 ? "" : ", ";
      if (!a.name.empty()) out += a.name + " = ";
      out += text(*a.value);
    }
    return out + ")";
  }

  std::string aggregate(const Ast& ast) const {
    const Clauses& c = *ast.clauses;
    std::string out = call(ast);
    if (!c.from.empty()) out += " from " + c.from;
    if (c.where) out += " where " + text(*c.where);
    out += window(c.over);
    if (c.every) out += " every " + print_duration(*c.every);
    if (c.delayed) out += " delayed " + print_duration(*c.delayed);
    if (!c.by.empty()) out += " by (" + keys(c) + ")";
    if (c.including_this) out += " including this";
    return c.any ? "(" + out + ")" : out;
  }

  static std::string window(const WindowClause& w) {
    switch (w.kind) {
      case WindowClause::Kind::none: return {};
      case WindowClause::Kind::time: return " over " + print_duration(w.length);
      case WindowClause::Kind::count: return " over " + std::to_string(w.n) + " events";
      case WindowClause::Kind::session: return " over session " + print_duration(w.length);
      case WindowClause::Kind::all: return " over all";
      case WindowClause::Kind::next: return " over next " + print_duration(w.length);
    }
    return {};
  }

  std::string keys(const Clauses& c) const {
    std::string out;
    for (const KeyPart& part : c.by) {
      out += (out.empty() ? "" : ", ") + part.field;
      if (part.value) out += " = " + text(*part.value);
    }
    return out;
  }

  const Spell& resolved_;
};

}  // namespace

std::vector<const Ast*> operands(const Ast& ast) {
  std::vector<const Ast*> out;
  if (ast.kind == Kind::aggregate) return out;
  for (const AstPtr& child : ast.children) out.push_back(child.get());
  for (const Argument& argument : ast.arguments) out.push_back(argument.value.get());
  return out;
}

void visit_aggregates(const Ast& ast, const std::function<void(const Ast&)>& each) {
  visit(ast, [&](const Ast& node) {
    if (node.kind == Kind::aggregate) each(node);
  });
}

void visit_names(const Ast& ast, const std::function<void(const Ast&)>& each) {
  visit(ast, [&](const Ast& node) {
    if (node.kind == Kind::name || node.kind == Kind::member || node.kind == Kind::lookup) {
      each(node);
    }
  });
}

std::string print(const Ast& ast, const Spell& resolved) {
  return Printer(resolved).text(ast);
}

std::string_view name_of(Op op) {
  switch (op) {
    case Op::add: return "+";
    case Op::subtract: return "-";
    case Op::multiply: return "*";
    case Op::divide: return "/";
    case Op::modulo: return "%";
    case Op::equal: return "==";
    case Op::not_equal: return "!=";
    case Op::less: return "<";
    case Op::less_equal: return "<=";
    case Op::greater: return ">";
    case Op::greater_equal: return ">=";
    case Op::logical_and: return "and";
    case Op::logical_or: return "or";
    case Op::logical_not: return "not";
    case Op::negate: return "-";
    case Op::is_null: return "is null";
    case Op::is_not_null: return "is not null";
    case Op::in: return "in";
    case Op::not_in: return "not in";
  }
  return {};
}

std::string print_text(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '"':
      case '\\': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
  return out + "\"";
}

std::string print_number(std::string_view digits) {
  const std::size_t e = digits.find_first_of("eE");
  std::string mantissa(digits.substr(0, e));
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa += '0';
  }
  const std::size_t sign = mantissa[0] == '-' ? 1 : 0;
  while (mantissa.size() > sign + 1 && mantissa[sign] == '0' && mantissa[sign + 1] != '.') {
    mantissa.erase(sign, 1);
  }
  if (e == std::string_view::npos) return mantissa;
  std::string exponent(digits.substr(e + 1));
  if (exponent[0] == '+') exponent.erase(0, 1);
  const std::size_t minus = exponent[0] == '-' ? 1 : 0;
  while (exponent.size() > minus + 1 && exponent[minus] == '0') exponent.erase(minus, 1);
  return mantissa + "e" + exponent;
}

}  // namespace quintet::expr
