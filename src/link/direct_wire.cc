#include "link/direct_wire.h"

#include <fmt/format.h>

#include "base/check.h"
#include "link/limits.h"

namespace quintet::link {

class DirectEnd::Handle final : public Wire {
 public:
  explicit Handle(std::shared_ptr<DirectEnd> end) : end_(std::move(end)) {}
  ~Handle() override { end_->drop(); }

  void read() override {
    end_->reading_ = true;
    end_->post(&DirectEnd::pump);
  }
  void write(std::string message) override {
    check(!end_->finished_, "a stream was written to after its end");
    send({std::move(message), {}});
  }
  void finish(Expected<void> status) override {
    end_->finished_ = true;
    send({{}, std::move(status)});
  }

 private:
  void send(Arrived arrived) {
    if (end_->other_ == nullptr) return;
    DirectEnd& other = *end_->other_;
    other.scheduler_.post([to = end_->other_, arrived = std::move(arrived)]() mutable {
      to->arrive(std::move(arrived));
    });
  }

  const std::shared_ptr<DirectEnd> end_;
};

void DirectEnd::join(const std::shared_ptr<DirectEnd>& a, const std::shared_ptr<DirectEnd>& b) {
  a->other_ = b;
  b->other_ = a;
}

std::unique_ptr<Wire> DirectEnd::attach(WireEvents& events) {
  events_ = &events;
  return std::make_unique<Handle>(shared_from_this());
}

Error DirectEnd::lost(std::string_view how) const {
  return on_the_way(unavailable(std::string(how)), is_.method, is_.peer);
}

void DirectEnd::cut_later(Error why) {
  scheduler_.post([self = shared_from_this(), why = std::move(why)] { self->end(why); });
}

void DirectEnd::post(void (DirectEnd::*job)()) {
  scheduler_.post([self = shared_from_this(), job] { (self.get()->*job)(); });
}

void DirectEnd::arrive(Arrived arrived) {
  if (arrived.message.size() > is_.message_bytes + kEnvelopeBytes) {
    if (other_ != nullptr) other_->cut_later(other_->lost("a message was too large"));
    return end(on_the_way(exhausted(fmt::format("a message of {} bytes, at most {}",
                                                arrived.message.size(), is_.message_bytes)),
                          is_.method, is_.peer));
  }
  inbox_.push_back(std::move(arrived));
  pump();
}

void DirectEnd::pump() {
  if (!reading_ || events_ == nullptr) return;
  if (read_ended_) return;
  if (inbox_.empty()) return;
  Arrived next = std::move(inbox_.front());
  inbox_.pop_front();
  reading_ = false;
  if (!next.last) {
    if (other_ != nullptr) other_->post(&DirectEnd::written);
    return events_->on_message(std::move(next.message));
  }
  read_ended_ = true;
  if (is_.server) return events_->on_read_end();
  if (other_ != nullptr) {
    other_->scheduler_.post([other = other_] { other->end({}); });
  }
  end(std::move(*next.last));
}

void DirectEnd::written() {
  if (events_ != nullptr) events_->on_written();
}

void DirectEnd::end(Expected<void> how) {
  other_.reset();
  inbox_.clear();
  if (WireEvents* events = std::exchange(events_, nullptr)) events->on_end(std::move(how));
}

// A server that has finished may go: what it wrote and its status are on their way.
void DirectEnd::drop() {
  events_ = nullptr;
  inbox_.clear();
  const std::shared_ptr<DirectEnd> other = std::exchange(other_, nullptr);
  if (other != nullptr && !(is_.server && finished_)) {
    other->cut_later(other->lost("the stream was cut"));
  }
}

}  // namespace quintet::link
