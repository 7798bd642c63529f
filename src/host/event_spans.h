// The part of a service in the traces of events: a span for each event whose traceparent, kept in
// its record, says that it is recorded. Every service finds the ids of the others' spans by itself
// (span_id_of), so nothing else need travel. On one loop.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "event/record.h"
#include "host/tracer.h"
#include "stage/store.h"

namespace quintet::host {

// Most events that wait for their end; the oldest are forgotten.
inline constexpr std::size_t kOpenSpans = 10'000;

class EventSpans {
 public:
  // `name` is the service's, `before` that of the one whose span is the parent; empty: the span
  // that the traceparent names. A null tracer: nothing is done.
  EventSpans(Tracer* tracer, Clock& clock, std::string name, std::string before);

  // A block of the log came; what it lacks of the log does not matter.
  void came(const event::BlockBytes& block);
  // What is to be done to the events up to there is done.
  void done(Position last);
  bool on() const { return tracer_ != nullptr; }

 private:
  struct Open {
    Position position;
    Micros begin;
    std::string trace;
  };
  Tracer* tracer_;
  Clock& clock_;
  const std::string name_, before_;
  std::deque<Open> open_;
  Position last_ = kNoPosition;  // that came
};

// The spans of whoever writes the log itself: from an event's admission until it is durable. It
// reads what was written on a connection of its own. On one loop.
class LogSpans {
 public:
  // What is in the log already, up to `last`, is told nobody.
  LogSpans(Tracer* tracer, Clock& clock, std::string directory, Position last);
  void durable(Position last);

 private:
  EventSpans spans_;
  const std::string directory_;
  Position last_;
  std::unique_ptr<stage::LogSource> log_;
};

}  // namespace quintet::host
