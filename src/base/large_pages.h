// Memory for tables that are large and read at random: on large pages where the system gives them
// to those who ask, so that finding a place in the table costs no walk through the page tables.
// Small ones are allocated as ever. Any thread.
#pragma once

#include <cstddef>
#include <new>

namespace quintet {

inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

// A wish, which may be ignored. `start` is a multiple of kLargePage.
void ask_for_large_pages(void* start, std::size_t bytes);

// For containers.
template <class T>
class LargePages {
 public:
  using value_type = T;

  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}  // NOLINT(implicit)

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    if (bytes < kLargePage) return static_cast<T*>(::operator new(bytes));
    void* start = ::operator new(bytes, std::align_val_t{kLargePage});
    ask_for_large_pages(start, bytes);
    return static_cast<T*>(start);
  }
  void deallocate(T* start, std::size_t n) {
    if (n * sizeof(T) < kLargePage) return ::operator delete(start);
    ::operator delete(start, std::align_val_t{kLargePage});
  }
  bool operator==(const LargePages&) const { return true; }
};

}  // namespace quintet
