#include "host/service_process.h"

#include <csignal>

#include "host/http_call.h"
#include "learn/model.h"
#include "link/grpc.h"

namespace quintet::host {

namespace {

// A model file, and what goes with it.
constexpr std::size_t kModelMessage = learn::kMaxModelBytes + (std::size_t{1} << 20);

}  // namespace

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

Expected<link::Channel*> ServiceProcess::peer(std::string_view name) {
  if (const auto found = peers_.find(name); found != peers_.end()) return found->second.get();
  const auto address = settings_.peers.find(std::string(name));
  if (address == settings_.peers.end()) return invalid("no address of " + std::string(name));
  link::ChannelOptions options;
  if (name == "ingest") options.message_bytes = kModelMessage;
  TRY(auto channel, transport_->connect(local(), address->second, options));
  return peers_.emplace(name, std::move(channel)).first->second.get();
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
  link::ServerOptions options;
  if (settings_.name == "ingest") options.message_bytes = kModelMessage;
  TRY(server_, transport_->listen(local(), settings_.listen, service_, options));
  return {};
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

void offer_routes(ServiceProcess& process, const std::string& name, Router& router) {
  router.add({"GET", "/metrics", Scope::read, make_handler([&process](const HttpRequest&) {
                return HttpResponse{200, Metrics::kContentType, process.metrics.text(), {}};
              })});
  add_method<wire::HttpCall>(
      process.service(), "/quintet.v1." + name + "/Http", wire::read_http_call,
      [&process, &router](wire::HttpCall call, const SharedAnswer& answer) {
        answer_call(
            router, std::move(call), {process.tracer.get(), process.clock},
            [answer](HttpResponse response) { (*answer)(wire::write_http_answer(response)); });
      });
}

}  // namespace quintet::host
