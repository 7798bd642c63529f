#include "host/http_server.h"

#include <cstdio>
#include <ctime>
#include <random>

#include "host/http_session.h"
#include "host/http_tcp.h"
#include "host/http_tls.h"

namespace quintet::host {

namespace {

constexpr Micros kLongestTick = 250'000, kShortestTick = 5'000;
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
  const Micros shortest = std::min({limits.header_time, limits.whole_body_time, limits.body_idle,
                                    limits.keep_alive, limits.write_idle, limits.linger});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
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
      : loop(l), options(std::move(o)), log(g), sessions(std::make_shared<SessionHost>(r)) {}

  Expected<void> prepare(Metrics& metrics);
  Expected<void> listen();
  void welcome(std::unique_ptr<ByteStream> stream, std::string peer);
  void renew();
  void tick();
  void check_drained();
  std::vector<std::shared_ptr<HttpSession>> alive() const;

  Loop& loop;
  ServerOptions options;
  Logger& log;
  std::shared_ptr<SessionHost> sessions;
  Counter* refused = nullptr;
  std::unique_ptr<Listener> listener;
  std::shared_ptr<const TlsContext> tls;
  std::uint16_t port = 0;
  std::unique_ptr<Timer> ticker, grace;
  std::function<void()> drained;
};

Expected<void> HttpServer::Impl::prepare(Metrics& metrics) {
  SessionHost& host = *sessions;
  host.limits = options.limits;
  host.names = options.names;
  host.tracer = options.tracer;
  host.client_limits = options.client_limits;
  if (host.client_limits != nullptr) {
    const auto over = [&](const char* limit) {
      return &metrics.counter("quintet_client_refusals_total",
                              "Requests refused because their client was over a limit.",
                              {{"limit", limit}});
    };
    host.over_rate = over("rate");
    host.over_in_flight = over("in_flight");
  }
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
  TRY_DO(check_address(options.address, options.tls.has_value(), !options.tokens.empty()));
  if (options.tls) {
    TRY(tls, TlsContext::load(options.tls->certificate, options.tls->key));
  }
  Listener::Events events;
  events.on_connection = [this](std::unique_ptr<ByteStream> stream, std::string peer) {
    welcome(std::move(stream), std::move(peer));
  };
  events.on_trouble = [this](const std::string& why) {
    log.warn("cannot take a connection", {{"reason", why}});
  };
  if (options.descriptor >= 0) {
    TRY(listener, Listener::adopt(loop, options.descriptor, std::move(events)));
  } else {
    TRY(listener, Listener::open(loop, options.address, options.port, std::move(events)));
  }
  port = listener->port();
  return {};
}

void HttpServer::Impl::welcome(std::unique_ptr<ByteStream> stream, std::string peer) {
  if (sessions->sessions.size() >= options.limits.connections) {
    refused->add();
    (void)stream->write_now(kFull);
    return stream->close();
  }
  if (!ticker) {
    renew();
    ticker = loop.every(tick_of(options.limits), [this] { tick(); });
  }
  if (tls) stream = make_tls_stream(loop, tls, std::move(stream));
  std::make_shared<HttpSession>(sessions, std::move(stream), std::move(peer))->start();
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

Expected<void> check_address(const std::string& address, bool has_tls, bool has_tokens) {
  TRY(const bool loopback, is_loopback_address(address));
  if (loopback || (has_tls && has_tokens)) return {};
  return invalid("listening on " + address +
                 " would open the application to the network: configure TLS and a token, or "
                 "listen on 127.0.0.1");
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<HttpServer>> HttpServer::start(Loop& loop, const Router& router,
                                                        ServerOptions options, Metrics& metrics,
                                                        Logger& log) {
  auto impl = std::make_shared<Impl>(loop, router, std::move(options), log);
  TRY_DO(impl->prepare(metrics));
  TRY_DO(impl->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->drained = nullptr;
  impl_->ticker.reset();
  impl_->grace.reset();
  impl_->listener.reset();
  for (const auto& session : impl_->alive()) session->close(unavailable("the server stopped"));
}

std::uint16_t HttpServer::port() const {
  return impl_->port;
}

std::size_t HttpServer::connections() const {
  return impl_->sessions->sessions.size();
}

void HttpServer::drain(Micros grace, std::function<void()> done, Micros idle) {
  Impl& impl = *impl_;
  impl.listener.reset();
  impl.sessions->draining = true;
  impl.drained = std::move(done);
  impl.grace = impl.loop.after(grace, [&impl] {
    for (const auto& session : impl.alive()) session->close(unavailable("the server stopped"));
  });
  for (const auto& session : impl.alive()) session->drain(idle);
  impl.check_drained();
}

}  // namespace quintet::host
