#include "host/remote_intake.h"

#include "app/load.h"

namespace quintet::host {

namespace {

constexpr const char* kDescribe = "/quintet.v1.Ingest/Describe";
constexpr const char* kOffer = "/quintet.v1.Ingest/Offer";
constexpr const char* kRefuse = "/quintet.v1.Ingest/Refuse";
constexpr const char* kLastOfSession = "/quintet.v1.Ingest/LastOfSession";
constexpr const char* kAwait = "/quintet.v1.Results/Await";
// Another application came into force on the way: a door that knows it reads the event anew.
constexpr const char* kOtherVersion = "other_application_version";

}  // namespace

RemoteIntake::RemoteIntake(const Parts& parts, std::function<void()> changed)
    : parts_(parts), changed_(std::move(changed)) {}
RemoteIntake::~RemoteIntake() = default;

void RemoteIntake::describe() {
  if (asking_) return;
  asking_ = true;
  link::Call call{kDescribe, wire::write_nothing(), parts_.clock.steady() + kOfferPatience};
  call.idempotent = true;
  parts_.asked.call(std::move(call),
                    [this, alive = std::weak_ptr<int>(alive_)](Expected<std::string> bytes) {
                      if (!alive.expired()) described(std::move(bytes));
                    });
}

void RemoteIntake::described(Expected<std::string> bytes) {
  asking_ = false;
  ask_again_ = parts_.loop.after(spec_ == nullptr ? kDescribeEvery / 20 : kDescribeEvery,
                                 [this] { describe(); });
  if (!bytes) return;
  auto said = wire::read_description(*bytes);
  if (!said) return;
  const bool other = spec_ == nullptr || said->digest != description_.digest;
  description_ = *std::move(said);
  if (!other) return;
  // Ingest has checked it; a build that reads it otherwise must not speak for it.
  auto loaded = app::load(description_.file);
  if (loaded.spec == nullptr || loaded.spec->digest != description_.digest) return;
  spec_ = loaded.spec;
  changed_();
}

void RemoteIntake::offer(Offer&& offer, Reply reply) {
  Sent sent;
  sent.call = {kOffer, wire::write_offer(offer, spec_->digest),
               parts_.clock.steady() + kOfferPatience};
  if (!offer.trace.empty()) sent.call.metadata.emplace_back("traceparent", offer.trace);
  sent.show = offer.show;
  sent.reply = std::move(reply);
  send(std::move(sent));
}

void RemoteIntake::refuse(stage::DeadLetter letter, Error why, Reply reply,
                          const stage::SessionPlace& place) {
  Sent sent;
  sent.call = {kRefuse, wire::write_refusal(letter, why, place),
               parts_.clock.steady() + kOfferPatience};
  sent.letter = true;
  sent.reply = std::move(reply);
  send(std::move(sent));
}

void RemoteIntake::send(Sent sent) {
  const Number number = next_++;
  sent.lost = lost_ > 0;  // behind what waits to be sent again
  if (sent.lost) ++lost_;
  const bool lost = sent.lost;
  sent_.emplace(number, std::move(sent));
  if (lost) return;
  gathered_.push_back(number);
  gather();
}

// Small lots cost every process behind as much as large ones: while some are under way, those that
// come meanwhile make one.
void RemoteIntake::gather() {
  if (gathered_.empty() || gathering_) return;
  if (lots_.size() < kLotsUnderWay) {
    gathering_ = true;
    return parts_.loop.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      gathering_ = false;
      send_gathered();
    });
  }
  if (gathered_long_ != nullptr) return;
  gathered_long_ = parts_.loop.after(kGather, [this] { send_gathered(); });
}

void RemoteIntake::send_gathered() {
  gathered_long_ = nullptr;
  if (gathered_.empty()) return;
  lots_[++lot_] = gathered_.size();
  for (const Number number : std::exchange(gathered_, {})) {
    sent_.at(number).lot = lot_;
    call(number);
  }
}

// One of its offers has its answer.
void RemoteIntake::answered(std::uint64_t lot) {
  const auto at = lots_.find(lot);
  if (at == lots_.end() || --at->second > 0) return;
  lots_.erase(at);
  gather();
}

void RemoteIntake::lose(Sent& sent) {
  sent.lost = true;
  ++lost_;
}

void RemoteIntake::call(Number number) {
  parts_.ingest.call(sent_.at(number).call, [this, number, alive = std::weak_ptr<int>(alive_)](
                                                Expected<std::string> bytes) {
    if (!alive.expired()) taken(number, std::move(bytes));
  });
}

void RemoteIntake::taken(Number number, Expected<std::string> bytes) {
  const auto at = sent_.find(number);
  Sent& sent = at->second;
  auto answer =
      bytes ? wire::read_offer_reply(*bytes) : Expected<wire::OfferReply>(std::move(bytes).error());
  const bool lost = !answer && answer.error().code() == Code::unavailable &&
                    answer.error().id() != kOtherVersion && !sent.letter &&
                    sent.call.deadline > parts_.clock.steady();
  if (lost) {
    sent.again = true;
    lose(sent);
    for (const Number behind : std::exchange(gathered_, {})) lose(sent_.at(behind));
    if (send_again_ == nullptr) {
      send_again_ = parts_.loop.after(kOfferAgain, [this] { resend(); });
    }
    return;
  }
  const Sent done = std::move(sent);
  sent_.erase(at);
  if (!answer || answer->error) answered(done.lot);
  if (!answer) {
    const Error& why = answer.error();
    if (why.id() == kOtherVersion || why.id() == kSaturated) describe();
    return done.reply({stage::Admission::What::refused, kNoPosition, &why, {}, false});
  }
  if (answer->error) {
    return done.reply({answer->what, answer->position, &*answer->error, {}, false});
  }
  // What was sent twice was admitted by the first.
  if (done.again) answer->what = stage::Admission::What::admitted;
  await({*answer, done.show, parts_.clock.steady() + kOutcomePatience, done.reply, done.lot});
}

// Once all that was under way has come back, so that the order stays.
void RemoteIntake::resend() {
  send_again_ = nullptr;
  if (lost_ < sent_.size()) {
    send_again_ = parts_.loop.after(kOfferAgain, [this] { resend(); });
    return;
  }
  lost_ = 0;
  for (auto& [number, sent] : sent_) {
    sent.lost = false;
    answered(std::exchange(sent.lot, 0));
    gathered_.push_back(number);
  }
  send_gathered();
}

void RemoteIntake::await(Awaiting awaiting) {
  const Number number = next_++;
  awaiting_.emplace(number, std::move(awaiting));
  ask(number);
}

// A client that wants no result is told once its outcome is durable all the same: what it then asks
// for is there. While outcomes do not come nobody waits for one, but one may be there.
void RemoteIntake::ask(Number number) {
  Awaiting& awaiting = awaiting_.at(number);
  link::Call call{kAwait,
                  wire::write_await({awaiting.offer.position, awaiting.show == Show::result,
                                     !parts_.away().empty()}),
                  awaiting.deadline};
  call.idempotent = true;
  awaiting.call = parts_.results.call(
      std::move(call),
      [this, number, alive = std::weak_ptr<int>(alive_)](const Expected<std::string>& bytes) {
        if (!alive.expired()) told(number, bytes);
      });
}

void RemoteIntake::told(Number number, const Expected<std::string>& bytes) {
  const auto at = awaiting_.find(number);
  const std::string_view away = parts_.away();
  const auto json = bytes ? wire::read_result(*bytes) : Expected<std::string>(bytes.error());
  const bool again = !json && away.empty() && json.error().code() == Code::unavailable &&
                     parts_.clock.steady() + kOfferAgain < at->second.deadline;
  if (again) {
    at->second.call = 0;
    at->second.again = parts_.loop.after(kOfferAgain, [this, number] { ask(number); });
    return;
  }
  const Awaiting done = std::move(at->second);
  awaiting_.erase(at);
  answered(done.lot);
  done.reply({done.offer.what, done.offer.position, nullptr, json ? std::string_view(*json) : "",
              !json, json ? std::string_view() : away});
}

void RemoteIntake::hurry() {
  for (auto& [number, awaiting] : awaiting_) {
    if (awaiting.call != 0) parts_.results.cancel(awaiting.call);
    awaiting.again = nullptr;
    ask(number);
  }
}

Error RemoteIntake::why_saturated() const {
  if (!description_.saturated) return Intake::why_saturated();
  return log_ahead(description_.most_ahead);
}

void RemoteIntake::last_of_session(std::string_view session,
                                   std::function<void(Expected<std::uint64_t>)> done) {
  send_gathered();  // it is asked behind them
  link::Call call{kLastOfSession, wire::write_session_name(session),
                  parts_.clock.steady() + kOfferPatience};
  call.idempotent = true;
  parts_.ingest.call(std::move(call), [done = std::move(done)](Expected<std::string> bytes) {
    if (!bytes) return done(bytes.error());
    done(wire::read_session_number(*bytes));
  });
}

}  // namespace quintet::host
