#include "base/large_pages.h"

#include <sys/mman.h>

namespace quintet {

void ask_for_large_pages(void* start, std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  (void)madvise(start, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#else
  (void)start;
  (void)bytes;
#endif
}

}  // namespace quintet
