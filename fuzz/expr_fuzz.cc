// Text of any kind through parser, checker and program; what parses must print and parse again.
// rooms: expr
#include <cstdlib>

#include "expr/aggregates.h"
#include "expr/testing.h"

using namespace quintet::expr;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Parsed parsed = parse(text);
  if (parsed.ok() == !parsed.problems.empty()) std::abort();
  for (const Problem& p : parsed.problems) {
    if (p.span.begin > p.span.end || p.span.end > size) std::abort();
  }
  if (!parsed.ok()) return 0;
  const std::string printed = print(*parsed.ast);
  // Parentheses of the printed form may pass the limits of size and depth.
  const Parsed again = parse(printed);
  if (again.ok() ? print(*again.ast) != printed : again.problems[0].code != code::kTooLarge) {
    std::abort();
  }
  visit_aggregates(*parsed.ast, [](const Ast& aggregate) {
    std::vector<Problem> problems;
    if (take_apart(aggregate, problems).has_value() == !problems.empty()) std::abort();
  });
  answer(text);
  return 0;
}
