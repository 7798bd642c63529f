// GET /v1/results/stream: results as they become durable, as server-sent events. A stream reads
// results by position, at its client's pace, so nothing is queued for it: a client that is slow
// lags, one that takes nothing at all is closed by the connection's own limit (write_idle), and
// none of them holds up the loop. It can always go on where it ended, by Last-Event-ID.
#pragma once

#include <memory>
#include <set>

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

inline constexpr std::size_t kResultStreams = 100;  // open at a time [429]
inline constexpr std::size_t kStreamResults = 64;   // written to one stream in one turn
inline constexpr Micros kStreamHeartbeat = 15 * kSecond;

// A result as one event of the stream: its position as the id, and its JSON.
void append_event(std::string& out, std::string_view result);

// Where a stream begins and what it shows, by its request.
Expected<Answers::Query> stream_query(const ResultsRole& place, const HttpRequest& request);

// Lives on the node's loop.
class ResultStreams {
 public:
  explicit ResultStreams(Node& node);  // outlives it
  ~ResultStreams();

  //   GET /v1/results/stream   ?from=&event=&decision=NAME:VALUE; Last-Event-ID goes before `from`.
  //                            Without either it begins with what becomes durable from now on.
  // Each event: "id: POSITION" and the result as JSON in "data:". A heartbeat is a comment and the
  // position up to which everything was looked at.
  void add_routes(Router& router);

  // More is durable, or the place is back.
  void wake();
  // The process stops: every stream ends, new ones are refused.
  void end_all();
  std::size_t open() const { return clients_.size(); }

 private:
  struct Client;
  using SharedClient = std::shared_ptr<Client>;
  void start(const std::shared_ptr<Exchange>& exchange);
  void schedule(const SharedClient& client);
  void pump(const SharedClient& client);
  void end(SharedClient client);
  void heartbeat();

  Node& node_;
  std::set<SharedClient> clients_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace quintet::host
