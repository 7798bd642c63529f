// The intake of a process that has no ingest: events are read here, admitted by the service ingest,
// and answered once the service results has their outcome. Offers reach ingest in the order in
// which they came here; when the way breaks they are sent again in that order, which is safe, since
// each has an id. What was admitted is never forgotten when infer or results is away: its receipt
// then says at once that it is pending, and for whom it waits.
//
// Lives on one loop.
#pragma once

#include <map>
#include <memory>

#include "host/intake.h"
#include "host/wire.h"
#include "link/caller.h"

namespace quintet::host {

// Offers that ingest has not answered; beyond it saturated() asks doors to wait.
inline constexpr std::size_t kOffersUnderWay = 2'048;
// How long an offer may take to become durable, and after that its outcome; then the client is told
// what is known.
inline constexpr Micros kOfferPatience = 20 * kSecond;
inline constexpr Micros kOutcomePatience = 20 * kSecond;
// When the way to ingest or results broke it is tried again after so long.
inline constexpr Micros kOfferAgain = kSecond / 20;
// Offers of one turn go together. While so many lots have offers without an answer the next ones
// gather, but not longer than this.
inline constexpr std::size_t kLotsUnderWay = 2;
inline constexpr Micros kGather = 2'000;
// Of one lot, a call.
inline constexpr std::size_t kLotOffers = 512;
inline constexpr std::size_t kLotBytes = std::size_t{1} << 20;
// How often ingest is asked which application is in force.
inline constexpr Micros kDescribeEvery = kSecond;

class RemoteIntake final : public Intake {
 public:
  struct Parts {  // all outlive it
    Scheduler& loop;
    Clock& clock;
    link::Caller& ingest;   // keeps the order of calls, and has no guard that refuses one of them
    link::Caller& asked;    // ingest, guarded, for what has no order
    link::Caller& results;  // guarded
    // "infer" or "results" while it is away and outcomes do not come; empty: they do.
    std::function<std::string_view()> away;
  };
  // `changed` is called when another application came into force, after spec() gives it.
  RemoteIntake(const Parts& parts, std::function<void()> changed);
  ~RemoteIntake() override;

  // Asks ingest which application is in force, now and then; until it has answered nothing else is
  // called.
  void describe();

  const app::Spec& spec() const override { return *spec_; }
  const std::string& pseudonym_key() const override { return description_.pseudonym_key; }
  void offer(Offer&& offer, Reply reply) override;
  void refuse(stage::DeadLetter letter, Error why, Reply reply,
              const stage::SessionPlace& place = {}) override;
  void last_of_session(std::string_view session,
                       std::function<void(Expected<std::uint64_t>)> done) override;
  void flush() override {}
  bool saturated() const override { return offers_ >= kOffersUnderWay || description_.saturated; }
  Error why_saturated() const override;
  // Somebody is away, or back: those who wait for an outcome are answered with what there is.
  void hurry();
  std::size_t under_way() const { return offers_; }

 private:
  // What goes to ingest and is not answered, in order.
  struct Sent {
    std::string bytes;    // an offer, or a refusal
    bool letter = false;  // the latter: it is not safe to send it twice
    Show show = Show::nothing;
    Micros deadline = 0;
    Reply reply;
    bool again = false;  // it was sent before
  };
  using Lot = std::vector<Sent>;
  using Number = std::uint64_t;  // of a lot

  void send(Sent sent);
  void gather();
  void send_gathered();
  void call(Number number);
  void taken(Number number, const Expected<std::string>& bytes);
  // Whether it is to be sent again.
  bool is_lost(const Sent& sent, const Expected<wire::OfferReply>& answer) const;
  void refused(const Sent& sent, const Expected<wire::OfferReply>& answer);
  void resend();
  void end_lot();
  // Whose outcomes are waited for: of one lot.
  struct Awaited {
    wire::OfferReply offer;
    Show show = Show::nothing;
    Reply reply;
  };
  struct Awaiting {
    std::vector<Awaited> of;
    Micros deadline = 0;
    link::CallId call = 0;
    std::unique_ptr<Timer> again = {};
  };
  void ask(Number number);
  void told(Number number, const Expected<std::string>& bytes);
  void described(Expected<std::string> bytes);

  Parts parts_;
  std::function<void()> changed_;
  std::shared_ptr<const app::Spec> spec_;
  wire::Description description_;
  Lot gathered_;                     // waits to be sent
  std::map<Number, Lot> under_way_;  // sent, and not answered
  std::map<Number, Lot> lost_;       // to be sent again, before what gathers
  std::map<Number, Awaiting> awaiting_;
  std::size_t offers_ = 0;  // that ingest has not answered, of all of these
  std::size_t lots_ = 0;    // that have some without an answer to whoever sent them
  bool gathering_ = false;  // until the end of this turn
  std::unique_ptr<Timer> gathered_long_;
  Number next_ = 1;
  bool asking_ = false;
  std::unique_ptr<Timer> ask_again_, send_again_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
