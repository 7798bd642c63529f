#include "host/front_door.h"

#include "host/probe.h"

namespace quintet::host {

namespace {

std::string url_of(const DoorSettings& settings, std::uint16_t port) {
  const bool v6 = settings.address.find(':') != std::string::npos;
  const std::string host = !settings.names.empty() ? settings.names.front()
                           : v6                    ? "[" + settings.address + "]"
                                                   : settings.address;
  return (settings.tls ? "https://" : "http://") + host + ":" + std::to_string(port);
}

}  // namespace

Expected<std::unique_ptr<FrontDoor>> FrontDoor::open(
    Loop& loop, const Router& router, const DoorSettings& settings, Metrics& metrics, Logger& log,
    std::function<void(Expected<std::string> url)> probed) {
  ServerOptions options;
  options.address = settings.address;
  options.port = settings.port;
  options.descriptor = settings.descriptor;
  options.names = settings.names;
  if (!options.names.empty()) {
    options.names.insert(options.names.end(), {"localhost", "127.0.0.1", "::1"});
  }
  options.tokens = settings.tokens;
  options.tls = settings.tls;
  options.tracer = settings.tracer;
  std::unique_ptr<FrontDoor> door(new FrontDoor());
  if (settings.client_limits.per_second > 0 || settings.client_limits.in_flight > 0) {
    door->limits_ = std::make_shared<ClientLimits>(settings.client_limits);
    options.client_limits = door->limits_;
  }
  TRY(door->server_, HttpServer::start(loop, router, options, metrics, log));
  const std::uint16_t port = door->server_->port();
  door->prober_ = std::thread(
      [&loop, url = url_of(settings, port), probed = std::move(probed),
       target = ProbeTarget{settings.address, port, "localhost", settings.tls.has_value()}] {
        loop.post([url, probed, result = probe(target)] {
          probed(result ? Expected<std::string>(url) : Expected<std::string>(result.error()));
        });
      });
  return door;
}

FrontDoor::~FrontDoor() {
  server_.reset();  // first: a probe under way then ends too
  if (prober_.joinable()) prober_.join();
}

}  // namespace quintet::host
