#include "link/call_session.h"

#include <mutex>

#include "link/calls_wire.h"

namespace quintet::link {

// Answers from any thread on their way to the session, which takes all there are in one job.
struct CallSession::Answers : std::enable_shared_from_this<Answers> {
  Answers(Scheduler& on, CallSession* of) : scheduler(on), session(of) {}

  void add(std::uint64_t id, Expected<std::string> answer) {
    const std::lock_guard lock(mutex);
    if (closed) return;
    waiting.emplace_back(id, std::move(answer));
    if (waiting.size() > 1) return;
    scheduler.post([self = shared_from_this()] {
      if (self->session != nullptr) self->session->answered();
    });
  }

  Scheduler& scheduler;
  CallSession* session;  // of the scheduler's jobs
  std::mutex mutex;
  bool closed = false;
  std::vector<std::pair<std::uint64_t, Expected<std::string>>> waiting;
};

CallSession::CallSession(Local local, Dispatch& dispatch, const Incoming& opened, Wire& wire)
    : local_(local),
      dispatch_(dispatch),
      peer_(opened.peer),
      wire_(wire),
      answers_(std::make_shared<Answers>(local.scheduler, this)) {
  go_on();
}

CallSession::~CallSession() {
  answers_->session = nullptr;
  for (const auto& [id, cancelled] : running_) *cancelled = true;
  const std::lock_guard lock(answers_->mutex);
  answers_->closed = true;
}

void CallSession::on_message(std::string message) {
  reading_ = false;
  if (ended_) return;
  auto frames = decode_call_frames(message);
  if (!frames) {
    ended_ = true;
    wire_.finish(frames.error());
    return;
  }
  for (CallFrame& frame : *frames) begin(std::move(frame));
  go_on();
}

void CallSession::begin(CallFrame frame) {
  if (frame.cancel) {
    const auto found = running_.find(frame.id);
    if (found != running_.end()) *found->second = true;
    return;
  }
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  if (!running_.emplace(frame.id, cancelled).second) return;  // the id is in use: answered once
  Incoming call;
  call.method = std::move(frame.method);
  call.request = std::move(frame.body);
  call.metadata = std::move(frame.metadata);
  if (frame.timeout > 0) call.deadline = local_.clock.steady() + frame.timeout;
  call.peer = peer_;
  call.cancelled = std::move(cancelled);
  dispatch_.call(std::move(call),
                 [answers = answers_, id = frame.id](Expected<std::string> answer) {
                   answers->add(id, std::move(answer));
                 });
}

void CallSession::answered() {
  std::vector<std::pair<std::uint64_t, Expected<std::string>>> waiting;
  {
    const std::lock_guard lock(answers_->mutex);
    waiting.swap(answers_->waiting);
  }
  for (auto& [id, answer] : waiting) {
    running_.erase(id);
    CallFrame frame;
    frame.id = id;
    if (!answer) frame.error = answer.error();
    const std::string_view body = answer ? std::string_view(*answer) : std::string_view();
    append(batches_.room_for(kFrameBytes + body.size()), frame, body);
  }
  flush();
  go_on();
}

void CallSession::on_written() {
  writing_ = false;
  flush();
  go_on();
}

void CallSession::flush() {
  if (ended_ || writing_ || batches_.empty()) return;
  writing_ = true;
  wire_.write(batches_.take());
}

void CallSession::on_drain() {
  last_ = unavailable("the server is shutting down");
  go_on();
}

void CallSession::on_read_end() {
  if (!last_) last_ = Expected<void>();
  go_on();
}

// Reads on while there is room for more calls and answers; ends once nothing is owed here.
void CallSession::go_on() {
  if (ended_) return;
  if (last_ && running_.empty() && !writing_) {
    ended_ = true;
    wire_.finish(*last_);
    return;
  }
  if (reading_ || running_.size() >= kMaxStreamCalls || batches_.bytes() >= kMaxQueuedBytes) return;
  reading_ = true;
  wire_.read();
}

}  // namespace quintet::link
