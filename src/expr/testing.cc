#include "expr/testing.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

std::optional<Symbol> ExampleScope::find(std::string_view name) const {
  Symbol symbol;
  for (const ExampleField& f : example_fields()) {
    ++symbol.slot;
    if (f.name != name) continue;
    symbol.type = f.type;
    return symbol;
  }
  if (name == "is_fraud") {
    symbol.refused = "`is_fraud` is a label, known only after its delay";
    return symbol;
  }
  if (name == "broken") {
    symbol.failed = true;
    return symbol;
  }
  return std::nullopt;
}

std::optional<Symbol> ExampleScope::member(std::string_view object, std::string_view field) const {
  if (object != "shop" || field != "size") return std::nullopt;
  Symbol symbol;
  symbol.slot = static_cast<int>(example_fields().size());
  symbol.type = Type::of(Kind::int64);
  symbol.canonical = "shop[shop_id].size";
  return symbol;
}

std::vector<std::string> ExampleScope::names() const {
  std::vector<std::string> out;
  for (const ExampleField& f : example_fields()) out.emplace_back(f.name);
  return out;
}

std::vector<std::string> ExampleScope::members(std::string_view object) const {
  return object == "shop" ? std::vector<std::string>{"size"} : std::vector<std::string>{};
}

std::vector<std::string> ExampleScope::objects() const {
  return {"shop"};
}

std::vector<Value> example_row() {
  std::vector<Value> out;
  for (const ExampleField& f : example_fields()) out.push_back(f.value);
  out.push_back(Value::int64(4));
  return out;
}

Answer answer(std::string_view text, const CheckOptions& options) {
  Answer out;
  Parsed parsed = parse(text);
  out.problems = std::move(parsed.problems);
  if (parsed.ok()) {
    Checked checked = check(*parsed.ast, ExampleScope(), options);
    out.problems = std::move(checked.problems);
    if (checked.ok()) {
      event::Arena arena;
      const std::vector<Value> row = example_row();
      const Value value = checked.program.run(row, arena, &out.fault);
      out.type = checked.program.type();
      out.canonical = checked.program.canonical();
      out.text = value.is_null()                   ? "null"
                 : out.type.kind == Kind::duration ? print_duration(value.as_int64())
                                                   : event::to_text(out.type, value);
    }
  }
  if (!out.problems.empty()) out.text = "problem: " + out.problems[0].message;
  return out;
}

}  // namespace quintet::expr
