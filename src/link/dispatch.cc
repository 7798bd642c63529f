#include "link/dispatch.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "link/call_session.h"
#include "link/calls_wire.h"

namespace quintet::link {

namespace {

// A stream that is refused before it begins.
class Refused final : public WireEvents {
 public:
  Refused(Wire& wire, Error error) { wire.finish(std::move(error)); }
  void on_message(std::string) override {}
  void on_written() override {}
  void on_end(Expected<void>) override {}
};

}  // namespace

// A wire and what is behind it, until the wire has ended.
class Dispatch::Session final : public WireEvents {
 public:
  explicit Session(Dispatch& owner) : owner_(owner) {}

  void begin(const Incoming& call, std::unique_ptr<Wire> wire) {
    wire_ = std::move(wire);
    inner_ = owner_.begin(call, *wire_);
  }
  void on_message(std::string message) override { inner_->on_message(std::move(message)); }
  void on_read_end() override { inner_->on_read_end(); }
  void on_written() override { inner_->on_written(); }
  void on_drain() override { inner_->on_drain(); }
  void on_end(Expected<void> how) override {
    inner_->on_end(std::move(how));
    owner_.end(this);
  }

 private:
  Dispatch& owner_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<WireEvents> inner_;  // destroyed before its wire
};

Dispatch::Dispatch(Local local, std::string where, std::shared_ptr<const Service> service,
                   ServerOptions options)
    : local_(local),
      where_(std::move(where)),
      service_(std::move(service)),
      options_(options),
      running_(std::make_shared<Running>(where_, options.calls, options.message_bytes)),
      self_(std::make_shared<Dispatch*>(this)) {}

Dispatch::~Dispatch() {
  *self_ = nullptr;
  running_->close({});
  running_->answer_all(unavailable("the server has gone"));
}

bool Dispatch::is_stream(const Service& service, std::string_view method) {
  return method == kCallsMethod || service.wire_handler(method) != nullptr;
}

void Dispatch::call(Incoming call, Answer::Respond respond) {
  const auto refuse = [&](Error error) {
    respond(on_the_way(std::move(error), shown(call.method), where_));
  };
  const Handler* handler = service_->handler(call.method);
  if (handler == nullptr) return refuse(not_found("there is no such method"));
  if (call.request.size() > options_.message_bytes) {
    return refuse(exhausted(fmt::format("a request of {} bytes, at most {}", call.request.size(),
                                        options_.message_bytes)));
  }
  if (call.deadline <= local_.clock.steady()) return refuse(expired("the deadline has passed"));
  const std::unique_ptr<Answer> answer = running_->add(call.method, std::move(respond));
  if (answer != nullptr) (*handler)(std::move(call), std::move(*answer));
}

std::unique_ptr<WireEvents> Dispatch::begin(const Incoming& call, Wire& wire) {
  const auto refuse = [&](Error error) {
    return std::make_unique<Refused>(wire,
                                     on_the_way(std::move(error), shown(call.method), where_));
  };
  const WireHandler* handler = service_->wire_handler(call.method);
  if (handler == nullptr && call.method != kCallsMethod)
    return refuse(not_found("there is no such stream"));
  if (draining_) return refuse(unavailable("the server is shutting down"));
  if (sessions_.size() > options_.streams) {
    return refuse(exhausted(fmt::format("{} streams are open", options_.streams)));
  }
  if (handler == nullptr) return std::make_unique<CallSession>(local_, *this, call, wire);
  return (*handler)(call, wire);
}

void Dispatch::stream(const Incoming& call,
                      const std::function<std::unique_ptr<Wire>(WireEvents&)>& open) {
  auto made = std::make_unique<Session>(*this);
  Session& session = *made;
  sessions_.emplace(&session, std::move(made));
  session.begin(call, open(session));
}

void Dispatch::end(const Session* session) {
  sessions_.erase(session);
  after_drain();
}

void Dispatch::drain(Micros most, Job done) {
  check(!draining_, "a server is drained twice");
  draining_ = true;
  drained_ = std::move(done);
  bound_ = local_.scheduler.after(most, [this] { cut(); });
  running_->close([self = self_, &scheduler = local_.scheduler] {
    scheduler.post([self] {
      if (*self != nullptr) (*self)->after_drain();
    });
  });
  for (const auto& [at, session] : sessions_) session->on_drain();
}

void Dispatch::cut() {
  running_->answer_all(unavailable("the server is shutting down"));
  sessions_.clear();
  after_drain();
}

void Dispatch::after_drain() {
  if (!draining_ || !drained_ || !sessions_.empty() || running_->size() != 0) return;
  bound_.reset();
  local_.scheduler.post(std::move(drained_));
  drained_ = {};
}

}  // namespace quintet::link
