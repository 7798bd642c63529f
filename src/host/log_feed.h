// The log as a service gives it to those that follow it: blocks as they become durable (feed
// "log"), and the same for who needs them less soon and takes them in larger pieces (feed
// "log.behind"). What was read last is kept, so that each follower does not cost a read of the
// store.
//
// Lives on the process's loop.
#pragma once

#include <deque>

#include "event/record.h"
#include "host/service_process.h"

namespace quintet::host {

// How far "log.behind" lets blocks gather.
inline constexpr Micros kBehind = kSecond / 20;
inline constexpr std::size_t kRecentBytes = std::size_t{4} << 20;

class LogFeed {
 public:
  // Blocks of the log from the one that holds a position.
  using Read = std::function<Expected<std::vector<event::BlockBytes>>(Position from,
                                                                      std::size_t most_bytes)>;
  // Offers both feeds; before the process listens.
  LogFeed(ServiceProcess& process, Read read);
  // There is more.
  void wake();
  // What was read is of a log that is being opened anew.
  void forget() {
    recent_.clear();
    recent_bytes_ = 0;
  }

 private:
  Expected<std::vector<link::FeedItem>> give(Position from, std::size_t most_bytes);
  Expected<void> read_more(Position from, std::size_t most_bytes);

  ServiceProcess& process_;
  const Read read_;
  link::FeedProducer* now_ = nullptr;
  link::FeedProducer* behind_ = nullptr;
  std::unique_ptr<Timer> later_;
  std::deque<link::FeedItem> recent_;  // contiguous
  std::size_t recent_bytes_ = 0;
};

}  // namespace quintet::host
