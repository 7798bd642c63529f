// GET /v1/results/stream at a door whose results are kept elsewhere: each client's stream asks the
// service results for what comes next, and waits there. While results is away a stream waits; it
// misses nothing.
//
// Lives on one loop.
#pragma once

#include <memory>
#include <set>

#include "host/loop.h"
#include "host/router.h"
#include "link/caller.h"

namespace quintet::host {

class RemoteStreams {
 public:
  struct Parts {  // all outlive it
    Loop& loop;
    Clock& clock;
    link::Caller& results;
  };
  explicit RemoteStreams(const Parts& parts) : parts_(parts) {}
  ~RemoteStreams();

  // As ResultStreams answers it.
  void add_routes(Router& router);
  // The process stops: every stream ends, new ones are refused.
  void end_all();
  std::size_t open() const { return clients_.size(); }

 private:
  struct Client;
  using SharedClient = std::shared_ptr<Client>;
  void start(const std::shared_ptr<Exchange>& exchange);
  void ask(const SharedClient& client);
  void answered(const SharedClient& client, const Expected<std::string>& bytes);
  void write(const SharedClient& client, const std::string& text);
  void end(const SharedClient& client);

  Parts parts_;
  std::set<SharedClient> clients_;
  bool draining_ = false;
};

}  // namespace quintet::host
