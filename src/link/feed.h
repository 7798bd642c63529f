// Feeds: messages with positions, in order, from any position on, to whoever follows. The server
// offers feeds by name; a follower says from where, and grants credits as it can take more, so that
// a slow one costs neither side memory. It is woken when there is more, never polls, and after a
// loss goes on from where it was.
//
// On the wire this is the stream kFollowMethod (api/quintet/link/v1/link.proto).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "event/types.h"
#include "link/limits.h"
#include "link/service.h"

namespace quintet::link {

inline constexpr std::string_view kFollowMethod = "/quintet.link.v1.Feeds/Follow";

// A message stands for the positions first to last; the next one begins at last + 1.
struct FeedItem {
  Position first = kNoPosition;
  Position last = kNoPosition;
  std::string body;
};

struct FeedAsk;

class FeedProducer {
 public:
  // What the feed has from the message on that holds position `from`. The follower takes so many
  // messages and, beyond the first, so many bytes: more is read in vain. Nothing if that position
  // is still to come: then wake() when it is there. An error ends the stream and goes to the
  // follower: `expired` if the position is there no more; after `unavailable` and `exhausted` it
  // tries again.
  using Read = std::function<Expected<std::vector<FeedItem>>(Position from, std::size_t messages,
                                                             std::size_t bytes)>;

  explicit FeedProducer(Read read) : read_(std::move(read)) {}
  FeedProducer(const FeedProducer&) = delete;
  FeedProducer& operator=(const FeedProducer&) = delete;

  // There is more. On the server's scheduler; it reads and writes inside the call.
  void wake();
  std::size_t followers() const { return sessions_.size(); }

 private:
  friend class Feeds;
  class Session;

  const Read read_;
  std::set<Session*> sessions_;
};

// The feeds of one server; outlives it.
class Feeds {
 public:
  // A name is added once (checked), before the server starts.
  FeedProducer& add(std::string name, FeedProducer::Read read);
  // Offers them to followers.
  void offer(Service& service);

 private:
  std::map<std::string, std::unique_ptr<FeedProducer>, std::less<>> feeds_;
};

// What a follower hears, in jobs of its scheduler. Each may destroy the consumer.
class FeedEvents {
 public:
  virtual ~FeedEvents() = default;
  // In order, without gaps, each position once; only a first message may begin before the position
  // that was asked for. release() says when they are done with.
  virtual void on_items(std::vector<FeedItem> items) = 0;
  // The peer was reached, and follows from now on; also after a loss.
  virtual void on_up() {}
  // The peer is away or was lost; the consumer tries again by itself.
  virtual void on_down(const Error& error) = 0;
  // It is over: the peer refused (not_found, expired, invalid), or sent what cannot be (broken: a
  // gap, a position going back, damage).
  virtual void on_failed(const Error& error) = 0;
};

class FeedConsumer final : private WireEvents {
 public:
  struct Options {
    std::string feed = {};
    Position from = 1;
    std::size_t messages = kFeedMessages;
    std::size_t bytes = kFeedBytes;
    Metadata metadata = {};
  };
  // Begins at once. Channel and events outlive it.
  FeedConsumer(Local local, Channel& channel, Options options, FeedEvents& events);
  ~FeedConsumer() override;
  FeedConsumer(const FeedConsumer&) = delete;
  FeedConsumer& operator=(const FeedConsumer&) = delete;

  // So many messages with bodies of so many bytes are done with: as many more may come.
  void release(std::size_t messages, std::size_t bytes);
  void release(const std::vector<FeedItem>& items);
  // The position after the last that was delivered.
  Position next() const { return next_; }

 private:
  void connect();
  void grant();
  FeedAsk granted();
  Expected<std::vector<FeedItem>> take(std::string_view message);
  Expected<void> accept(FeedItem item, std::vector<FeedItem>& out);
  void release_unseen(const FeedItem& item);
  void lost(Error error);
  void failed(Error error);
  void on_message(std::string message) override;
  void on_written() override;
  void on_end(Expected<void> how) override;

  const Local local_;
  Channel& channel_;
  const Options options_;
  FeedEvents& events_;
  Position next_;
  Position seen_ = kNoPosition;  // the last position of this stream
  // Delivered and not released; and what may be granted: below 0 while more is held than the
  // window, which a last large message may have passed.
  std::size_t held_messages_ = 0, held_bytes_ = 0;
  std::int64_t free_messages_ = 0, free_bytes_ = 0;
  bool up_ = false, writing_ = false;
  unsigned attempts_ = 0;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Timer> again_;
  const std::shared_ptr<FeedConsumer*> self_;  // tells whether an event destroyed us
};

}  // namespace quintet::link
