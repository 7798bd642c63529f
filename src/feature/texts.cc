#include "feature/texts.h"

#include "base/check.h"

namespace quintet::feature {

std::int64_t Texts::hold(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) {
    ++held_[static_cast<std::size_t>(found->second)].holders;
    return found->second;
  }
  if (free_.empty()) {
    free_.push_back(static_cast<std::int64_t>(held_.size()));
    held_.emplace_back();
  }
  const std::int64_t id = free_.back();
  free_.pop_back();
  Held& held = held_[static_cast<std::size_t>(id)];
  held = {std::make_unique<const std::string>(text), 1};
  ids_.emplace(*held.text, id);
  return id;
}

void Texts::hold(std::int64_t id) {
  ++held_[static_cast<std::size_t>(id)].holders;
}

void Texts::release(std::int64_t id) {
  Held& held = held_[static_cast<std::size_t>(id)];
  check(held.holders > 0, "a text is released more often than held");
  if (--held.holders > 0) return;
  ids_.erase(*held.text);
  held.text.reset();
  free_.push_back(id);
}

std::string_view Texts::text(std::int64_t id) const {
  return *held_[static_cast<std::size_t>(id)].text;
}

std::size_t Texts::bytes() const {
  std::size_t sum = held_.capacity() * sizeof(Held) + free_.capacity() * sizeof(std::int64_t) +
                    ids_.bucket_count() * sizeof(void*);
  for (const Held& held : held_) {
    if (held.text) sum += sizeof(std::string) + held.text->capacity() + 4 * sizeof(void*);
  }
  return sum;
}

}  // namespace quintet::feature
