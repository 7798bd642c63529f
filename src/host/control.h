// What a running supervisor may be asked by a command on its machine (api/quintet/v1/
// supervisor.proto): the socket is in its data directory, so whoever may read that may ask.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/wire_exchange.h"
#include "link/transport.h"

namespace quintet::host {

// Lives on its owner's loop.
class Control {
 public:
  struct Handlers {
    std::function<void(wire::ReplicaCount, std::function<void(Expected<ReplicaId>)>)> replicas;
    std::function<void(std::function<void(Expected<void>)>)> restart;
  };
  // At `address`, which the file `control` of the directory says until this object goes.
  static Expected<std::unique_ptr<Control>> open(link::Local local, link::Transport& transport,
                                                 const std::string& directory,
                                                 const std::string& address, Handlers handlers);
  ~Control();

 private:
  Control() = default;
  std::string file_;
  std::unique_ptr<link::Server> server_;
};

// Asks the supervisor of that data directory and waits for its answer. `not_found` if none runs
// there.
Expected<ReplicaId> ask_replicas(const std::string& directory, const wire::ReplicaCount& wanted);
Expected<void> ask_restart(const std::string& directory);

}  // namespace quintet::host
