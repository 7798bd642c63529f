// One stream of messages each way between two ends, opened by the client for a method. What is
// above (call streams, feeds, health) is written once against this; transports provide it.
//
// Each way is ordered and complete until the end. One read and one write are under way at a time,
// so an end that does not read holds its peer's writes back after some buffers of the transport.
#pragma once

#include <memory>
#include <string>

#include "link/caller.h"

namespace quintet::link {

// What an end hears, in jobs of its scheduler and never inside a call of its Wire. The Wire may be
// destroyed in each of them.
class WireEvents {
 public:
  virtual ~WireEvents() = default;

  virtual void on_message(std::string message) = 0;  // answers read()
  virtual void on_read_end() {}                      // answers read(): the peer writes no more
  virtual void on_written() = 0;                     // answers write(): the next may be written
  // The last event, after which the Wire may only be destroyed. For the client: what the server
  // finished with, or what went wrong on the way. For the server: whether all it wrote was taken.
  virtual void on_end(Expected<void> how) = 0;
  // Servers: no new calls are wanted. Finish once what runs is answered.
  virtual void on_drain() {}
};

class Wire {
 public:
  // No event comes any more. A wire that has not ended is cut, and the peer hears `unavailable`.
  virtual ~Wire() = default;

  // Asks for the next message: on_message, on_read_end or on_end. A client that is not reading does
  // not hear that the server has finished.
  virtual void read() = 0;
  virtual void write(std::string message) = 0;
  // The last call but destroying. A client says that it writes no more, and may go on reading; a
  // server ends the stream with this status. Not while a write is under way.
  virtual void finish(Expected<void> status) = 0;
};

// A way to one peer: single calls, and streams.
class Channel : public Caller {
 public:
  struct Opening {
    std::string method;
    Metadata metadata = {};
  };
  // Does not wait for the peer; if it is away on_end says so. The channel outlives the wire, the
  // events outlive it too.
  virtual std::unique_ptr<Wire> open(Opening opening, WireEvents& events) = 0;
};

}  // namespace quintet::link
