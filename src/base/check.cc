#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace quintet {

void check_failed(const char* why, const char* file, int line) {
  std::fprintf(stderr, "check failed: %s (%s:%d)\n", why, file, line);
  std::abort();
}

}  // namespace quintet
