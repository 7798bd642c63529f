// The calls of a Caller that have no reply yet: each gets one, by its deadline at the latest,
// unless it is cancelled. Lives on one scheduler.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "link/caller.h"

namespace quintet::link {

class Pending {
 public:
  struct Limits {
    std::size_t calls;
    std::size_t request_bytes;
  };
  // `abandon` is told of a call that was sent and whose answer is no longer wanted, with what was
  // attached to it.
  using Abandon = std::function<void(CallId, const std::shared_ptr<void>&)>;
  Pending(Local local, std::string peer, Limits limits, Abandon abandon);
  ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  struct Added {
    CallId id;
    bool send;  // false: refused here, and the reply that says why is on its way
  };
  Added add(const Call& call, Reply reply);
  void attach(CallId id, std::shared_ptr<void> load);
  // What the peer said; nothing if the call is no longer waiting.
  void answer(CallId id, Expected<std::string> answer);
  // What went wrong on the way; method and peer are added.
  void fail(CallId id, Error error);
  // The same in a job to come.
  void fail_later(CallId id, Error error);
  void fail_all(const Error& error);
  void cancel(CallId id);
  // Cancels everything.
  void clear();

  std::size_t size() const { return calls_.size(); }
  const std::string& peer() const { return peer_; }

 private:
  struct Waiting {
    std::string method;
    Reply reply;
    Micros deadline;
    Micros since;
    bool sent = false;
    std::shared_ptr<void> load = {};
  };

  Expected<void> admit(const Call& call) const;
  void wait();
  void expire();

  Local local_;
  const std::string peer_;
  const Limits limits_;
  const Abandon abandon_;
  CallId next_ = 1;
  std::unordered_map<CallId, Waiting> calls_;
  std::set<std::pair<Micros, CallId>> deadlines_;
  Micros armed_ = kNoDeadline;
  std::unique_ptr<Timer> timer_;
  const std::shared_ptr<Pending*> self_;  // for jobs that may outlive this object
};

}  // namespace quintet::link
