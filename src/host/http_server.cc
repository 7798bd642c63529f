#include "host/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <ctime>
#include <random>

#include "host/http_session.h"
#include "host/http_tcp.h"

namespace quintet::host {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Micros kLongestTick = 250'000, kShortestTick = 5'000, kAcceptPause = 100'000;
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

std::string date_line(Micros wall) {
  const std::time_t seconds = wall / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  const int size = std::snprintf(text, sizeof text, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                                 kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                                 parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text, static_cast<std::size_t>(size)};
}

Micros tick_of(const HttpLimits& limits) {
  const Micros shortest =
      std::min({limits.header_time, limits.whole_body_time, limits.body_idle, limits.keep_alive,
                limits.write_idle, limits.linger});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}

std::string text_of(const tcp::endpoint& peer) {
  const std::string address = peer.address().to_string();
  return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(peer.port());
}

Error listen_error(const ServerOptions& options, error_code ec) {
  const std::string place = options.address + ":" + std::to_string(options.port);
  const std::string text = "cannot listen on " + place + ": " + ec.message();
  return ec == asio::error::address_in_use ? conflict(text) : invalid(text);
}

std::vector<SessionHost::RouteMetrics> route_metrics(const Router& router, Metrics& metrics) {
  static constexpr const char* kClasses[] = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
  std::vector<SessionHost::RouteMetrics> all;
  for (std::size_t i = 0; i <= router.routes().size(); ++i) {
    const bool none = i == router.routes().size();
    const std::string route = none ? "none" : router.routes()[i].pattern;
    const std::string method = none ? "any" : router.routes()[i].method;
    SessionHost::RouteMetrics one{};
    one.seconds = &metrics.histogram("quintet_http_request_seconds",
                                     "Time from a request's head to its complete answer.",
                                     {{"method", method}, {"route", route}}, latency_bounds());
    for (int k = 0; k < 6; ++k) {
      one.by_class[k] =
          &metrics.counter("quintet_http_requests_total", "Requests answered, by route and status.",
                           {{"method", method}, {"route", route}, {"status", kClasses[k]}});
    }
    all.push_back(one);
  }
  return all;
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(Loop& l, const Router& r, ServerOptions o, Logger& g)
      : loop(l), acceptor(l.context()), options(std::move(o)), log(g),
        sessions(std::make_shared<SessionHost>(r)) {}

  Expected<void> prepare(Metrics& metrics);
  Expected<void> listen();
  void accept();
  void welcome(tcp::socket socket);
  void renew();
  void tick();
  void check_drained();
  std::vector<std::shared_ptr<HttpSession>> alive() const;

  Loop& loop;
  tcp::acceptor acceptor;
  ServerOptions options;
  Logger& log;
  std::shared_ptr<SessionHost> sessions;
  Counter* refused = nullptr;
  std::unique_ptr<Timer> ticker, pause, grace;
  std::function<void()> drained;
};

Expected<void> HttpServer::Impl::prepare(Metrics& metrics) {
  SessionHost& host = *sessions;
  host.limits = options.limits;
  host.names = options.names;
  TRY(host.access, Access::of(options.tokens));
  host.routes = route_metrics(host.router, metrics);
  host.open = &metrics.gauge("quintet_http_connections", "Open connections.");
  refused = &metrics.counter("quintet_http_refused_connections_total",
                             "Connections refused because there were too many.");
  std::random_device device;
  for (auto& word : host.random) word = (std::uint64_t{device()} << 32 | device()) | 1;
  host.later = [&loop = loop](std::function<void()> job) { loop.post(std::move(job)); };
  host.on_gone = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->check_drained();
  };
  return {};
}

Expected<void> HttpServer::Impl::listen() {
  error_code ec;
  const auto address = asio::ip::make_address(options.address, ec);
  if (ec) return invalid("\"" + options.address + "\" is no IP address to listen on");
  if (!address.is_loopback() && (!options.tls || options.tokens.empty())) {
    return invalid("listening on " + options.address +
                   " would open the application to the network: configure TLS and a token, or "
                   "listen on 127.0.0.1");
  }
  if (options.tls) return invalid("TLS is not built in yet");
  const tcp::endpoint endpoint(address, options.port);
  if (acceptor.open(endpoint.protocol(), ec)) return listen_error(options, ec);
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), ec)) return listen_error(options, ec);
  if (acceptor.bind(endpoint, ec)) return listen_error(options, ec);
  if (acceptor.listen(tcp::acceptor::max_listen_connections, ec)) return listen_error(options, ec);
  return {};
}

void HttpServer::Impl::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code ec, tcp::socket socket) {
    if (ec == asio::error::operation_aborted || !self->acceptor.is_open()) return;
    if (!ec) {
      self->welcome(std::move(socket));
      return self->accept();
    }
    // Out of descriptors, most likely: trying again at once would only burn the processor.
    self->log.warn("cannot accept", {{"reason", ec.message()}});
    self->pause = self->loop.after(kAcceptPause, [again = self.get()] { again->accept(); });
  });
}

void HttpServer::Impl::welcome(tcp::socket socket) {
  error_code ec;
  const tcp::endpoint peer = socket.remote_endpoint(ec);
  if (ec) return;
  if (sessions->sessions.size() >= options.limits.connections) {
    refused->add();
    socket.non_blocking(true, ec);
    socket.write_some(asio::buffer(kFull.data(), kFull.size()), ec);
    return;
  }
  if (!ticker) {
    renew();
    ticker = loop.every(tick_of(options.limits), [this] { tick(); });
  }
  std::make_shared<HttpSession>(sessions, make_tcp_stream(std::move(socket)), text_of(peer))
      ->start();
}

void HttpServer::Impl::renew() {
  sessions->now = sessions->clock.steady();
  sessions->date = date_line(sessions->clock.wall());
}

void HttpServer::Impl::tick() {
  renew();
  for (const auto& session : alive()) session->tick();
  if (sessions->sessions.empty()) ticker.reset();
}

std::vector<std::shared_ptr<HttpSession>> HttpServer::Impl::alive() const {
  std::vector<std::shared_ptr<HttpSession>> all;
  all.reserve(sessions->sessions.size());
  for (HttpSession* session : sessions->sessions) {
    all.push_back(std::static_pointer_cast<HttpSession>(session->shared_from_this()));
  }
  return all;
}

void HttpServer::Impl::check_drained() {
  if (!drained || !sessions->sessions.empty()) return;
  grace.reset();
  loop.post([done = std::move(drained)] { done(); });
  drained = nullptr;
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<HttpServer>> HttpServer::start(Loop& loop, const Router& router,
                                                        ServerOptions options, Metrics& metrics,
                                                        Logger& log) {
  auto impl = std::make_shared<Impl>(loop, router, std::move(options), log);
  TRY_DO(impl->prepare(metrics));
  TRY_DO(impl->listen());
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->drained = nullptr;
  impl_->ticker.reset();
  impl_->pause.reset();
  impl_->grace.reset();
  error_code ignored;
  impl_->acceptor.close(ignored);
  for (const auto& session : impl_->alive()) session->close(unavailable("the server stopped"));
}

std::uint16_t HttpServer::port() const {
  error_code ec;
  return impl_->acceptor.local_endpoint(ec).port();
}

std::size_t HttpServer::connections() const { return impl_->sessions->sessions.size(); }

void HttpServer::drain(Micros grace, std::function<void()> done) {
  Impl& impl = *impl_;
  error_code ignored;
  impl.acceptor.close(ignored);
  impl.pause.reset();
  impl.sessions->draining = true;
  impl.drained = std::move(done);
  impl.grace = impl.loop.after(grace, [&impl] {
    for (const auto& session : impl.alive()) session->close(unavailable("the server stopped"));
  });
  for (const auto& session : impl.alive()) session->drain();
  impl.check_drained();
}

}  // namespace quintet::host
