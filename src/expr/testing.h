// What the tests of this room share: a scope of the documented example fields, and one call from
// text to answer. Tests and the fuzz target only.
#pragma once

#include <string>
#include <vector>

#include "expr/check.h"
#include "expr/functions.h"
#include "expr/parse.h"

namespace quintet::expr {

class ExampleScope final : public Scope {
 public:
  std::optional<Symbol> find(std::string_view name) const override;
  std::optional<Symbol> member(std::string_view object, std::string_view field) const override;
  std::vector<std::string> names() const override;
  std::vector<std::string> members(std::string_view object) const override;
  std::vector<std::string> objects() const override;
};

// Values of example_fields(), then 4 for `shop.size` (int64).
std::vector<event::Value> example_row();

struct Answer {
  std::string text;  // "null", durations as 1h30m; or "problem: message" of the first one
  event::Type type;
  Fault fault = Fault::none;
  std::vector<Problem> problems;
  std::string canonical;
};
Answer answer(std::string_view text, const CheckOptions& options = {});

}  // namespace quintet::expr
