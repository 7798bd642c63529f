// if, case, coalesce, nullif, least, greatest, clamp: functions that handle null themselves or give
// back one of their arguments.
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

constexpr Parameter kIf[] = {
    {"condition", Accepts::boolean}, {"then", Accepts::anything}, {"else", Accepts::anything}};
constexpr Parameter kCase[] = {{"x", Accepts::scalar},
                               {"match", Accepts::scalar},
                               {"result", Accepts::anything},
                               {"else", Accepts::anything, false, true}};
constexpr Parameter kSome[] = {{"x", Accepts::anything}, {"y", Accepts::anything, false, true}};
constexpr Parameter kNullif[] = {{"x", Accepts::scalar}, {"y", Accepts::scalar}};
constexpr Parameter kOrdered[] = {{"x", Accepts::ordered}, {"y", Accepts::ordered, false, true}};
constexpr Parameter kClamp[] = {
    {"x", Accepts::ordered}, {"low", Accepts::ordered}, {"high", Accepts::ordered}};

constexpr Example kIfExamples[] = {{"if(n > 5, \"many\", \"few\")", "many"},
                                   {"if(nothing == \"a\", 1, 2)", "2"},
                                   {"if(flag, amount, 0)", "12.50"}};
constexpr Example kCaseExamples[] = {{"case(name, \"Eve\", 1, \"Anna\", 2, 0)", "2"},
                                     {"case(nothing, \"a\", 1, 0)", "0"},
                                     {"case(n, 1, \"one\", null)", "null"}};
constexpr Example kCoalesceExamples[] = {{"coalesce(nothing, \"none\")", "none"},
                                         {"coalesce(missing, 0)", "0"},
                                         {"coalesce(missing, n, 0)", "7"}};
constexpr Example kNullifExamples[] = {
    {"nullif(n, 7)", "null"}, {"nullif(n, 8)", "7"}, {"nullif(nothing, \"a\")", "null"}};
constexpr Example kLeastExamples[] = {
    {"least(n, 3)", "3"}, {"least(amount, 20, 12.75)", "12.50"}, {"least(x, missing)", "null"}};
constexpr Example kGreatestExamples[] = {
    {"greatest(n, 3)", "7"}, {"greatest(\"b\", \"a\")", "b"}, {"greatest(gap, 2h)", "2h"}};
constexpr Example kClampExamples[] = {
    {"clamp(n, 0, 5)", "5"}, {"clamp(x, 0, 5)", "2.5"}, {"clamp(-1.5, 0, 5)", "0"}};

constexpr std::string_view kGroup = "Choice";
constexpr Function kTable[] = {
    {FunctionId::if_, "if", kIf, "common type of then and else", kGroup,
     "`then` where the condition is true, else `else`. A null condition counts as not true.",
     kIfExamples},
    {FunctionId::case_, "case", kCase, "common type of the results", kGroup,
     "The result beside the first match that equals x: case(x, a, ra, b, rb, else). Null equals "
     "nothing.",
     kCaseExamples},
    {FunctionId::coalesce, "coalesce", kSome, "common type", kGroup,
     "The first argument that is not null.", kCoalesceExamples},
    {FunctionId::nullif, "nullif", kNullif, "as x", kGroup, "Null where x equals y, else x.",
     kNullifExamples},
    {FunctionId::least, "least", kOrdered, "common type", kGroup,
     "The smallest argument; null if one is null. (min is an aggregate.)", kLeastExamples},
    {FunctionId::greatest, "greatest", kOrdered, "common type", kGroup,
     "The largest argument; null if one is null. (max is an aggregate.)", kGreatestExamples},
    {FunctionId::clamp, "clamp", kClamp, "common type", kGroup,
     "x, but not below low and not above high; high decides if they cross.", kClampExamples},
};

// Converts arguments[from], [from + step], ... to their common type.
std::optional<Type> unify(Call& call, std::span<Operand> operands) {
  const std::optional<Type> common = common_type(operands);
  if (!common) {
    std::string kinds;
    for (const Operand& o : operands) {
      if (o.is_null_literal()) continue;
      const std::string name = event::to_string(o.type);
      if (kinds.find(name) == std::string::npos) kinds += (kinds.empty() ? "" : ", ") + name;
    }
    call.fail(code::kType, call.ast.span,
              "`" + call.ast.text + "` needs values of one type, these are " + kinds);
    return std::nullopt;
  }
  for (Operand& o : operands) o = convert(std::move(o), *common);
  return common;
}

Nodes nodes_of(std::span<Operand> operands) {
  Nodes out;
  for (Operand& o : operands) out.push_back(std::move(o.node));
  return out;
}

Operand if_function(Call& call) {
  const auto type = unify(call, std::span(call.arguments).subspan(1));
  if (!type) return failed(call.ast);
  return made(call.ast, *type, special(nodes_of(call.arguments), [](Frame& frame, const Nodes& n) {
                const Value c = n[0]->eval(frame);
                return n[!c.is_null() && c.as_bool() ? 1 : 2]->eval(frame);
              }));
}

// Nodes: x, else, then match and result in turn.
Operand case_function(Call& call) {
  std::vector<Operand>& a = call.arguments;
  if (a.size() % 2 != 0) {
    return call.fail(code::kArguments, call.ast.span,
                     "`case` needs pairs of match and result, and an else at the end",
                     "case(x, a, result_a, b, result_b, else)");
  }
  std::vector<Operand> results;
  for (std::size_t i = 2; i < a.size(); i += 2) results.push_back(std::move(a[i]));
  results.push_back(std::move(a.back()));
  const auto type = unify(call, results);
  if (!type) return failed(call.ast);
  Nodes nodes;
  nodes.push_back(nullptr);
  nodes.push_back(std::move(results.back().node));
  std::vector<Order> orders;
  Operand& x = a[0];
  for (std::size_t i = 1; i + 1 < a.size(); i += 2) {
    adapt_literal(a[i], x);
    if (!comparable(a[i], x, Ordered::no)) {
      return call.fail(code::kType, a[i].ast->span, "`case` cannot compare " + types(x, a[i]));
    }
    orders.emplace_back(a[i].type, x.type);
    nodes.push_back(std::move(a[i].node));
    nodes.push_back(std::move(results[(i - 1) / 2].node));
  }
  nodes[0] = std::move(x.node);
  return made(call.ast, *type, special(std::move(nodes), [orders](Frame& frame, const Nodes& n) {
                const Value v = n[0]->eval(frame);
                for (std::size_t i = 0; !v.is_null() && i < orders.size(); ++i) {
                  const Value match = n[2 * i + 2]->eval(frame);
                  if (!match.is_null() && orders[i](match, v) == 0)
                    return n[2 * i + 3]->eval(frame);
                }
                return n[1]->eval(frame);
              }));
}

Operand coalesce_function(Call& call) {
  const auto type = unify(call, call.arguments);
  if (!type) return failed(call.ast);
  return made(call.ast, *type, special(nodes_of(call.arguments), [](Frame& frame, const Nodes& n) {
                Value v;
                for (std::size_t i = 0; i < n.size() && v.is_null(); ++i) v = n[i]->eval(frame);
                return v;
              }));
}

Operand nullif_function(Call& call) {
  Operand& x = call.arguments[0];
  Operand& y = call.arguments[1];
  adapt_literal(y, x);
  if (!comparable(x, y, Ordered::no)) {
    return call.fail(code::kType, call.ast.span, "`nullif` cannot compare " + types(x, y));
  }
  const Order order(x.type, y.type);
  const Type type = x.type;
  return made(call.ast, type,
              special(nodes_of(call.arguments), [order](Frame& frame, const Nodes& n) {
                const Value v = n[0]->eval(frame);
                if (v.is_null()) return v;
                const Value w = n[1]->eval(frame);
                return !w.is_null() && order(v, w) == 0 ? Value() : v;
              }));
}

Operand extreme_function(Call& call) {
  const auto type = unify(call, call.arguments);
  if (!type) return failed(call.ast);
  const int sign = call.function.id == FunctionId::least ? 1 : -1;
  return made(call.ast, *type,
              special(nodes_of(call.arguments), [sign](Frame& frame, const Nodes& n) {
                Value best = n[0]->eval(frame);
                for (std::size_t i = 1; i < n.size() && !best.is_null(); ++i) {
                  const Value v = n[i]->eval(frame);
                  if (v.is_null() || event::compare(v, best) * sign < 0) best = v;
                }
                return best;
              }));
}

Operand clamp_function(Call& call) {
  const auto type = unify(call, call.arguments);
  if (!type) return failed(call.ast);
  return call.made3(*type, [](Frame&, Value v, Value low, Value high) {
    if (event::compare(v, low) < 0) v = low;
    return event::compare(v, high) > 0 ? high : v;
  });
}

}  // namespace

std::span<const Function> choice_functions() {
  return kTable;
}

Operand choice_function(Call& call) {
  switch (call.function.id) {
    case FunctionId::if_: return if_function(call);
    case FunctionId::case_: return case_function(call);
    case FunctionId::coalesce: return coalesce_function(call);
    case FunctionId::nullif: return nullif_function(call);
    case FunctionId::least:
    case FunctionId::greatest: return extreme_function(call);
    default: return clamp_function(call);
  }
}

}  // namespace quintet::expr
