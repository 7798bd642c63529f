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
  bool saturated() const override {
    return sent_.size() >= kOffersUnderWay || description_.saturated;
  }
  Error why_saturated() const override;
  // Somebody is away, or back: those who wait for an outcome are answered with what there is.
  void hurry();
  std::size_t under_way() const { return sent_.size(); }

 private:
  // What goes to ingest and is not answered, in order.
  struct Sent {
    link::Call call;
    Show show = Show::nothing;
    bool letter = false;  // not an event: it is not safe to send it twice
    Reply reply;
    std::uint64_t lot = 0;  // that it was sent in
    bool lost = false;      // to be sent again
    bool again = false;     // it was
  };
  using Number = std::uint64_t;

  void send(Sent sent);
  void gather();
  void send_gathered();
  void answered(std::uint64_t lot);
  void lose(Sent& sent);
  void call(Number number);
  void taken(Number number, Expected<std::string> bytes);
  void resend();
  // Whose outcome is waited for.
  struct Awaiting {
    wire::OfferReply offer;
    Show show = Show::nothing;
    Micros deadline = 0;
    Reply reply;
    std::uint64_t lot = 0;
    link::CallId call = 0;
    std::unique_ptr<Timer> again = {};
  };
  void await(Awaiting awaiting);
  void ask(Number number);
  void told(Number number, const Expected<std::string>& bytes);
  void described(Expected<std::string> bytes);

  Parts parts_;
  std::function<void()> changed_;
  std::shared_ptr<const app::Spec> spec_;
  wire::Description description_;
  std::map<Number, Sent> sent_;
  std::map<Number, Awaiting> awaiting_;
  std::vector<Number> gathered_;               // of sent_, that wait to be sent
  std::map<std::uint64_t, std::size_t> lots_;  // offers without an answer, by lot
  std::uint64_t lot_ = 0;                      // the last one
  bool gathering_ = false;                     // until the end of this turn
  std::unique_ptr<Timer> gathered_long_;
  Number next_ = 1;
  std::size_t lost_ = 0;
  bool asking_ = false;
  std::unique_ptr<Timer> ask_again_, send_again_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
