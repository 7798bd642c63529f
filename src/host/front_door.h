// The HTTP door of a process: the server, and the request of our own that it must answer before
// anyone is told that it is open.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "host/http_server.h"

namespace quintet::host {

// Where it stands, who may come in, and under which names.
struct DoorSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  int descriptor = -1;  // of a socket that listens there already; -1: none
  std::vector<std::string> names;  // as ServerOptions has it; loopback names are always ours
  std::vector<AccessToken> tokens;
  std::optional<TlsFiles> tls;
  Tracer* tracer = nullptr;  // outlives the door; null: no traces
  ClientLimitOptions client_limits;
};

// Lives on a loop, like its server.
class FrontDoor {
 public:
  // `probed` is called once, on the loop, with the door's URL.
  static Expected<std::unique_ptr<FrontDoor>> open(
      Loop& loop, const Router& router, const DoorSettings& settings, Metrics& metrics, Logger& log,
      std::function<void(Expected<std::string> url)> probed);
  // Drops every connection, and waits for a probe under way.
  ~FrontDoor();

  HttpServer& server() { return *server_; }
  ClientLimits* limits() { return limits_.get(); }  // null: none

 private:
  FrontDoor() = default;
  std::shared_ptr<ClientLimits> limits_;
  std::unique_ptr<HttpServer> server_;
  std::thread prober_;
};

}  // namespace quintet::host
