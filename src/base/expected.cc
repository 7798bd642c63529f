#include "base/expected.h"

namespace quintet {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::conflict: return "conflict";
    case Code::unavailable: return "unavailable";
    case Code::exhausted: return "exhausted";
    case Code::expired: return "expired";
    case Code::broken: return "broken";
  }
  check(false, "a Code outside its range");
  return {};
}

}  // namespace quintet
