#include <fmt/format.h>

#include "base/text.h"
#include "link/back_off.h"
#include "link/feed.h"
#include "link/feed_wire.h"

namespace quintet::link {

FeedConsumer::FeedConsumer(Local local, Channel& channel, Options options, FeedEvents& events)
    : local_(local),
      channel_(channel),
      options_(std::move(options)),
      events_(events),
      next_(options_.from),
      self_(std::make_shared<FeedConsumer*>(this)) {
  connect();
}

FeedConsumer::~FeedConsumer() {
  *self_ = nullptr;
}

void FeedConsumer::connect() {
  again_.reset();
  seen_ = kNoPosition;
  up_ = false;
  writing_ = true;
  const auto left = [](std::size_t of, std::size_t held) {
    return static_cast<std::int64_t>(of) - static_cast<std::int64_t>(held);
  };
  free_messages_ = left(options_.messages, held_messages_);
  free_bytes_ = left(options_.bytes, held_bytes_);
  FeedAsk ask = granted();
  ask.feed = options_.feed;
  ask.from = next_;
  wire_ = channel_.open({std::string(kFollowMethod), options_.metadata}, *this);
  wire_->write(encode(ask));
  wire_->read();
}

void FeedConsumer::release(const std::vector<FeedItem>& items) {
  std::size_t bytes = 0;
  for (const FeedItem& item : items) bytes += item.body.size();
  release(items.size(), bytes);
}

void FeedConsumer::release(std::size_t messages, std::size_t bytes) {
  check(messages <= held_messages_ && bytes <= held_bytes_, "a feed's messages released twice");
  held_messages_ -= messages;
  held_bytes_ -= bytes;
  free_messages_ += static_cast<std::int64_t>(messages);
  free_bytes_ += static_cast<std::int64_t>(bytes);
  grant();
}

FeedAsk FeedConsumer::granted() {
  FeedAsk ask;
  if (free_messages_ > 0) {
    ask.messages = static_cast<std::uint64_t>(std::exchange(free_messages_, 0));
  }
  if (free_bytes_ > 0) ask.bytes = static_cast<std::uint64_t>(std::exchange(free_bytes_, 0));
  return ask;
}

// A quarter of the window at a time, so that small messages do not cost a grant each. The peer is
// never left without credits: what it has used is free or held.
void FeedConsumer::grant() {
  if (wire_ == nullptr || writing_) return;
  if (free_messages_ * 4 < static_cast<std::int64_t>(options_.messages) &&
      free_bytes_ * 4 < static_cast<std::int64_t>(options_.bytes)) {
    return;
  }
  writing_ = true;
  wire_->write(encode(granted()));
}

void FeedConsumer::on_written() {
  writing_ = false;
  grant();
}

// Within one stream each message begins after the one before; the first may begin earlier than
// asked. What was delivered before is dropped.
Expected<void> FeedConsumer::accept(FeedItem item, std::vector<FeedItem>& out) {
  const auto wrong = [&](std::string_view what) {
    return broken(fmt::format("the feed {} {}: positions {} to {} after {}", shown(options_.feed),
                              what, item.first, item.last,
                              seen_ == kNoPosition ? next_ - 1 : seen_));
  };
  if (item.first == kNoPosition || item.last < item.first ||
      item.last == std::numeric_limits<Position>::max()) {
    return wrong("has a message without positions");
  }
  const Position before = seen_ == kNoPosition ? next_ - 1 : seen_;
  if (item.first > before + 1) return wrong("has a gap");
  if (seen_ != kNoPosition) {
    if (item.last == seen_) {
      release_unseen(item);
      return {};
    }
    if (item.first != seen_ + 1) return wrong("went back");
  }
  seen_ = item.last;
  if (item.last < next_) {
    release_unseen(item);
    return {};
  }
  next_ = item.last + 1;
  out.push_back(std::move(item));
  return {};
}

// A message that nobody hears of is released here.
void FeedConsumer::release_unseen(const FeedItem& item) {
  free_messages_ += 1;
  free_bytes_ += static_cast<std::int64_t>(item.body.size());
}

Expected<std::vector<FeedItem>> FeedConsumer::take(std::string_view message) {
  TRY(auto items, decode_feed_items(message));
  std::vector<FeedItem> taken;
  for (FeedItem& item : items) TRY_DO(accept(std::move(item), taken));
  held_messages_ += taken.size();
  for (const FeedItem& item : taken) held_bytes_ += item.body.size();
  const std::size_t last = taken.empty() ? 0 : taken.back().body.size();
  if (held_messages_ > options_.messages || held_bytes_ - last > options_.bytes) {
    return broken(fmt::format("the feed {} sent more than it was granted", shown(options_.feed)));
  }
  return taken;
}

void FeedConsumer::on_message(std::string message) {
  auto items = take(message);
  if (!items) return failed(on_the_way(items.error(), kFollowMethod, channel_.peer()));
  const auto self = self_;
  wire_->read();
  attempts_ = 0;
  if (!std::exchange(up_, true)) events_.on_up();
  if (*self == nullptr || items->empty()) return;
  events_.on_items(*std::move(items));
  if (*self != nullptr) grant();
}

void FeedConsumer::on_end(Expected<void> how) {
  if (how) return lost(unavailable("the peer ended the feed"));
  const Code code = how.error().code();
  if (code == Code::unavailable || code == Code::exhausted) return lost(how.error());
  failed(how.error());
}

void FeedConsumer::lost(Error error) {
  wire_.reset();
  const Micros delay =
      back_off(channel_.peer() + options_.feed, attempts_++, kFirstBackOff, kLastBackOff);
  again_ = local_.scheduler.after(delay, [this] { connect(); });
  events_.on_down(error);
}

void FeedConsumer::failed(Error error) {
  wire_.reset();
  events_.on_failed(error);
}

}  // namespace quintet::link
