// check() ends the process when our own reasoning was wrong. It stays on in release builds. It is
// never used for input: bad input is an Error (base/expected.h).
#pragma once

namespace quintet {

// Prints place and reason on stderr and aborts.
[[noreturn]] void check_failed(const char* why, const char* file, int line);

// The place is the caller's: the builtins are known to GCC and to the Clang that builds the
// fuzzers, std::source_location only to the former.
inline void check(bool condition, const char* why, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    check_failed(why, file, line);
}

}  // namespace quintet
