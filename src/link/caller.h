// Calls: a method's name and a request's bytes to one peer, an answer's bytes or an error back.
// Whoever calls knows a Caller and not what is below it: a channel, a stream that many calls share,
// a guard around either.
//
// An object of this room lives on one scheduler: it is used from that scheduler's jobs alone, or
// before any runs, and calls back in such jobs. Both outlive it.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"
#include "base/scheduler.h"

namespace quintet::link {

// What an object of this room lives on. The clock's steady time is that of the scheduler's timers.
struct Local {
  Scheduler& scheduler;
  Clock& clock;
};

// Pairs that go with a call beside its request, as "traceparent" and "quintet-version". Names are
// lower-case letters, digits, "-", "_" and "."; values are visible ASCII and spaces.
using Metadata = std::vector<std::pair<std::string, std::string>>;
// The value of a name, the first if there are several; empty if there is none.
std::string_view find(const Metadata& metadata, std::string_view name);
// Whether it keeps the form above and the limits.
Expected<void> check_metadata(const Metadata& metadata);

// A time that does not come.
inline constexpr Micros kNoDeadline = std::numeric_limits<Micros>::max();

struct Call {
  std::string method;  // "/quintet.v1.Ingest/Offer": package, service and method
  std::string request;
  Micros deadline = kNoDeadline;  // steady time of the caller's clock; the rest of it travels
  Metadata metadata = {};
  bool idempotent = false;  // doing it twice is doing it once, so a guard may try again
};

// Called once. What the peer's handler refused comes as the handler said it (code, message, place,
// id). What went wrong on the way names peer and method: unavailable (not reached, or lost; it may
// have been done), expired (no answer in time; it may have been done), exhausted (a limit of ours
// or theirs), not_found (the peer has no such method), broken (what came cannot be).
using Reply = Function<Expected<std::string>>;

// Names a call of one Caller; never used again.
using CallId = std::uint64_t;

class Caller {
 public:
  // Calls under way end without a reply, and their peers are told.
  virtual ~Caller() = default;

  // The reply comes later, never inside this call, and at the deadline at the latest.
  virtual CallId call(Call call, Reply reply) = 0;
  // The reply of this call will not come; the peer is told. Nothing if it has come.
  virtual void cancel(CallId id) = 0;
  // The address, for messages.
  virtual const std::string& peer() const = 0;
};

// An error of the way, with the method and the peer it befell.
Error on_the_way(Error error, std::string_view method, std::string_view peer);

}  // namespace quintet::link
