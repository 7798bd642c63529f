// From the arguments of a call, by place or by name, to the parameters of its function.
#include "expr/aggregates.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;

namespace {

bool accepts(Accepts wanted, Type type) {
  const Kind k = type.kind;
  switch (wanted) {
    case Accepts::anything: return true;
    case Accepts::scalar: return k != Kind::list;
    case Accepts::boolean: return k == Kind::boolean;
    case Accepts::number:
    case Accepts::real: return type.numeric();
    case Accepts::int64: return k == Kind::int64;
    case Accepts::text: return k == Kind::text;
    case Accepts::timestamp: return k == Kind::timestamp;
    case Accepts::duration: return k == Kind::duration;
    case Accepts::list: return k == Kind::list;
    case Accepts::magnitude: return type.numeric() || k == Kind::duration;
    case Accepts::ordered:
      return type.numeric() || k == Kind::duration || k == Kind::timestamp || k == Kind::text;
    case Accepts::container: return k == Kind::text || k == Kind::list;
  }
  return false;
}

Operand unknown(Build& build, const Ast& ast) {
  std::vector<std::string> names;
  for (const Function& f : functions()) names.emplace_back(f.name);
  for (const AggregateFunction& f : aggregate_functions()) names.emplace_back(f.name);
  static constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
      {"len", "length(s) of a string, size(list) of a list"},
      {"avg", "the mean over a window is mean(x) over ... by ..."},
      {"now", "no expression reads a clock; use the event's own time"},
      {"today", "no expression reads a clock; use the event's own time"},
      {"random", "nothing is random; bucket(x, n) splits by hash"},
      {"isnull", "write x is null"},
      {"is_null", "write x is null"},
      {"ifnull", "write coalesce(x, y)"},
      {"iff", "write if(condition, a, b)"},
      {"date_trunc", "write truncate(t, 1d)"},
      {"cast", "use to_int64, to_double or to_string"},
      {"ln", "the natural logarithm is log(x)"},
      {"power", "write pow(x, y)"},
      {"lag", "write last(x) over 1h delayed 23h by KEY"},
      {"dayofweek", "write weekday(t)"}};
  std::string hint = did_you_mean(ast.text, names);
  for (const auto& [name, instead] : kElsewhere) {
    if (name == ast.text) hint = instead;
  }
  return build.fail(ast, code::kUnknownFunction, ast.name_span,
                    "there is no function `" + ast.text + "`", std::move(hint));
}

class Binder {
 public:
  Binder(Build& build, const Ast& ast, const Function& function, std::vector<Operand> operands)
      : build_(build), ast_(ast), function_(function), operands_(std::move(operands)) {}

  std::optional<std::vector<Operand>> run() {
    out_.resize(function_.parameters.size());
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      if (!place(i)) return std::nullopt;
    }
    for (std::size_t p = 0; p < function_.parameters.size(); ++p) {
      if (out_[p].ast == nullptr && !function_.parameters[p].optional) {
        build_.fail(ast_, code::kArguments, ast_.span,
                    "`" + ast_.text + "` is missing its argument `" +
                        std::string(function_.parameters[p].name) + "`",
                    signature(function_));
        return std::nullopt;
      }
    }
    bool bad = false;
    for (std::size_t i = 0; i < out_.size(); ++i) bad = !fits(i) || bad;
    if (bad) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool place(std::size_t i) {
    const Argument& a = ast_.arguments[i];
    const std::size_t parameters = function_.parameters.size();
    std::size_t p = i;
    if (!a.name.empty()) {
      p = 0;
      while (p < parameters && function_.parameters[p].name != a.name) ++p;
      if (p == parameters) return unknown_name(a);
    } else if (named_) {
      build_.fail(ast_, code::kArguments, a.value->span,
                  "an argument by place cannot follow one by name", signature(function_));
      return false;
    }
    named_ = named_ || !a.name.empty();
    const bool repeats = parameters > 0 && function_.parameters.back().repeated && !named_;
    if (p >= parameters && repeats) {
      out_.push_back(std::move(operands_[i]));
      return true;
    }
    if (p >= parameters) {
      build_.fail(ast_, code::kArguments, a.value->span,
                  "`" + ast_.text + "` takes no more than " + std::to_string(parameters) +
                      (parameters == 1 ? " argument" : " arguments"),
                  signature(function_));
      return false;
    }
    if (out_[p].ast != nullptr) {
      build_.fail(ast_, code::kArguments, a.name_span, "`" + a.name + "` is given twice");
      return false;
    }
    out_[p] = std::move(operands_[i]);
    return true;
  }

  bool unknown_name(const Argument& a) {
    std::vector<std::string> names;
    for (const Parameter& p : function_.parameters) names.emplace_back(p.name);
    std::string hint = did_you_mean(a.name, names);
    build_.fail(ast_, code::kArguments, a.name_span,
                "`" + ast_.text + "` has no argument `" + a.name + "`",
                hint.empty() ? signature(function_) : hint);
    return false;
  }

  bool fits(std::size_t i) {
    Operand& o = out_[i];
    if (o.ast == nullptr) return true;
    if (o.failed) return false;
    const Parameter& p = function_.parameters[std::min(i, function_.parameters.size() - 1)];
    if (o.is_null_literal()) {
      if (p.accepts == Accepts::anything || p.accepts == Accepts::boolean) return true;
      build_.fail(ast_, code::kType, o.ast->span, "`" + ast_.text + "` of null is always null");
      return false;
    }
    if (accepts(p.accepts, o.type)) {
      if (p.accepts == Accepts::real) o = convert(std::move(o), type_of(Kind::real));
      return true;
    }
    const bool condition = p.accepts == Accepts::boolean;
    build_.fail(ast_, condition ? code::kNotBool : code::kType, o.ast->span,
                "`" + std::string(p.name) + "` of `" + ast_.text + "` must be " +
                    std::string(name_of(p.accepts)) + ", this is " + event::to_string(o.type),
                condition && o.type.numeric() ? "write the comparison, as x != 0" : "");
    return false;
  }

  Build& build_;
  const Ast& ast_;
  const Function& function_;
  std::vector<Operand> operands_;
  std::vector<Operand> out_;
  bool named_ = false;
};

}  // namespace

Operand function_call(Build& build, const Ast& ast, std::vector<Operand> operands) {
  const Function* function = find_function(ast.text);
  if (function == nullptr) return unknown(build, ast);
  auto arguments = Binder(build, ast, *function, std::move(operands)).run();
  if (!arguments) return failed(ast);
  Call call{build, ast, *function, std::move(*arguments)};
  const FunctionId id = function->id;
  if (id <= FunctionId::clamp) return choice_function(call);
  if (id <= FunctionId::pow) return number_function(call);
  if (id <= FunctionId::truncate) return time_function(call);
  if (id <= FunctionId::replace) return text_function(call);
  return value_function(call);
}

}  // namespace quintet::expr
