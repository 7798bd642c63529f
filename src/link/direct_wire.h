// The streams of the direct transport. For direct.cc alone.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "link/wire.h"

namespace quintet::link {

// One end of a stream. It is touched by jobs of its own scheduler, and reaches the other by post.
class DirectEnd : public std::enable_shared_from_this<DirectEnd> {
 public:
  struct Is {
    bool server;
    std::string method;
    std::string peer;  // the other end, for messages
    std::size_t message_bytes;
  };
  DirectEnd(Scheduler& scheduler, Is is) : scheduler_(scheduler), is_(std::move(is)) {}
  static void join(const std::shared_ptr<DirectEnd>& a, const std::shared_ptr<DirectEnd>& b);

  // The events are called until the wire goes.
  std::unique_ptr<Wire> attach(WireEvents& events);
  // Ends this end at once. Any thread.
  void cut_later(Error why);
  Error lost(std::string_view how) const;

 private:
  class Handle;
  struct Arrived {
    std::string message;
    std::optional<Expected<void>> last;  // in place of a message: the peer's finish()
  };

  void post(void (DirectEnd::*job)());
  void arrive(Arrived arrived);
  void pump();
  void written();
  void end(Expected<void> how);
  void drop();

  Scheduler& scheduler_;
  const Is is_;
  std::shared_ptr<DirectEnd> other_;  // until this end is over
  WireEvents* events_ = nullptr;
  std::deque<Arrived> inbox_;
  bool reading_ = false, finished_ = false, read_ended_ = false;
};

}  // namespace quintet::link
