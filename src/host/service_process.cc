#include "host/service_process.h"

#include <csignal>

#include "host/http_call.h"
#include "host/node.h"
#include "learn/model.h"
#include "link/grpc.h"
#include "link/reflection.h"
#include "store/store.h"

namespace quintet::host {

namespace {

// A model file, and what goes with it.
constexpr std::size_t kModelMessage = learn::kMaxModelBytes + (std::size_t{1} << 20);

}  // namespace

std::string capital(std::string_view name) {
  std::string out(name);
  out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

ServiceProcess::ServiceProcess(ServiceSettings settings)
    : log(clock, LogLevel::info),
      settings_(std::move(settings)),
      transport_(std::make_unique<link::GrpcTransport>(
          settings_.certificates.empty()
              ? std::nullopt
              : std::optional<link::TlsOptions>({settings_.certificates, {}}))) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of the write, not the end
}

ServiceProcess::~ServiceProcess() {
  server_.reset();
  peers_.clear();
  tracer.reset();  // what the others did last is still told
}

std::uint64_t ServiceProcess::Peer::sum(std::uint64_t (link::GuardedCaller::*figure)()
                                            const) const {
  std::uint64_t all = 0;
  for (const auto& one : {guarded.get(), guarded_stream.get()}) {
    if (one != nullptr) all += (one->*figure)();
  }
  return all;
}

double ServiceProcess::Peer::open() const {
  int count = 0;
  for (const auto& one : {guarded.get(), guarded_stream.get()}) {
    if (one != nullptr && one->breaker() != link::Breaker::State::closed) ++count;
  }
  return count;
}

void ServiceProcess::know(const std::string& name, const std::string& address) {
  settings_.peers.emplace(name, address);
}

Expected<ServiceProcess::Peer*> ServiceProcess::known(std::string_view name) {
  if (const auto found = peers_.find(name); found != peers_.end()) return &found->second;
  const auto address = settings_.peers.find(std::string(name));
  if (address == settings_.peers.end()) return invalid("no address of " + std::string(name));
  link::ChannelOptions options;
  // A shard's snapshot may be as large as a model.
  if (name == "ingest" || name.starts_with("infer")) options.message_bytes = kModelMessage;
  Peer made;
  TRY(made.channel, transport_->connect(local(), address->second, options));
  Peer& peer = peers_.emplace(name, std::move(made)).first->second;
  const Labels labels{{"peer", std::string(name)}};
  metrics.counter_from(
      "quintet_peer_retries_total", "Calls to a peer that were made again.", labels,
      [&peer] { return static_cast<double>(peer.sum(&link::GuardedCaller::retries)); });
  metrics.counter_from(
      "quintet_peer_refused_total",
      "Calls not made: too many under way, or the peer's breaker was open.", labels,
      [&peer] { return static_cast<double>(peer.sum(&link::GuardedCaller::refused)); });
  Gauge& open = metrics.gauge("quintet_peer_breakers_open",
                              "Breakers of a peer that are open, after failures in a row.", labels);
  metrics.before_text([&open, &peer] { open.set(peer.open()); });
  return &peer;
}

std::unique_ptr<link::GuardedCaller> ServiceProcess::guard(link::Caller& inner) {
  link::GuardOptions options;
  options.calls = kPeerCalls;
  options.timeout = kLongestCall;
  options.breaker.last_open = kPeerLastOpen;
  return std::make_unique<link::GuardedCaller>(local(), inner, options);
}

Expected<link::Channel*> ServiceProcess::peer(std::string_view name) {
  TRY(Peer* const peer, known(name));
  return peer->channel.get();
}

Expected<link::CallStream*> ServiceProcess::stream(std::string_view name) {
  TRY(Peer* const peer, known(name));
  if (peer->stream == nullptr) {
    peer->stream = std::make_unique<link::CallStream>(local(), *peer->channel);
  }
  return peer->stream.get();
}

Expected<link::Caller*> ServiceProcess::ask(std::string_view name) {
  TRY(Peer* const peer, known(name));
  if (peer->guarded == nullptr) peer->guarded = guard(*peer->channel);
  return peer->guarded.get();
}

Expected<link::Caller*> ServiceProcess::ask_often(std::string_view name) {
  TRY(link::CallStream* const stream, this->stream(name));
  Peer& peer = peers_.find(name)->second;
  if (peer.guarded_stream == nullptr) peer.guarded_stream = guard(*stream);
  return peer.guarded_stream.get();
}

Expected<void> ServiceProcess::trace() {
  if (settings_.traces.url.empty()) return {};
  settings_.traces.service = "quintet-" + settings_.name;
  TRY(tracer, Tracer::start(settings_.traces, metrics, log));
  settings_.door.tracer = tracer.get();
  return {};
}

Expected<void> ServiceProcess::listen() {
  feeds_.offer(*service_);
  health_.offer(*service_);
  TRY(descriptors_, link::Descriptors::read(wire::descriptors()));
  link::offer_reflection(*service_, descriptors_);
  tell_serving();
  look_ = loop.every(kLookServing, [this] { tell_serving(); });
  link::ServerOptions options;
  if (settings_.name == "ingest") options.message_bytes = kModelMessage;
  TRY(server_, transport_->listen(local(), settings_.listen, service_, options));
  return {};
}

// By the name that api/ gives the service, and for the process as a whole.
void ServiceProcess::tell_serving() {
  const bool can = !stopping_ && can_ && can_();
  if (std::exchange(told_, can) == can) return;
  health_.set("", can);
  health_.set("quintet.v1." + capital(settings_.name), can);
}

Expected<std::unique_ptr<stage::Store>> ServiceProcess::open_store() {
  TRY_DO(store::settle(settings_.data_directory, settings_.store));
  return store::open_store(settings_.data_directory, [this](const std::string& less) {
    log.warn("the store promises less than it should", {{"what", less}});
  });
}

void ServiceProcess::ready(const std::string& where) {
  if (std::exchange(ready_, true)) return;
  log.info("ready", {{"service", settings_.name}, {"at", where}});
  if (settings_.on_ready) settings_.on_ready(where);
}

void ServiceProcess::run(std::function<void()> stop) {
  stop_ = std::move(stop);
  const auto end = [this] {
    if (std::exchange(stopping_, true)) return loop.stop();
    if (server_ != nullptr) tell_serving();
    stop_();
  };
  loop.on_termination([end](int) { end(); });
  if (settings_.ends_with_input) {
    loop.on_input_end([this, end] {
      replaced_ = true;
      end();
    });
  }
  loop.run();
}

void ServiceProcess::end_within(Micros grace) {
  grace_ = loop.after(grace, [this] { ended(); });
}

void ServiceProcess::ended() {
  if (std::exchange(ended_, true)) return;
  if (server_ == nullptr) return loop.stop();
  server_->drain(link::kDrainTime, [this] { loop.stop(); });
}

void ServiceProcess::fail(Error why) {
  failure_ = std::move(why);
  loop.stop();
}

Node node_of(ServiceProcess& process) {
  Node node{process.loop, process.clock, process.log, process.metrics};
  node.data_directory = process.settings().data_directory;
  return node;
}

void offer_routes(ServiceProcess& process, const std::string& name, Router& router) {
  router.add({"GET", "/metrics", Scope::read, make_handler([&process](const HttpRequest&) {
                return HttpResponse{200, Metrics::kContentType, process.metrics.text(), {}};
              })});
  process.service().add(
      "/quintet.v1." + name + "/Http",
      [&process, &router](const link::Incoming& call, link::Answer answer) {
        auto asked = wire::read_http_call(call.request);
        if (!asked) return answer(std::move(asked).error());
        asked->deadline = call.deadline;
        answer_call(router, *std::move(asked), {process.tracer.get(), process.clock},
                    [answer = std::make_shared<link::Answer>(std::move(answer))](
                        HttpResponse response) { (*answer)(wire::write_http_answer(response)); });
      });
}

}  // namespace quintet::host
