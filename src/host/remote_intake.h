// The intake of a process that has no ingest: events are read here, admitted by the service ingest,
// and answered once the service results has their outcome. Offers reach ingest in the order in
// which they came here; when the way breaks they are sent again in that order, which is safe, since
// each has an id. What was admitted is never forgotten when results is away: its receipt then says
// that it is pending.
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
// How often ingest is asked which application is in force.
inline constexpr Micros kDescribeEvery = kSecond;

class RemoteIntake final : public Intake {
 public:
  struct Parts {  // all outlive it
    Scheduler& loop;
    Clock& clock;
    link::Caller& ingest;  // keeps the order of calls
    link::Caller& results;
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
  bool saturated() const override { return sent_.size() >= kOffersUnderWay; }
  std::size_t under_way() const { return sent_.size(); }

 private:
  // What goes to ingest and is not answered, in order.
  struct Sent {
    link::Call call;
    Show show = Show::nothing;
    bool letter = false;  // not an event: it is not safe to send it twice
    Reply reply;
    bool lost = false;   // to be sent again
    bool again = false;  // it was
  };
  using Number = std::uint64_t;

  void send(Sent sent);
  void call(Number number);
  void taken(Number number, Expected<std::string> bytes);
  void resend();
  void await(const wire::OfferReply& offer, Show show, Micros deadline, const Reply& reply);
  void described(Expected<std::string> bytes);

  Parts parts_;
  std::function<void()> changed_;
  std::shared_ptr<const app::Spec> spec_;
  wire::Description description_;
  std::map<Number, Sent> sent_;
  Number next_ = 1;
  std::size_t lost_ = 0;
  bool asking_ = false;
  std::unique_ptr<Timer> ask_again_, send_again_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace quintet::host
