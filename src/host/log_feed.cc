#include "host/log_feed.h"

#include <algorithm>

#include "host/wire.h"

namespace quintet::host {

LogFeed::LogFeed(ServiceProcess& process, Read read) : process_(process), read_(std::move(read)) {
  const auto give = [this](Position from, std::size_t, std::size_t bytes) {
    return this->give(from, bytes);
  };
  now_ = &process_.feeds().add("log", give);
  behind_ = &process_.feeds().add("log.behind", give);
}

void LogFeed::wake() {
  now_->wake();
  if (later_ != nullptr || behind_->followers() == 0) return;
  later_ = process_.loop.after(kBehind, [this] {
    later_ = nullptr;
    behind_->wake();
  });
}

// What is kept, from the block that holds the position; or what the store has behind it.
Expected<std::vector<link::FeedItem>> LogFeed::give(Position from, std::size_t most_bytes) {
  if (recent_.empty() || from < recent_.front().first || from > recent_.back().last) {
    TRY_DO(read_more(from, most_bytes));
  }
  std::vector<link::FeedItem> items;
  auto at = std::partition_point(recent_.begin(), recent_.end(),
                                 [&](const link::FeedItem& item) { return item.last < from; });
  for (std::size_t bytes = 0; at != recent_.end() && (items.empty() || bytes < most_bytes); ++at) {
    bytes += at->body.size();
    items.push_back(*at);
  }
  return items;
}

Expected<void> LogFeed::read_more(Position from, std::size_t most_bytes) {
  TRY(const auto blocks, read_(from, most_bytes));
  if (!blocks.empty() && !recent_.empty() && blocks.front().first != recent_.back().last + 1) {
    forget();
  }
  for (const event::BlockBytes& block : blocks) {
    recent_.push_back({block.first, block.last, wire::write_block(block)});
    recent_bytes_ += recent_.back().body.size();
  }
  while (recent_bytes_ > kRecentBytes && recent_.front().last < from) {
    recent_bytes_ -= recent_.front().body.size();
    recent_.pop_front();
  }
  return {};
}

}  // namespace quintet::host
