#include "host/feed_follower.h"

namespace quintet::host {

void FeedFollower::follow(link::Channel& channel, Position next) {
  if (next == kNoPosition) return;  // no more for now
  if (feed_ != nullptr && feed_->next() == next) return;
  link::FeedConsumer::Options options;
  options.feed = name_;
  options.from = next;
  feed_ = std::make_unique<link::FeedConsumer>(process_.local(), channel, options, *this);
}

// What does not fit now is asked for again; so is what has gone by then.
void FeedFollower::tell(const char* what, const Error& why) {
  const Code code = why.code();
  if (code == Code::exhausted || code == Code::conflict || code == Code::expired) return;
  process_.log.error(what, {{"feed", name_}, {"reason", why.message()}});
}

void FeedFollower::on_items(std::vector<link::FeedItem> items) {
  for (const link::FeedItem& item : items) {
    const auto taken = take_(item.body);
    if (taken) continue;
    tell("what came cannot be taken", taken.error());
    feed_.reset();
    return look_soon_();
  }
  if (feed_ != nullptr) feed_->release(items);
}

void FeedFollower::on_failed(const Error& error) {
  tell("a feed cannot be followed", error);
  feed_.reset();
  if (error.code() == Code::expired && gone_) gone_();
  look_soon_();
}

}  // namespace quintet::host
