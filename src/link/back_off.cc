#include "link/back_off.h"

#include <algorithm>

#include "base/hash.h"

namespace quintet::link {

Micros back_off(std::string_view who, unsigned attempt, Micros first, Micros last) {
  Micros most = first;
  for (unsigned n = 0; n < attempt && most < last; ++n) most *= 2;
  most = std::min(most, last);
  const auto half = static_cast<std::uint64_t>(most / 2);
  return most - static_cast<Micros>(hash64(who, attempt) % (half + 1));
}

}  // namespace quintet::link
