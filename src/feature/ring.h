// The entries of one key of one group in order of (event time, position), packed (layout.h). Events
// enter anywhere, mostly at the end; the forgotten leave at the front. The Layouts are the group's
// and are passed in, so that an idle key is small. One thread.
#pragma once

#include <memory>
#include <utility>

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

// At rest, few rows stand in the *room* right behind the object that begins with the ring; more
// rows, and those of a ring with a companion, stand in a block of their own.
class Ring {
 public:
  // Of the object, if there is room behind it.
  static constexpr std::size_t kObjectBytes = 16;

  Ring() = default;
  Ring(Ring&& other) noexcept;  // of a ring without room
  Ring& operator=(Ring&&) = delete;
  ~Ring() { ::operator delete(block_); }

  std::size_t size() const { return block_ != nullptr ? block_->size : few_; }
  RingView view(const Layouts& layouts) const { return {layouts[layout_], rows(), size()}; }

  // Says that there are so many bytes, and Layout::kSlack readable ones behind them. Once, before
  // anything is inserted.
  void take_room(std::size_t bytes);
  std::size_t room() const { return room_; }

  // Puts `entry` where its (time, position) belongs, which must be free; gives the index.
  std::size_t insert(Layouts& layouts, const Entry& entry);
  // Replaces the cells of entry i; time and position stay.
  void replace(Layouts& layouts, std::size_t i, const Entry& entry);
  void drop_front(const Layouts& layouts, std::size_t count);
  void erase(const Layouts& layouts, std::size_t i);
  // Gives back what is reserved beyond the entries.
  void shrink(const Layouts& layouts);

  // What the owner keeps beside the entries while they are in use; the ring only holds the place.
  void* companion() const { return block_ != nullptr ? block_->companion : nullptr; }
  void attach(const Layouts& layouts, void* companion);
  void* detach();

  // Fetches ahead: the block, then, once that is there, its rows, if they are not too many.
  void fetch_block() const { __builtin_prefetch(block_); }
  void fetch_rows(const Layouts& layouts) const;

  // Of the block, if there is one.
  std::size_t bytes(const Layouts& layouts) const;

 private:
  // The rows follow it.
  struct Block {
    void* companion = nullptr;
    std::uint32_t size = 0, capacity = 0;
  };
  const char* rows() const {
    return block_ != nullptr ? reinterpret_cast<const char*>(block_ + 1)
                             : reinterpret_cast<const char*>(this) + kObjectBytes;
  }
  char* rows() { return const_cast<char*>(std::as_const(*this).rows()); }
  std::size_t capacity(const Layouts& layouts) const {
    return block_ != nullptr ? block_->capacity : room_ / layouts[layout_].stride();
  }
  void set_size(std::size_t size);
  void make_room(Layouts& layouts, const Entry& entry, std::size_t entries);
  void move_to(const Layouts& layouts, std::uint16_t layout, std::size_t capacity);
  void widen_here(const Layouts& layouts, std::uint16_t layout);

  Block* block_ = nullptr;
  std::uint16_t layout_ = 0;
  std::uint8_t room_ = 0;
  std::uint8_t few_ = 0;  // entries in the room
};

}  // namespace quintet::feature
