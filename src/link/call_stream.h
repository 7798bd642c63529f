// Many calls over one stream: for a caller with many small ones, since calls that are made while a
// write is under way go together in the next, without waiting for each other. Answers come in any
// order. Every server takes such streams, for all its methods.
#pragma once

#include <memory>
#include <string>

#include "link/batches.h"
#include "link/pending.h"
#include "link/wire.h"

namespace quintet::link {

// The stream is opened by the first call, and by the first after a loss: what was under way then is
// `unavailable`. The channel outlives it.
class CallStream final : public Caller, private WireEvents {
 public:
  struct Options {
    std::size_t calls = kMaxCalls;
    std::size_t request_bytes = kMaxMessageBytes;
    std::size_t queued_bytes = kMaxQueuedBytes;  // of requests that wait for a write
  };
  CallStream(Local local, Channel& channel, Options options);
  CallStream(Local local, Channel& channel) : CallStream(local, channel, Options{}) {}
  ~CallStream() override;

  CallId call(Call call, Reply reply) override;
  void cancel(CallId id) override { pending_.cancel(id); }
  const std::string& peer() const override { return pending_.peer(); }

 private:
  void flush();
  void flush_soon();
  void on_message(std::string message) override;
  void on_written() override;
  void on_end(Expected<void> how) override;

  const Local local_;
  Channel& channel_;
  const Options options_;
  Pending pending_;
  Batches batches_;
  bool writing_ = false, flush_posted_ = false;
  std::unique_ptr<Wire> wire_;
  const std::shared_ptr<bool> alive_;
};

}  // namespace quintet::link
