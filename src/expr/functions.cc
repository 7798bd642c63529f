#include "expr/functions.h"

#include "expr/table.h"

namespace quintet::expr {

std::span<const Function> functions() {
  static const std::vector<Function> all = [] {
    std::vector<Function> out;
    for (std::span<const Function> part : {choice_functions(), number_functions(), time_functions(),
                                           text_functions(), value_functions()}) {
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }();
  return all;
}

const Function* find_function(std::string_view name) {
  for (const Function& f : functions()) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

std::string_view name_of(Accepts accepts) {
  switch (accepts) {
    case Accepts::anything: return "a value";
    case Accepts::scalar: return "a value that is no list";
    case Accepts::boolean: return "a bool";
    case Accepts::number: return "a number";
    case Accepts::int64: return "an int64";
    case Accepts::real: return "a number";
    case Accepts::text: return "a string";
    case Accepts::timestamp: return "a timestamp";
    case Accepts::duration: return "a duration";
    case Accepts::list: return "a list";
    case Accepts::magnitude: return "a number or a duration";
    case Accepts::ordered: return "a number, a string, a timestamp or a duration";
    case Accepts::container: return "a string or a list";
  }
  return {};
}

std::string signature(const Function& function) {
  std::string out(function.name);
  out += "(";
  for (const Parameter& p : function.parameters) {
    if (p.optional) out += "[";
    if (&p != function.parameters.data()) out += ", ";
    out += p.name;
    if (p.repeated) out += ", ...";
    if (p.optional) out += "]";
  }
  return out + ")";
}

}  // namespace quintet::expr
