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
#include "link/feed.h"
#include "link/transport.h"

namespace quintet::host {

// What is told of a peer may be said again after a while; until then it is not repeated.
inline constexpr Micros kTellEvery = 30 * kSecond;

// How long a last snapshot may take before a process ends without it.
inline constexpr Micros kSnapshotGrace = 8 * kSecond;

class ServiceProcess {
 public:
  explicit ServiceProcess(ServiceSettings settings);
  ~ServiceProcess();

  // The way to a peer, made at first use. Errors: its address cannot be one.
  Expected<link::Channel*> peer(std::string_view name);
  // What others may ask. Filled before listen().
  link::Service& service() { return *service_; }
  link::Feeds& feeds() { return feeds_; }
  Expected<void> listen();
  // Begins traces, if the settings say where they go. Before anything else that may be traced.
  Expected<void> trace();

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
  bool stopping() const { return stopping_; }

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
  std::map<std::string, std::unique_ptr<link::Channel>, std::less<>> peers_;
  std::shared_ptr<link::Service> service_ = std::make_shared<link::Service>();
  link::Feeds feeds_;
  std::unique_ptr<link::Server> server_;
  std::function<void()> stop_;
  bool stopping_ = false, replaced_ = false, ready_ = false, ended_ = false;
  std::unique_ptr<Timer> grace_;
  Expected<void> failure_;
};

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
