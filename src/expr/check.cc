#include "expr/check.h"

#include "expr/aggregates.h"
#include "expr/number.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

std::optional<Symbol> Scope::member(std::string_view, std::string_view) const {
  return std::nullopt;
}
std::vector<std::string> Scope::members(std::string_view) const {
  return {};
}
std::vector<std::string> Scope::objects() const {
  return {};
}

namespace {

class Checker {
 public:
  Checker(const Scope& scope, const CheckOptions& options, std::vector<Problem>& problems)
      : scope_(scope), options_(options), build_{problems, options.utc_offset_minutes} {}

  Operand visit(const Ast& ast) {
    switch (ast.kind) {
      case Ast::Kind::integer:
        return made(ast, type_of(Kind::int64), constant_node(Value::int64(ast.integer)));
      case Ast::Kind::number: return number(ast);
      case Ast::Kind::text:
        return made(ast, type_of(Kind::text), constant_node(Value::text(ast.text)));
      case Ast::Kind::boolean:
        return made(ast, type_of(Kind::boolean), constant_node(Value::boolean(ast.integer != 0)));
      case Ast::Kind::null: return made(ast, Type(), constant_node(Value()));
      case Ast::Kind::duration:
        return made(ast, type_of(Kind::duration), constant_node(Value::duration(ast.integer)));
      case Ast::Kind::name:
      case Ast::Kind::member:
      case Ast::Kind::lookup:
      case Ast::Kind::aggregate: return resolve(ast);
      case Ast::Kind::unary: return unary_operation(build_, ast, visit(*ast.children[0]));
      case Ast::Kind::binary: return operation(ast);
      case Ast::Kind::call: return call(ast);
      case Ast::Kind::list: return list(ast);
    }
    return failed(ast);
  }

  Build& build() { return build_; }
  std::vector<int> slots() { return std::move(slots_); }
  // The normal form, once everything is resolved.
  std::string canonical(const Ast& ast) {
    return print(ast, [this](const Ast& node) { return spell(node); });
  }

 private:
  Operand number(const Ast& ast) {
    const Expected<double> d = parse_double(ast.text);
    if (!d) {
      return build_.fail(ast, code::kLiteral, ast.span, "this number does not fit a double");
    }
    return made(ast, type_of(Kind::real), constant_node(Value::real(*d)));
  }

  Operand resolve(const Ast& ast) {
    if (options_.resolved != nullptr) {
      const auto found = options_.resolved->find(&ast);
      if (found != options_.resolved->end()) return use(ast, found->second);
    }
    if (ast.kind == Ast::Kind::aggregate) {
      return build_.fail(ast, code::kNoAggregateHere, ast.span, "an aggregate cannot stand here",
                         options_.inside_aggregate
                             ? "an aggregate reads its events' own fields, not other aggregates"
                             : "name it as a column of its own and use that");
    }
    if (ast.kind == Ast::Kind::lookup) {
      return build_.fail(ast, code::kUnknownName, ast.name_span,
                         "a row of `" + ast.text + "` cannot be looked up here");
    }
    std::optional<Symbol> symbol =
        ast.kind == Ast::Kind::name ? scope_.find(ast.text) : scope_.member(ast.text, ast.member);
    if (symbol) return use(ast, *symbol);
    return ast.kind == Ast::Kind::name ? unknown_name(ast) : unknown_member(ast);
  }

  Operand use(const Ast& ast, const Symbol& symbol) {
    if (symbol.failed) return failed(ast);
    if (!symbol.refused.empty()) {
      return build_.fail(ast, code::kNotReadable, ast.span, symbol.refused, symbol.hint);
    }
    if (!symbol.canonical.empty()) spelled_[&ast] = symbol.canonical;
    slots_.push_back(symbol.slot);
    return made(ast, symbol.type, slot_node(symbol.slot));
  }

  Operand unknown_name(const Ast& ast) {
    const std::vector<std::string> objects = scope_.objects();
    std::string hint;
    if (std::find(objects.begin(), objects.end(), ast.text) != objects.end()) {
      hint = "write `" + ast.text + ".` and one of its parts";
      const std::vector<std::string> parts = scope_.members(ast.text);
      if (!parts.empty()) hint += ", as " + ast.text + "." + parts[0];
    } else {
      hint = did_you_mean(ast.text, scope_.names());
    }
    if (hint.empty()) hint = "a text stands in quotes: " + print_text(ast.text);
    return build_.fail(ast, code::kUnknownName, ast.span, "there is no `" + ast.text + "` here",
                       std::move(hint));
  }

  Operand unknown_member(const Ast& ast) {
    const std::vector<std::string> objects = scope_.objects();
    if (std::find(objects.begin(), objects.end(), ast.text) == objects.end()) {
      std::string hint = did_you_mean(ast.text, objects);
      return build_.fail(ast, code::kUnknownName, ast.name_span,
                         "there is no table or model `" + ast.text + "` here", std::move(hint));
    }
    return build_.fail(ast, code::kUnknownName, ast.member_span,
                       "`" + ast.text + "` has no `" + ast.member + "`",
                       did_you_mean(ast.member, scope_.members(ast.text)));
  }

  Operand operation(const Ast& ast) {
    if (ast.op == Op::in || ast.op == Op::not_in) {
      return in_list(ast, *ast.children[0], *ast.children[1]);
    }
    Operand a = visit(*ast.children[0]);
    Operand b = visit(*ast.children[1]);
    return binary_operation(build_, ast, std::move(a), std::move(b));
  }

  Operand in_list(const Ast& ast, const Ast& left, const Ast& right) {
    Operand x = visit(left);
    if (right.kind != Ast::Kind::list) {
      return list_membership(build_, ast, std::move(x), visit(right));
    }
    if (right.children.empty()) return empty_list(right);
    std::vector<Operand> items;
    for (const AstPtr& item : right.children) items.push_back(visit(*item));
    return membership(build_, ast, std::move(x), std::move(items));
  }

  Operand call(const Ast& ast) {
    // A list literal in these is compared item by item, so that its numbers stay what is written.
    if (ast.arguments.size() == 2 && (ast.text == "is_in" || ast.text == "contains")) {
      const std::size_t at = ast.text == "is_in" ? 1 : 0;
      const Argument& list = ast.arguments[at];
      const Argument& x = ast.arguments[1 - at];
      if (list.value->kind == Ast::Kind::list && list.name.empty() && x.name.empty()) {
        return in_list(ast, *x.value, *list.value);
      }
    }
    std::vector<Operand> operands;
    for (const Argument& argument : ast.arguments) operands.push_back(visit(*argument.value));
    return function_call(build_, ast, std::move(operands));
  }

  Operand empty_list(const Ast& ast) {
    return build_.fail(ast, code::kType, ast.span, "an empty list has no type");
  }

  Operand list(const Ast& ast) {
    if (ast.children.empty()) return empty_list(ast);
    std::vector<Operand> items;
    bool bad = false;
    for (const AstPtr& item : ast.children) {
      items.push_back(visit(*item));
      bad = bad || items.back().failed;
    }
    if (bad) return failed(ast);
    const std::optional<Type> type = common_type(items);
    if (!type || type->kind == Kind::list || type->kind == Kind::null) {
      return build_.fail(ast, code::kType, ast.span, "the items of a list must be of one type",
                         "bool, int64, double, decimal, string, timestamp or duration");
    }
    Nodes nodes;
    for (Operand& item : items) nodes.push_back(convert(std::move(item), *type).node);
    return made(ast, Type::list(*type), special(std::move(nodes), [](Frame& f, const Nodes& n) {
                  const std::span<Value> out = f.arena.values(n.size());
                  for (std::size_t i = 0; i < n.size(); ++i) out[i] = n[i]->eval(f);
                  return Value::list(out);
                }));
  }

  std::optional<std::string> spell(const Ast& node) {
    const auto found = spelled_.find(&node);
    if (found != spelled_.end()) return found->second;
    if (node.kind == Ast::Kind::call) return spell_call(node);
    if (node.kind == Ast::Kind::binary && (node.op == Op::in || node.op == Op::not_in)) {
      const std::string text =
          "is_in(" + canonical(*node.children[0]) + ", " + canonical(*node.children[1]) + ")";
      return node.op == Op::in ? text : "(not " + text + ")";
    }
    return std::nullopt;
  }

  // Arguments by place; what reads the time zone says so.
  std::string spell_call(const Ast& node) {
    const Function* function = find_function(node.text);
    std::vector<std::string> places;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const Argument& a = node.arguments[i];
      std::size_t p = i;
      for (std::size_t q = 0; !a.name.empty() && q < function->parameters.size(); ++q) {
        if (function->parameters[q].name == a.name) p = q;
      }
      if (places.size() <= p) places.resize(p + 1);
      places[p] = canonical(*a.value);
    }
    std::string out = node.text;
    const bool zoned =
        (function->id >= FunctionId::hour && function->id <= FunctionId::day_of_year) ||
        function->id == FunctionId::truncate;
    if (zoned && options_.utc_offset_minutes != 0) {
      out += "@" + std::to_string(options_.utc_offset_minutes);
    }
    out += "(";
    for (std::size_t i = 0; i < places.size(); ++i) out += (i == 0 ? "" : ", ") + places[i];
    return out + ")";
  }

  const Scope& scope_;
  const CheckOptions& options_;
  Build build_;
  std::vector<int> slots_;  // read so far
  std::unordered_map<const Ast*, std::string> spelled_;
};

// Makes the result what the place wants.
Operand as_expected(Build& build, const Ast& ast, Operand o, const CheckOptions& options) {
  if (o.failed) return o;
  if (!options.expected) {
    if (!o.is_null_literal()) return o;
    return build.fail(ast, code::kType, ast.span, "this is always null, so it has no type");
  }
  const Type wanted = *options.expected;
  if (convertible(o, wanted)) return convert(std::move(o), wanted);
  const std::string place = options.what.empty() ? "this place" : options.what;
  if (wanted.kind == Kind::boolean) {
    return build.fail(ast, code::kNotBool, ast.span,
                      place + " needs bool, this is " + event::to_string(o.type),
                      o.type.numeric() ? "write the comparison, as x > 0" : "");
  }
  std::string hint;
  if (wanted.kind == Kind::int64 && o.type.numeric()) hint = "to_int64(x) cuts to whole numbers";
  if (wanted.kind == Kind::text) hint = "to_string(x) makes a string";
  if (wanted.kind == Kind::decimal && o.is_number_literal()) hint = "it has too many digits";
  return build.fail(
      ast, code::kType, ast.span,
      place + " needs " + event::to_string(wanted) + ", this is " + event::to_string(o.type),
      std::move(hint));
}

void sort_by_place(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.span.begin < b.span.begin; });
}

class NoScope final : public Scope {
 public:
  std::optional<Symbol> find(std::string_view) const override { return std::nullopt; }
  std::vector<std::string> names() const override { return {}; }
};

bool is_literal(const Ast& ast) {
  if (ast.kind == Ast::Kind::list) {
    return std::all_of(ast.children.begin(), ast.children.end(),
                       [](const AstPtr& item) { return is_literal(*item); });
  }
  return ast.kind == Ast::Kind::integer || ast.kind == Ast::Kind::number ||
         ast.kind == Ast::Kind::text || ast.kind == Ast::Kind::boolean ||
         ast.kind == Ast::Kind::null || ast.kind == Ast::Kind::duration;
}

}  // namespace

Checked check(const Ast& ast, const Scope& scope, const CheckOptions& options) {
  Checked out;
  Checker checker(scope, options, out.problems);
  Operand root = as_expected(checker.build(), ast, checker.visit(ast), options);
  sort_by_place(out.problems);
  out.failed = root.failed;
  if (!root.failed) {
    out.program = Program(std::move(root.node), root.type, checker.canonical(ast),
                          checker.slots());
  }
  return out;
}

Constant constant(const Ast& ast, std::optional<Type> expected, event::Arena& arena) {
  Constant out;
  if (!is_literal(ast)) {
    out.problems.push_back({std::string(code::kType), ast.span, "a literal must stand here", ""});
    return out;
  }
  CheckOptions options;
  options.expected = expected ? *expected : Type();
  if (!expected && ast.kind != Ast::Kind::null) options.expected.reset();
  Checked checked = check(ast, NoScope(), options);
  out.problems = std::move(checked.problems);
  if (!checked.ok()) return out;
  out.type = checked.program.type();
  event::Arena scratch;
  out.value = arena.copy(checked.program.run({}, scratch));
  return out;
}

}  // namespace quintet::expr
