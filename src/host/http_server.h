// The HTTP/1.1 server: accepts on one address, keeps every limit of limits.h, answers through a
// Router. One Loop owns the server, its connections and all Exchanges.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "host/client_limits.h"
#include "host/http_access.h"
#include "host/limits.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/metrics.h"
#include "host/router.h"
#include "host/tracer.h"

namespace quintet::host {

struct TlsFiles {
  std::string certificate;  // PEM, with its chain
  std::string key;          // PEM
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one is chosen
  int descriptor = -1;     // of a socket that listens there already; -1: none
  // The names that the Host header may carry, without ports; empty means the loopback names.
  std::vector<std::string> names;
  std::vector<AccessToken> tokens;
  std::optional<TlsFiles> tls;
  HttpLimits limits;
  Tracer* tracer = nullptr;                     // outlives the server; null: no traces
  std::shared_ptr<ClientLimits> client_limits;  // null: none
};

// What keeps a server with these options from listening there: see HttpServer::start().
Expected<void> check_address(const std::string& address, bool has_tls, bool has_tokens);

class HttpServer {
 public:
  // Listens and accepts as soon as the loop runs. All that is given outlives the server. An address
  // other than loopback is refused (invalid) unless TLS and a token are configured; a port in use
  // is a conflict. On the loop's thread or before it runs, as is all that follows.
  static Expected<std::unique_ptr<HttpServer>> start(Loop& loop, const Router& router,
                                                     ServerOptions options, Metrics& metrics,
                                                     Logger& log);
  // Drops every connection. Bodies under way are aborted; Exchanges still held answer nothing.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;

  // Stops accepting, closes idle connections, lets requests under way finish (their answers say
  // Connection: close), then calls `done`, at the latest after `grace`, dropping what is left. Idle
  // connections get `idle` to send another request first: a client that writes at the very moment
  // of a close would take it for a failure.
  void drain(Micros grace, std::function<void()> done, Micros idle = 0);

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace quintet::host
