// The entries of one key of one group in order of (event time, position), packed (layout.h). Events
// enter anywhere, mostly at the end; the forgotten leave at the front. The Layouts are the group's
// and are passed in, so that an idle key is small. One thread.
#pragma once

#include <memory>

#include "feature/layout.h"

namespace quintet::feature {

// Read access; valid until the ring changes.
class RingView {
 public:
  RingView(const Layout& layout, const char* rows, std::size_t size)
      : layout_(&layout), rows_(rows), stride_(layout.stride()), size_(size) {}

  std::size_t size() const { return size_; }
  Micros time(std::size_t i) const { return layout_->time(rows_ + i * stride_); }
  Position position(std::size_t i) const { return layout_->position(rows_ + i * stride_); }
  Raw cell(std::size_t i, std::size_t column) const {
    return layout_->cell(rows_ + i * stride_, column);
  }
  void read(std::size_t i, Entry& entry) const { layout_->decode(rows_ + i * stride_, entry); }

  // How many entries have a time <= `edge`.
  std::size_t until(Micros edge) const;
  // Where (time, position) stands or would stand.
  std::size_t place(Micros time, Position position) const;

 private:
  const Layout* layout_;
  const char* rows_;
  std::size_t stride_;
  std::size_t size_;
};

class Ring {
 public:
  std::size_t size() const { return size_; }
  RingView view(const Layouts& layouts) const { return {layouts[layout_], rows_.get(), size_}; }

  // Puts `entry` where its (time, position) belongs, which must be free; gives the index.
  std::size_t insert(Layouts& layouts, const Entry& entry);
  // Replaces the cells of entry i; time and position stay.
  void replace(Layouts& layouts, std::size_t i, const Entry& entry);
  void drop_front(const Layouts& layouts, std::size_t count);
  void erase(const Layouts& layouts, std::size_t i);
  // Gives back what is reserved beyond the entries.
  void shrink(const Layouts& layouts);

  std::size_t bytes(const Layouts& layouts) const;

 private:
  void make_room(Layouts& layouts, const Entry& entry, std::size_t entries);
  void move_to(const Layouts& layouts, std::uint16_t layout, std::size_t capacity);

  std::unique_ptr<char[]> rows_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint16_t layout_ = 0;
};

}  // namespace quintet::feature
