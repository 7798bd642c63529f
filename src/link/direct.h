// The transport within one process: no sockets and no bytes beyond the messages themselves. Sides
// may live on different schedulers; all that crosses is posted. On a scheduler that is stepped by
// hand it is deterministic, for tests and the simulator.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "link/transport.h"

namespace quintet::link {

// Addresses are any names that are not empty.
class DirectTransport final : public Transport {
 public:
  DirectTransport();
  ~DirectTransport() override;

  Expected<std::unique_ptr<Server>> listen(Local local, const std::string& address,
                                           std::shared_ptr<const Service> service,
                                           ServerOptions options) override;
  Expected<std::unique_ptr<Channel>> connect(Local local, const std::string& address,
                                             ChannelOptions options) override;

  struct Table;  // who listens where

 private:
  std::shared_ptr<Table> table_;
};

}  // namespace quintet::link
