#include "base/text.h"
#include "host/http_session.h"
#include "host/http_text.h"
#include "host/problem.h"

namespace quintet::host {

std::string SessionHost::new_trace_id() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id(32, '0');
  for (int half = 0; half < 2; ++half) {
    // xorshift128+: unique enough for a trace, and no system call for each request.
    std::uint64_t a = random[0];
    const std::uint64_t b = random[1];
    random[0] = b;
    a ^= a << 23;
    random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    std::uint64_t bits = random[1] + b;
    for (int i = 0; i < 16; ++i, bits >>= 4) id[16 * half + i] = kHex[bits & 15];
  }
  if (id.find_first_not_of('0') == id.npos) id[0] = '1';
  return id;
}

void SessionHost::begin_span(HttpRequest& request) {
  if (tracer == nullptr) return;
  Trace& trace = request.trace;
  // Who only asks whether we live is not worth a trace of its own.
  const bool asks_for_health =
      request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics";
  if (trace.parent.empty()) trace.sampled = !asks_for_health && tracer->samples(trace.id);
  if (trace.sampled) trace.span = span_id_of(new_trace_id(), "span", 0);
}

void HttpSession::begin_request(RequestHead head) {
  fresh_ =
      std::make_shared<HttpExchange>(std::static_pointer_cast<HttpSession>(shared_from_this()));
  current_ = fresh_.get();
  current_->route_index_ = host_->router.routes().size();
  began_ = host_->clock.steady();
  deadline_ = 0;
  answered_ = answer_begun_ = reader_ready_ = expects_continue_ = false;
  failed_status_ = 0;
  body_done_ = parser_.done();
  keep_alive_ = head.keep_alive && !host_->draining;
  if (fill_request(std::move(head)) && may_pass() && find_route()) choose_body_mode();
}

bool HttpSession::fill_request(RequestHead moved) {
  current_->head_ = std::move(moved);
  const RequestHead& head = current_->head_;
  HttpRequest& request = current_->request_;
  request.method = head.view(head.method);
  request.target = head.view(head.target);
  request.peer = peer_;
  request.headers.reserve(head.fields.size());
  for (const auto& [name, value] : head.fields) {
    request.headers.push_back({head.view(name), head.view(value)});
  }
  if (auto trace = parse_traceparent(request.header("traceparent"))) {
    request.trace = std::move(*trace);
  } else {
    request.trace.id = host_->new_trace_id();
  }
  const auto target = parse_target(request.target);
  if (!target) {
    refuse(400, "the request target is no path");
    return false;
  }
  request.path = target->path;
  host_->begin_span(request);
  if (target->query.empty()) return true;
  auto query = parse_query(target->query);
  if (!query) {
    refuse(400, "the query has a broken escape or is not UTF-8");
    return false;
  }
  request.query = std::move(*query);
  return true;
}

bool HttpSession::may_pass() {
  const HttpRequest& request = current_->request_;
  const HostRefusal refusal = judge_host(request, host_->names, current_->head_.version >= 11);
  if (refusal.status != 0) {
    refuse(refusal.status, refusal.why);
    return false;
  }
  const std::string_view expect = request.header("expect");
  if (!expect.empty() && !equal_but_for_case(expect, "100-continue")) {
    refuse(417, "the only expectation understood is 100-continue");
    return false;
  }
  expects_continue_ = !expect.empty() && current_->head_.version >= 11;
  const std::string_view coding = request.header("content-encoding");
  if (!coding.empty() && !equal_but_for_case(coding, "identity")) {
    refuse(415, "compressed bodies are not taken");
    return false;
  }
  return true;
}

bool HttpSession::find_route() {
  HttpRequest& request = current_->request_;
  Router::Match match = host_->router.match(request.method, request.path);
  if (!match.route) {
    if (match.allow.empty()) {
      refuse(404, "there is nothing at this path");
    } else {
      refuse_with(refusal(405, "the method is not one of this path's: " + match.allow, request)
                      .with("Allow", match.allow));
    }
    return false;
  }
  request.params = std::move(match.params);
  current_->route_ = match.route;
  current_->route_index_ = match.index;
  std::optional<std::size_t> token;
  switch (host_->access.judge(request.header("authorization"), match.route->scope, token)) {
    case Access::Verdict::allowed: return within_limits(token);
    case Access::Verdict::unknown:
      refuse_with(refusal(401, "a valid bearer token is needed", request)
                      .with("WWW-Authenticate", "Bearer"));
      return false;
    case Access::Verdict::lacks_scope:
      refuse_with(refusal(403, "the token does not allow this", request)
                      .with("WWW-Authenticate", "Bearer error=\"insufficient_scope\""));
      return false;
  }
  return false;
}

// Health is asked for by those who watch, not by clients.
bool HttpSession::within_limits(std::optional<std::size_t> token) {
  ClientLimits* const limits = host_->client_limits.get();
  HttpRequest& request = current_->request_;
  if (limits == nullptr || current_->route_->scope == Scope::open) return true;
  const std::string_view peer = request.peer;
  std::string client =
      token ? "token " + std::to_string(*token) : std::string(peer.substr(0, peer.rfind(':')));
  const auto verdict = limits->begin(client, host_->clock.steady());
  if (verdict.over == ClientLimits::Over::nothing) {
    request.client = std::move(client);
    return true;
  }
  const bool rate = verdict.over == ClientLimits::Over::rate;
  (rate ? host_->over_rate : host_->over_in_flight)->add();
  HttpResponse response = refusal(429,
                                  rate ? "this client asks more often than it may"
                                       : "this client has as many requests under way as it may",
                                  request);
  std::erase_if(response.headers, [](const auto& header) { return header.first == "Retry-After"; });
  const Micros seconds = (verdict.retry_after + kSecond - 1) / kSecond;
  refuse_with(std::move(response).with("Retry-After", std::to_string(seconds)));
  return false;
}

void HttpSession::choose_body_mode() {
  if (current_->route_->handler->body_mode(current_->request_) == BodyMode::stream) {
    return dispatch();
  }
  if (body_done_) return dispatch();
  const auto length = current_->head_.content_length;
  if (length && *length > host_->limits.whole_body) {
    return refuse(413, "the body is larger than the limit");
  }
  phase_ = Phase::whole_body;
  set_deadline(host_->limits.whole_body_time);
  // A length is a claim: memory follows the bytes that come.
  constexpr std::uint64_t kTrusted = 16 * 1024;
  current_->body_.reserve(std::min(length.value_or(0), kTrusted) + kBodyPadding);
  if (expects_continue_ && unread().empty()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void HttpSession::dispatch() {
  phase_ = body_done_ ? Phase::waiting : Phase::stream_body;
  deadline_ = 0;
  fresh_->body_.reserve(fresh_->body_.size() + kBodyPadding);
  fresh_->request_.body = fresh_->body_;
  Handler& handler = *fresh_->route_->handler;
  handler.handle(std::move(fresh_));
}

void HttpSession::refuse(int status, std::string_view why) {
  if (!current_) {
    fresh_ =
        std::make_shared<HttpExchange>(std::static_pointer_cast<HttpSession>(shared_from_this()));
    current_ = fresh_.get();
    current_->route_index_ = host_->router.routes().size();
    current_->request_.trace.id = host_->new_trace_id();
    began_ = host_->clock.steady();
    keep_alive_ = false;
    answered_ = answer_begun_ = false;
  }
  refuse_with(refusal(status, why, current_->request_));
}

void HttpSession::refuse_with(HttpResponse response) {
  if (!parser_.done()) keep_alive_ = false;
  phase_ = Phase::waiting;
  deadline_ = 0;
  const auto kept = std::move(fresh_);
  current_->respond(std::move(response));
}

}  // namespace quintet::host
