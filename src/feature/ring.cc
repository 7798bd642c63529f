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

Ring::Ring(Ring&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)), layout_(other.layout_) {
  check(other.room_ == 0, "a ring with room cannot move");
}

void Ring::take_room(std::size_t bytes) {
  check(bytes <= UINT8_MAX && size() == 0, "a ring's room comes first and is small");
  room_ = static_cast<std::uint8_t>(bytes);
}

void Ring::set_size(std::size_t size) {
  if (block_ != nullptr) {
    block_->size = static_cast<std::uint32_t>(size);
  } else {
    few_ = static_cast<std::uint8_t>(size);
  }
}

// To a block with that capacity.
void Ring::move_to(const Layouts& layouts, std::uint16_t layout, std::size_t capacity) {
  const Layout& from = layouts[layout_];
  const Layout& to = layouts[layout];
  const std::size_t count = size();
  const std::size_t bytes = capacity * to.stride() + Layout::kSlack;
  auto* block = new (::operator new(sizeof(Block) + bytes)) Block();
  block->companion = companion();
  block->size = static_cast<std::uint32_t>(count);
  block->capacity = static_cast<std::uint32_t>(capacity);
  char* put = reinterpret_cast<char*>(block + 1);
  if (layout == layout_) {
    if (count > 0) std::memcpy(put, rows(), count * from.stride());
  } else {
    Entry entry;
    for (std::size_t i = 0; i < count; ++i) {
      from.decode(rows() + i * from.stride(), entry);
      to.encode(entry, put + i * to.stride());
    }
  }
  std::memset(put + count * to.stride(), 0, bytes - count * to.stride());
  ::operator delete(block_);
  block_ = block;
  layout_ = layout;
}

// The few rows in the room, which has space for them as they become.
void Ring::widen_here(const Layouts& layouts, std::uint16_t layout) {
  const Layout& from = layouts[layout_];
  const Layout& to = layouts[layout];
  char before[UINT8_MAX + Layout::kSlack] = {};
  if (few_ > 0) std::memcpy(before, rows(), few_ * from.stride());
  Entry entry;
  for (std::size_t i = 0; i < few_; ++i) {
    from.decode(before + i * from.stride(), entry);
    to.encode(entry, rows() + i * to.stride());
  }
  layout_ = layout;
}

void Ring::make_room(Layouts& layouts, const Entry& entry, std::size_t entries) {
  const std::size_t wanted = size() + entries;
  check(wanted < UINT32_MAX, "a key holds more entries than a ring can");
  const bool wider = !layouts[layout_].fits(entry);
  const std::size_t have = capacity(layouts);
  if (!wider && wanted <= have) return;
  const std::uint16_t layout = wider ? layouts.for_entry(entry) : layout_;
  if (block_ == nullptr && wanted * layouts[layout].stride() <= room_) {
    return widen_here(layouts, layout);
  }
  std::size_t capacity = block_ != nullptr ? have : 0;
  if (wanted > capacity) capacity = wanted <= 4 ? 4 : wanted + wanted / 5 + 2;
  move_to(layouts, layout, capacity);
}

std::size_t Ring::insert(Layouts& layouts, const Entry& entry) {
  make_room(layouts, entry, 1);
  const Layout& layout = layouts[layout_];
  const std::size_t stride = layout.stride();
  const std::size_t count = size();
  std::size_t at = count;
  const RingView all = view(layouts);
  if (at > 0) {
    const Micros last = all.time(at - 1);
    if (last > entry.time || (last == entry.time && all.position(at - 1) >= entry.position)) {
      at = all.place(entry.time, entry.position);
      check(all.time(at) != entry.time || all.position(at) != entry.position,
            "a position enters a group twice");
      std::memmove(rows() + (at + 1) * stride, rows() + at * stride, (count - at) * stride);
    }
  }
  layout.encode(entry, rows() + at * stride);
  set_size(count + 1);
  return at;
}

void Ring::replace(Layouts& layouts, std::size_t i, const Entry& entry) {
  make_room(layouts, entry, 0);
  const Layout& layout = layouts[layout_];
  layout.encode(entry, rows() + i * layout.stride());
}

void Ring::drop_front(const Layouts& layouts, std::size_t count) {
  const std::size_t stride = layouts[layout_].stride();
  const std::size_t left = size() - count;
  std::memmove(rows(), rows() + count * stride, left * stride);
  set_size(left);
  if (left < capacity(layouts) / 2) shrink(layouts);
}

void Ring::erase(const Layouts& layouts, std::size_t i) {
  const std::size_t stride = layouts[layout_].stride();
  const std::size_t left = size() - 1;
  std::memmove(rows() + i * stride, rows() + (i + 1) * stride, (left - i) * stride);
  set_size(left);
}

void Ring::shrink(const Layouts& layouts) {
  if (block_ == nullptr) return;
  const std::size_t count = block_->size, bytes = count * layouts[layout_].stride();
  if (block_->companion == nullptr && bytes <= room_) {
    Block* block = std::exchange(block_, nullptr);
    if (count > 0) std::memcpy(rows(), block + 1, bytes);
    set_size(count);
    ::operator delete(block);
  } else if (count < block_->capacity) {
    move_to(layouts, layout_, count);
  }
}

void Ring::attach(const Layouts& layouts, void* companion) {
  if (block_ == nullptr) move_to(layouts, layout_, size() < 4 ? 4 : size());
  block_->companion = companion;
}

void* Ring::detach() {
  return block_ == nullptr ? nullptr : std::exchange(block_->companion, nullptr);
}

void Ring::fetch_rows(const Layouts& layouts) const {
  constexpr std::size_t kLine = 64, kMost = 16 * kLine;
  if (block_ == nullptr) return;
  const std::size_t bytes = block_->size * layouts[layout_].stride();
  // Of many rows the last, among which most windows begin and end.
  const std::size_t first = bytes > kMost ? bytes - kMost : 0;
  for (std::size_t at = first; at < bytes; at += kLine) __builtin_prefetch(rows() + at);
}

std::size_t Ring::bytes(const Layouts& layouts) const {
  if (block_ == nullptr) return 0;
  return sizeof(Block) + block_->capacity * layouts[layout_].stride() + Layout::kSlack;
}

}  // namespace quintet::feature
