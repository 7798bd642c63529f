// Where a door brings what clients send: the place of this process, or ingest in another one. The
// handlers of events know no more than this.
//
// Lives on one Scheduler; every method is called in its jobs, and so are the replies: those of what
// was taken in a later job, never inside the call.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "stage/ingest.h"
#include "stage/store.h"

namespace quintet::host {

// What became of an offered event. Views are good during the call that brings it.
struct Receipt {
  stage::Admission::What what = stage::Admission::What::refused;
  Position position = kNoPosition;
  const Error* error = nullptr;  // refused, or the commit failed
  std::string_view json;         // of the result, if it was asked for and is there
  // Admitted and durable, but its result is not there yet: to be asked for by position.
  bool pending = false;
  std::string_view waits_for = {};  // pending: the service that is away, if that is why
};
using Reply = std::function<void(const Receipt&)>;

enum class Show : std::uint8_t { nothing, result };

struct Offer {
  event::Event event;
  bool history = false;
  std::string_view trace;
  stage::SessionPlace place;  // in an ordered session (S1.6): `conflict` before its turn
  Show show = Show::result;
  // Kept as a dead letter if the event is refused.
  std::string_view original;
  std::string_view format;
  // Number of the dead letter that this is a replay of: `conflict` if it is no longer open. A
  // refused replay makes no other letter.
  std::uint64_t replay_of = 0;
};

// Why doors take nothing now.
inline constexpr const char* kSaturated = "saturated";
inline Error log_ahead(Position most) {
  return exhausted("the log is " + std::to_string(most) +
                   " positions ahead of its outcomes, as far as it may be: what makes or keeps "
                   "them is away or slow; try again")
      .with_id(kSaturated);
}

class Intake {
 public:
  virtual ~Intake() = default;

  virtual const app::Spec& spec() const = 0;  // in force
  virtual const std::string& pseudonym_key() const = 0;

  // The reply comes once all is durable.
  virtual void offer(Offer&& offer, Reply reply) = 0;
  // What never became an event: goes to the dead letters; the reply carries `why`.
  virtual void refuse(stage::DeadLetter letter, Error why, Reply reply,
                      const stage::SessionPlace& place = {}) = 0;
  // The last number of an ordered session that had its answer, once all up to it is durable.
  virtual void last_of_session(std::string_view session,
                               std::function<void(Expected<std::uint64_t>)> done) = 0;
  // Lets what was offered go on its way, if nothing is under way. Doors call it after each batch.
  virtual void flush() = 0;
  // Doors ask before they take: what was admitted is never shed.
  virtual bool saturated() const = 0;
  virtual Error why_saturated() const {
    return exhausted("too many events wait to become durable; try again").with_id(kSaturated);
  }
};

}  // namespace quintet::host
