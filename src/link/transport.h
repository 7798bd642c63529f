// Where processes meet: addresses that servers listen at and channels lead to. Two kinds: direct,
// within one process, and gRPC. One contract suite holds for both.
#pragma once

#include <memory>
#include <string>

#include "link/limits.h"
#include "link/service.h"

namespace quintet::link {

// Destroying a server cuts what runs at once: callers hear `unavailable`.
class Server {
 public:
  virtual ~Server() = default;
  // With the port that was chosen, if it was left to the system.
  virtual const std::string& address() const = 0;
  // Takes no new calls, waits until those running are answered and streams have finished, but not
  // longer than `most`: what then remains is answered `unavailable`. `done` follows, once.
  virtual void drain(Micros most, Job done) = 0;
};

struct ServerOptions {
  std::size_t message_bytes = kMaxMessageBytes;
  std::size_t calls = kMaxServedCalls;
  std::size_t streams = kMaxStreams;
};

struct ChannelOptions {
  std::size_t message_bytes = kMaxMessageBytes;
  std::size_t calls = kMaxCalls;
};

// Any thread. Outlives what it made.
class Transport {
 public:
  virtual ~Transport() = default;
  // The service is complete. `conflict` if the address is taken, `invalid` if it is none.
  virtual Expected<std::unique_ptr<Server>> listen(Local local, const std::string& address,
                                                   std::shared_ptr<const Service> service,
                                                   ServerOptions options) = 0;
  // Does not wait for the peer. `invalid` if the address cannot be one.
  virtual Expected<std::unique_ptr<Channel>> connect(Local local, const std::string& address,
                                                     ChannelOptions options) = 0;
};

}  // namespace quintet::link
