// What every service has: a loop, its log and metrics, the way to its peers and its own API. The
// services themselves say what they answer.
//
// All of it lives on the loop.
#pragma once

#include <map>
#include <memory>

#include "host/loop.h"
#include "host/metrics.h"
#include "host/router.h"
#include "host/service.h"
#include "link/call_stream.h"
#include "link/descriptors.h"
#include "link/feed.h"
#include "link/guarded_caller.h"
#include "link/health.h"
#include "link/transport.h"

namespace quintet::stage {
class Store;
}

namespace quintet::host {

// Calls to one peer under way, and the longest that one may take; a breaker that is open tries the
// peer again after so long, so that one that was started anew is found.
inline constexpr std::size_t kPeerCalls = 4096;
inline constexpr Micros kLongestCall = 60 * kSecond;
inline constexpr Micros kPeerLastOpen = kSecond;
// How often it is looked at what the service can do, for those who ask for its health.
inline constexpr Micros kLookServing = kSecond / 20;

// How long a last snapshot may take before a process ends without it.
inline constexpr Micros kSnapshotGrace = 8 * kSecond;

// "ingest" as "Ingest", which names its methods.
std::string capital(std::string_view name);

class ServiceProcess {
 public:
  explicit ServiceProcess(ServiceSettings settings);
  ~ServiceProcess();

  // Where a peer is that the settings do not name; what they name stays.
  void know(const std::string& name, const std::string& address);
  // The way to a peer, made at first use. Errors: its address cannot be one.
  Expected<link::Channel*> peer(std::string_view name);
  // Many small calls over one stream, in their order; for a caller that keeps its own limits.
  Expected<link::CallStream*> stream(std::string_view name);
  // Calls with a limit on those under way, retries within a budget, and a breaker: one by one, or
  // over the stream. What they refuse and retry is among the metrics.
  Expected<link::Caller*> ask(std::string_view name);
  Expected<link::Caller*> ask_often(std::string_view name);
  // What others may ask. Filled before listen().
  link::Service& service() { return *service_; }
  link::Feeds& feeds() { return feeds_; }
  // Offers health and reflection too.
  Expected<void> listen();
  // Whether it can do its work now, for those who ask for its health; before listen().
  void serves_while(std::function<bool()> can) { can_ = std::move(can); }
  // Begins traces, if the settings say where they go. Before anything else that may be traced.
  Expected<void> trace();

  // The store of its directory.
  Expected<std::unique_ptr<stage::Store>> open_store();
  // Says that the service can do its work; once.
  void ready(const std::string& where);
  // Runs until the process is told to stop; `stop` is then called, once, and calls ended().
  void run(std::function<void()> stop);
  // It was told so by the end of its input: another of its name has taken its place already.
  bool replaced() const { return replaced_; }
  // Answers what runs, then ends run(). A second call is the first.
  void ended();
  // As if ended() were called after so long, if it was not before.
  void end_within(Micros grace);
  // Ends run() with an error.
  void fail(Error why);
  Expected<void> failure() { return std::move(failure_); }

  const ServiceSettings& settings() const { return settings_; }
  link::Local local() { return {loop, clock}; }

  SystemClock clock;
  Logger log;
  Loop loop;
  Metrics metrics;
  std::unique_ptr<Tracer> tracer;  // null: no traces

 private:
  ServiceSettings settings_;
  std::unique_ptr<link::Transport> transport_;
  struct Peer {  // each but the channel is made when it is asked for
    std::unique_ptr<link::Channel> channel;
    std::unique_ptr<link::CallStream> stream;
    std::unique_ptr<link::GuardedCaller> guarded, guarded_stream;
    std::uint64_t sum(std::uint64_t (link::GuardedCaller::*figure)() const) const;
    double open() const;  // of its breakers
  };
  Expected<Peer*> known(std::string_view name);
  std::unique_ptr<link::GuardedCaller> guard(link::Caller& inner);
  void tell_serving();

  std::map<std::string, Peer, std::less<>> peers_;
  std::shared_ptr<link::Service> service_ = std::make_shared<link::Service>();
  link::Feeds feeds_;
  link::Health health_;
  link::Descriptors descriptors_;
  std::function<bool()> can_;
  std::optional<bool> told_;  // that it serves
  std::unique_ptr<Timer> look_;
  std::unique_ptr<link::Server> server_;
  std::function<void()> stop_;
  bool stopping_ = false, replaced_ = false, ready_ = false, ended_ = false;
  std::unique_ptr<Timer> grace_;
  Expected<void> failure_;
};

// What its routes share: no place of its own, the roles are filled in as they come.
struct Node;
Node node_of(ServiceProcess& process);

// Adds a method whose request is read by `read` and answered by `handle`, which is given the
// request and the way back. What cannot be read is answered `invalid`.
template <class Request, class Handle>
void add_method(link::Service& service, std::string method,
                Expected<Request> (*read)(std::string_view), Handle handle) {
  service.add(std::move(method), [read, handle](link::Incoming call, link::Answer answer) {
    auto request = read(call.request);
    if (!request) return answer(std::move(request).error());
    handle(*std::move(request), std::make_shared<link::Answer>(std::move(answer)));
  });
}
using SharedAnswer = std::shared_ptr<link::Answer>;

// Answers requests at the door that are this service's, and its /metrics, under
// "/quintet.v1.NAME/Http". All that is given outlives the service.
void offer_routes(ServiceProcess& process, const std::string& name, Router& router);

}  // namespace quintet::host
