// What waits for a write under way, gathered into messages of at most kMaxBatchBytes and
// kMaxBatchItems; what is larger alone goes alone. Not thread-safe.
#pragma once

#include <deque>
#include <string>

#include "link/limits.h"

namespace quintet::link {

class Batches {
 public:
  // The batch to append one frame of about so many bytes to.
  std::string& room_for(std::size_t bytes) {
    if (batches_.empty() || items_ == kMaxBatchItems ||
        batches_.back().size() + bytes > kMaxBatchBytes) {
      batches_.emplace_back();
      items_ = 0;
    }
    ++items_;
    return batches_.back();
  }
  bool empty() const { return batches_.empty(); }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const std::string& batch : batches_) sum += batch.size();
    return sum;
  }
  std::string take() {
    std::string first = std::move(batches_.front());
    batches_.pop_front();
    return first;
  }
  void clear() { batches_.clear(); }

 private:
  std::deque<std::string> batches_;
  std::size_t items_ = 0;  // of the last
};

}  // namespace quintet::link
