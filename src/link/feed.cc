#include "link/feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "link/feed_wire.h"
#include "link/session.h"

namespace quintet::link {

// One follower, as the server sees it.
class FeedProducer::Session final : public link::Session {
 public:
  using Named = std::map<std::string, std::unique_ptr<FeedProducer>, std::less<>>;
  Session(const Named& feeds, Wire& wire) : link::Session(wire), feeds_(feeds) { read(); }
  ~Session() override {
    if (feed_ != nullptr) feed_->sessions_.erase(this);
  }

  void on_message(std::string message) override;
  void pump();

 private:
  void on_idle() override { pump(); }
  Expected<void> begin(const FeedAsk& ask);
  void keep_granted(std::vector<FeedItem>& items) const;
  void send_items(const std::vector<FeedItem>& items);

  const Named& feeds_;
  FeedProducer* feed_ = nullptr;
  Position next_ = kNoPosition;
  std::uint64_t messages_ = 0;
  std::int64_t bytes_ = 0;  // the last message may overdraw it
};

Expected<void> FeedProducer::Session::begin(const FeedAsk& ask) {
  const auto found = feeds_.find(ask.feed);
  if (found == feeds_.end()) return not_found(fmt::format("there is no feed {}", shown(ask.feed)));
  if (ask.from == kNoPosition) return invalid("a feed has no position 0");
  feed_ = found->second.get();
  feed_->sessions_.insert(this);
  next_ = ask.from;
  send_items({});  // so that the follower knows that it was heard
  return {};
}

void FeedProducer::Session::on_message(std::string message) {
  const Expected<FeedAsk> ask = decode_feed_ask(message);
  if (!ask) return finish(ask.error());
  if (feed_ == nullptr) {
    if (const Expected<void> begun = begin(*ask); !begun) return finish(begun.error());
  }
  constexpr auto kMost = std::uint64_t{1} << 40;
  messages_ = std::min(kMost, messages_ + std::min(kMost, ask->messages));
  bytes_ = std::min<std::int64_t>(kMost,
                                  bytes_ + static_cast<std::int64_t>(std::min(kMost, ask->bytes)));
  read();
  pump();
}

void FeedProducer::Session::send_items(const std::vector<FeedItem>& items) {
  for (const FeedItem& item : items) {
    bytes_ -= static_cast<std::int64_t>(item.body.size());
    next_ = item.last + 1;
  }
  messages_ -= std::min<std::uint64_t>(messages_, items.size());
  send(encode(items));
}

void FeedProducer::Session::pump() {
  if (busy() || feed_ == nullptr || messages_ == 0 || bytes_ <= 0) return;
  auto items =
      feed_->read_(next_, std::min<std::uint64_t>(messages_, kMaxBatchItems),
                   std::min<std::uint64_t>(static_cast<std::uint64_t>(bytes_), kMaxBatchBytes));
  if (!items) return finish(items.error());
  for (const FeedItem& item : *items) {
    if (item.body.size() <= kMaxMessageBytes) continue;
    return finish(broken(fmt::format("the message of positions {} to {} has {} bytes, at most {}",
                                     item.first, item.last, item.body.size(), kMaxMessageBytes)));
  }
  keep_granted(*items);
  if (!items->empty()) send_items(*items);
}

// Of what was read, as much as the follower takes now: the last message alone may pass its bytes.
void FeedProducer::Session::keep_granted(std::vector<FeedItem>& items) const {
  std::int64_t bytes = 0;
  std::size_t count = 0;
  while (count < items.size() && count < messages_ && bytes < bytes_) {
    bytes += static_cast<std::int64_t>(items[count++].body.size());
  }
  items.resize(count);
}

void FeedProducer::wake() {
  // pump() ends no session here: that comes by an event of its wire.
  for (Session* session : sessions_) session->pump();
}

FeedProducer& Feeds::add(std::string name, FeedProducer::Read read) {
  const auto [at, added] =
      feeds_.emplace(std::move(name), std::make_unique<FeedProducer>(std::move(read)));
  check(added, "a feed was added twice");
  return *at->second;
}

void Feeds::offer(Service& service) {
  service.add_wire(std::string(kFollowMethod), [this](const Incoming&, Wire& wire) {
    return std::make_unique<FeedProducer::Session>(feeds_, wire);
  });
}

}  // namespace quintet::link
