// The example applications of apps/, put into the program when it is built, so that `quintet new`
// needs no files beside it. Constant data.
#pragma once

#include <span>
#include <string_view>

namespace quintet::app {

struct Template {
  std::string_view name;
  std::string_view text;
};

std::span<const Template> templates();

}  // namespace quintet::app
