#include "link/call_stream.h"

#include <fmt/format.h>

#include "link/calls_wire.h"

namespace quintet::link {

CallStream::CallStream(Local local, Channel& channel, Options options)
    : local_(local),
      channel_(channel),
      options_(options),
      pending_(local, channel.peer(), {options.calls, options.request_bytes},
               [this](CallId id, const std::shared_ptr<void>&) {
                 if (wire_ == nullptr) return;
                 CallFrame frame;
                 frame.id = id;
                 frame.cancel = true;
                 append(batches_.room_for(kFrameBytes), frame, {});
                 flush_soon();
               }),
      alive_(std::make_shared<bool>(true)) {}

CallStream::~CallStream() {
  *alive_ = false;
}

CallId CallStream::call(Call call, Reply reply) {
  const auto [id, send] = pending_.add(call, std::move(reply));
  if (!send) return id;
  if (batches_.bytes() + call.request.size() > options_.queued_bytes && !batches_.empty()) {
    pending_.fail_later(id,
                        exhausted(fmt::format("{} bytes of requests wait to be sent, at most {}",
                                              batches_.bytes(), options_.queued_bytes)));
    return id;
  }
  CallFrame frame;
  frame.id = id;
  frame.method = std::move(call.method);
  frame.metadata = std::move(call.metadata);
  if (call.deadline != kNoDeadline) {
    frame.timeout = std::max<Micros>(1, call.deadline - local_.clock.steady());
  }
  append(batches_.room_for(kFrameBytes + call.request.size()), frame, call.request);
  if (wire_ == nullptr) {
    wire_ = channel_.open({std::string(kCallsMethod)}, *this);
    wire_->read();
  }
  flush_soon();
  return id;
}

// Calls of one turn of the scheduler go as one message.
void CallStream::flush_soon() {
  if (writing_ || std::exchange(flush_posted_, true)) return;
  local_.scheduler.post([this, alive = alive_] {
    if (!*alive) return;
    flush_posted_ = false;
    flush();
  });
}

void CallStream::flush() {
  if (writing_ || wire_ == nullptr || batches_.empty()) return;
  writing_ = true;
  wire_->write(batches_.take());
}

void CallStream::on_written() {
  writing_ = false;
  flush();
}

void CallStream::on_message(std::string message) {
  auto frames = decode_call_frames(message);
  if (!frames) return on_end(frames.error());
  wire_->read();
  const auto alive = alive_;
  for (CallFrame& frame : *frames) {
    if (frame.error) {
      pending_.answer(frame.id, *std::move(frame.error));
    } else {
      pending_.answer(frame.id, std::move(frame.body));
    }
    if (!*alive) return;
  }
}

void CallStream::on_end(Expected<void> how) {
  wire_.reset();
  batches_.clear();
  writing_ = false;
  pending_.fail_all(how ? unavailable("the peer ended the stream") : how.error());
}

}  // namespace quintet::link
