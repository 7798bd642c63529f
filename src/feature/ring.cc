#include "feature/ring.h"

#include "base/check.h"

namespace quintet::feature {

std::size_t RingView::until(Micros edge) const {
  std::size_t low = 0, high = size_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (time(middle) <= edge) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::size_t RingView::place(Micros time_, Position position_) const {
  std::size_t i = until(time_);
  // Entries of equal time are few.
  while (i > 0 && time(i - 1) == time_ && position(i - 1) >= position_) --i;
  return i;
}

void Ring::move_to(const Layouts& layouts, std::uint16_t layout, std::size_t capacity) {
  const Layout& from = layouts[layout_];
  const Layout& to = layouts[layout];
  auto rows = std::make_unique_for_overwrite<char[]>(capacity * to.stride() + Layout::kSlack);
  if (layout == layout_) {
    if (size_ > 0) std::memcpy(rows.get(), rows_.get(), size_ * from.stride());
  } else {
    Entry entry;
    for (std::size_t i = 0; i < size_; ++i) {
      from.decode(rows_.get() + i * from.stride(), entry);
      to.encode(entry, rows.get() + i * to.stride());
    }
  }
  std::memset(rows.get() + size_ * to.stride(), 0,
              (capacity - size_) * to.stride() + Layout::kSlack);
  rows_ = std::move(rows);
  layout_ = layout;
  capacity_ = static_cast<std::uint32_t>(capacity);
}

void Ring::make_room(Layouts& layouts, const Entry& entry, std::size_t entries) {
  const std::size_t wanted = size_ + entries;
  check(wanted < UINT32_MAX, "a key holds more entries than a ring can");
  const bool wider = !layouts[layout_].fits(entry);
  if (!wider && wanted <= capacity_) return;
  std::size_t capacity = capacity_;
  if (wanted > capacity) capacity = wanted <= 4 ? 4 : wanted + wanted / 5 + 2;
  move_to(layouts, wider ? layouts.for_entry(entry) : layout_, capacity);
}

std::size_t Ring::insert(Layouts& layouts, const Entry& entry) {
  make_room(layouts, entry, 1);
  const Layout& layout = layouts[layout_];
  const std::size_t stride = layout.stride();
  std::size_t at = size_;
  const RingView all = view(layouts);
  if (at > 0) {
    const Micros last = all.time(at - 1);
    if (last > entry.time || (last == entry.time && all.position(at - 1) >= entry.position)) {
      at = all.place(entry.time, entry.position);
      check(all.time(at) != entry.time || all.position(at) != entry.position,
            "a position enters a group twice");
      std::memmove(rows_.get() + (at + 1) * stride, rows_.get() + at * stride,
                   (size_ - at) * stride);
    }
  }
  layout.encode(entry, rows_.get() + at * stride);
  ++size_;
  return at;
}

void Ring::replace(Layouts& layouts, std::size_t i, const Entry& entry) {
  make_room(layouts, entry, 0);
  const Layout& layout = layouts[layout_];
  layout.encode(entry, rows_.get() + i * layout.stride());
}

void Ring::drop_front(const Layouts& layouts, std::size_t count) {
  const std::size_t stride = layouts[layout_].stride();
  size_ -= static_cast<std::uint32_t>(count);
  std::memmove(rows_.get(), rows_.get() + count * stride, size_ * stride);
  if (size_ < capacity_ / 2) shrink(layouts);
}

void Ring::erase(const Layouts& layouts, std::size_t i) {
  const std::size_t stride = layouts[layout_].stride();
  --size_;
  std::memmove(rows_.get() + i * stride, rows_.get() + (i + 1) * stride, (size_ - i) * stride);
}

void Ring::shrink(const Layouts& layouts) {
  if (size_ == capacity_) return;
  if (size_ == 0) {
    rows_.reset();
    capacity_ = 0;
    return;
  }
  move_to(layouts, layout_, size_);
}

std::size_t Ring::bytes(const Layouts& layouts) const {
  return capacity_ == 0 ? 0 : capacity_ * layouts[layout_].stride() + Layout::kSlack;
}

}  // namespace quintet::feature
