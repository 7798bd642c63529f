// check() ends the process when our own reasoning was wrong. It stays on in release builds. It is
// never used for input: bad input is an Error (base/expected.h).
#pragma once

#include <source_location>

namespace quintet {

// Prints place and reason on stderr and aborts.
[[noreturn]] void check_failed(const char* why, std::source_location where);

inline void check(bool condition, const char* why,
                  std::source_location where = std::source_location::current()) {
  if (!condition) [[unlikely]] check_failed(why, where);
}

}  // namespace quintet
