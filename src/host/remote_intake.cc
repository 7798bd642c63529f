#include "host/remote_intake.h"

#include "app/load.h"
#include "host/wire_lot.h"

namespace quintet::host {

namespace {

constexpr const char* kDescribe = "/quintet.v1.Ingest/Describe";
constexpr const char* kOfferLot = "/quintet.v1.Ingest/OfferLot";
constexpr const char* kLastOfSession = "/quintet.v1.Ingest/LastOfSession";
constexpr const char* kAwaitLot = "/quintet.v1.Results/AwaitLot";
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
  send({wire::write_offer(offer, spec_->digest), false, offer.show,
        parts_.clock.steady() + kOfferPatience, std::move(reply)});
}

void RemoteIntake::refuse(stage::DeadLetter letter, Error why, Reply reply,
                          const stage::SessionPlace& place) {
  send({wire::write_refusal(letter, why, place), true, Show::nothing,
        parts_.clock.steady() + kOfferPatience, std::move(reply)});
}

void RemoteIntake::send(Sent sent) {
  ++offers_;
  gathered_.push_back(std::move(sent));
  gather();
}

// Small lots cost every process behind as much as large ones: while some are under way, those that
// come meanwhile make one.
void RemoteIntake::gather() {
  if (gathered_.empty() || gathering_ || !lost_.empty()) return;
  if (lots_ < kLotsUnderWay) {
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
  if (!lost_.empty()) return;  // these come first
  Lot all = std::exchange(gathered_, {});
  for (auto at = all.begin(); at != all.end();) {
    Lot& lot = under_way_[next_];
    for (std::size_t bytes = 0; at != all.end() && lot.size() < kLotOffers && bytes < kLotBytes;) {
      bytes += at->bytes.size();
      lot.push_back(std::move(*at++));
    }
    ++lots_;
    call(next_++);
  }
}

// One has all its answers.
void RemoteIntake::end_lot() {
  --lots_;
  gather();
}

void RemoteIntake::call(Number number) {
  std::string bytes;
  Micros deadline = 0;
  for (const Sent& sent : under_way_.at(number)) {
    deadline = std::max(deadline, sent.deadline);
    sent.letter ? wire::add_refusal(bytes, sent.bytes) : wire::add_offer(bytes, sent.bytes);
  }
  parts_.ingest.call(
      {kOfferLot, std::move(bytes), deadline},
      [this, number, alive = std::weak_ptr<int>(alive_)](const Expected<std::string>& answer) {
        if (!alive.expired()) taken(number, answer);
      });
}

bool RemoteIntake::is_lost(const Sent& sent, const Expected<wire::OfferReply>& answer) const {
  return !answer && answer.error().code() == Code::unavailable &&
         answer.error().id() != kOtherVersion && !sent.letter &&
         sent.deadline > parts_.clock.steady();
}

void RemoteIntake::refused(const Sent& sent, const Expected<wire::OfferReply>& answer) {
  if (answer) return sent.reply({answer->what, answer->position, &*answer->error, {}, false});
  const Error& why = answer.error();
  if (why.id() == kOtherVersion || why.id() == kSaturated) describe();
  sent.reply({stage::Admission::What::refused, kNoPosition, &why, {}, false});
}

void RemoteIntake::taken(Number number, const Expected<std::string>& bytes) {
  Lot lot = std::move(under_way_.extract(number).mapped());
  auto answers = bytes ? wire::read_lot_reply(*bytes)
                       : Expected<std::vector<Expected<wire::OfferReply>>>(bytes.error());
  if (answers && answers->size() != lot.size()) answers = broken("ingest answered another lot");
  Lot lost;
  Awaiting awaiting;
  for (std::size_t i = 0; i < lot.size(); ++i) {
    Sent& sent = lot[i];
    auto answer = answers ? std::move((*answers)[i]) : Expected<wire::OfferReply>(answers.error());
    if (is_lost(sent, answer)) {
      sent.again = true;
      lost.push_back(std::move(sent));
      continue;
    }
    --offers_;
    if (!answer || answer->error) {
      refused(sent, answer);
      continue;
    }
    // What was sent twice was admitted by the first.
    if (sent.again) answer->what = stage::Admission::What::admitted;
    awaiting.of.push_back({*std::move(answer), sent.show, std::move(sent.reply)});
  }
  if (!lost.empty()) {
    lost_.emplace(number, std::move(lost));
    if (send_again_ == nullptr) {
      send_again_ = parts_.loop.after(kOfferAgain, [this] { resend(); });
    }
  }
  if (awaiting.of.empty()) return end_lot();
  awaiting.deadline = parts_.clock.steady() + kOutcomePatience;
  awaiting_.emplace(number, std::move(awaiting));
  ask(number);
}

// Once all that was under way has come back, so that the order stays.
void RemoteIntake::resend() {
  send_again_ = nullptr;
  if (!under_way_.empty()) {
    send_again_ = parts_.loop.after(kOfferAgain, [this] { resend(); });
    return;
  }
  Lot all;
  for (auto& [number, lot] : std::exchange(lost_, {})) {
    std::move(lot.begin(), lot.end(), std::back_inserter(all));
  }
  std::move(gathered_.begin(), gathered_.end(), std::back_inserter(all));
  gathered_ = std::move(all);
  send_gathered();
}

// A client that wants no result is told once its outcome is durable all the same: what it then asks
// for is there. While outcomes do not come nobody waits for one, but one may be there.
void RemoteIntake::ask(Number number) {
  Awaiting& awaiting = awaiting_.at(number);
  wire::AwaitLot lot;
  for (const Awaited& one : awaiting.of) {
    lot.positions.push_back({one.offer.position, one.show == Show::result});
  }
  lot.now = !parts_.away().empty();
  link::Call call{kAwaitLot, wire::write_await_lot(lot), awaiting.deadline};
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
  const bool again = !bytes && away.empty() && bytes.error().code() == Code::unavailable &&
                     parts_.clock.steady() + kOfferAgain < at->second.deadline;
  if (again) {
    at->second.call = 0;
    at->second.again = parts_.loop.after(kOfferAgain, [this, number] { ask(number); });
    return;
  }
  const Awaiting done = std::move(at->second);
  awaiting_.erase(at);
  const auto outcomes = bytes ? wire::read_outcomes(*bytes)
                              : Expected<std::vector<Expected<std::string>>>(bytes.error());
  for (std::size_t i = 0; i < done.of.size(); ++i) {
    const Awaited& one = done.of[i];
    const bool there = outcomes && i < outcomes->size() && (*outcomes)[i];
    one.reply({one.offer.what, one.offer.position, nullptr,
               there ? std::string_view(*(*outcomes)[i]) : "", !there,
               there ? std::string_view() : away});
  }
  end_lot();
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
