#include "host/http_call.h"

#include <algorithm>

#include "base/text.h"
#include "host/http_text.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

bool travels(std::string_view name) {
  constexpr std::string_view kOwn[] = {"authorization",
                                       "connection",
                                       "content-length",
                                       "cookie",
                                       "expect",
                                       "host",
                                       "keep-alive",
                                       "proxy-connection",
                                       "te",
                                       "trailer",
                                       "transfer-encoding",
                                       "upgrade"};
  return std::none_of(std::begin(kOwn), std::end(kOwn),
                      [&](std::string_view own) { return equal_but_for_case(name, own); });
}

// The request of a call, and what becomes its answer. The handler holds it until it has answered.
class CallExchange final : public Exchange, public std::enable_shared_from_this<CallExchange> {
 public:
  CallExchange(wire::HttpCall call, const CallTraces& traces,
               std::function<void(HttpResponse)> done)
      : call_(std::move(call)), traces_(traces), done_(std::move(done)) {}
  ~CallExchange() override {
    if (done_) done_(refusal(500, "the request was dropped without an answer", request_));
  }

  // What is wrong with it, as the door would say; 0 if nothing.
  int read() {
    const std::size_t size = call_.body.size();
    call_.body.append(kBodyPadding, '\0');
    request_.body = std::string_view(call_.body).substr(0, size);
    request_.method = call_.method;
    request_.target = call_.target;
    request_.peer = call_.peer;
    request_.deadline = call_.deadline;
    for (const auto& [name, value] : call_.headers) request_.headers.push_back({name, value});
    if (auto trace = parse_traceparent(call_.traceparent)) request_.trace = std::move(*trace);
    if (traces_.tracer != nullptr && request_.trace.sampled) {
      request_.trace.span = span_id_of(request_.trace.id, "call/" + request_.trace.parent, 0);
      began_ = traces_.clock.wall();
    }
    const auto target = parse_target(request_.target);
    if (!target) return 400;
    request_.path = target->path;
    auto query = parse_query(target->query);
    if (!query) return 400;
    request_.query = std::move(*query);
    return 0;
  }
  void set_route(const Router::Match& match) {
    request_.params = match.params;
    route_ = match.route->pattern;
  }

  const HttpRequest& request() const override { return request_; }
  void respond(HttpResponse response) override {
    if (!done_) return;
    tell(response.status);
    std::exchange(done_, nullptr)(std::move(response));
  }
  void read_body(std::shared_ptr<BodyReader> reader) override {
    const auto held = shared_from_this();
    if (!request_.body.empty()) {
      reader->on_body(request_.body);
      if (!done_) return;
    }
    reader->on_end();
  }
  void resume() override {}
  void begin(HttpResponse head) override { streamed_ = std::move(head); }
  void write(std::string_view piece) override { streamed_.body += piece; }
  void end() override { respond(std::move(streamed_)); }
  std::size_t unsent() const override { return 0; }
  void when_writable(std::function<void()> callback) override { callback(); }
  void when_closed(std::function<void()>) override {}

 private:
  void tell(int status) const {
    const Trace& trace = request_.trace;
    if (trace.span.empty()) return;
    Span span{trace.id, trace.span, trace.parent, call_.method + " " + route_, SpanKind::server};
    span.begin = began_;
    span.end = traces_.clock.wall();
    span.failed = status >= 500;
    span.texts = {{"http.request.method", call_.method}, {"http.route", route_}};
    span.numbers = {{"http.response.status_code", status}};
    traces_.tracer->add(std::move(span));
  }

  wire::HttpCall call_;
  const CallTraces traces_;
  Micros began_ = 0;
  std::string route_;
  HttpRequest request_;  // borrows from call_
  HttpResponse streamed_;
  std::function<void(HttpResponse)> done_;  // null once it is answered
};

void hand_on(const std::shared_ptr<Exchange>& exchange, const CallHttp& call,
             std::string_view body) {
  call(call_of(exchange->request(), body), [exchange](Expected<HttpResponse> answer) {
    if (answer) return exchange->respond(*std::move(answer));
    const HttpRequest& request = exchange->request();
    const Error& why = answer.error();
    // In the shape that the path's clients read.
    exchange->respond(request.path.starts_with("/v2")
                          ? refusal(status_of(why), why.message(), request)
                          : problem_response(why, request));
  });
}

// Collects a body and hands the request on.
class Forwarding final : public BodyReader {
 public:
  Forwarding(std::shared_ptr<Exchange> exchange, const CallHttp& call, std::size_t most)
      : exchange_(std::move(exchange)), call_(call), most_(most) {}

  void on_body(std::string_view piece) override {
    if (body_.size() + piece.size() > most_) {
      exchange_->respond(refusal(413, "the body is larger than the limit", exchange_->request()));
      return;
    }
    body_ += piece;
    exchange_->resume();
  }
  void on_end() override { hand_on(exchange_, call_, body_); }
  void on_abort(const Error& why) override {
    exchange_->respond(problem_response(why, exchange_->request()));
  }

 private:
  std::shared_ptr<Exchange> exchange_;
  const CallHttp call_;
  std::size_t most_;
  std::string body_;
};

}  // namespace

wire::HttpCall call_of(const HttpRequest& request, std::string_view body) {
  wire::HttpCall call;
  call.method = request.method;
  call.target = request.target;
  call.body = body;
  call.peer = request.peer;
  call.traceparent = traceparent_of(request.trace);
  for (const Header& header : request.headers) {
    if (travels(header.name)) call.headers.emplace_back(header.name, header.value);
  }
  return call;
}

void answer_call(const Router& router, wire::HttpCall call, const CallTraces& traces,
                 std::function<void(HttpResponse)> done) {
  const auto exchange = std::make_shared<CallExchange>(std::move(call), traces, std::move(done));
  const HttpRequest& request = exchange->request();
  if (const int status = exchange->read(); status != 0) {
    return exchange->respond(refusal(status, "the request target is no path", request));
  }
  Router::Match match = router.match(request.method, request.path);
  if (match.route == nullptr) {
    return exchange->respond(refusal(404, "there is nothing at this path", request));
  }
  exchange->set_route(match);
  match.route->handler->handle(exchange);
}

void ForwardHandler::handle(std::shared_ptr<Exchange> exchange) {
  if (most_body_ == 0) return hand_on(exchange, call_, exchange->request().body);
  Exchange& asked = *exchange;
  asked.read_body(std::make_shared<Forwarding>(std::move(exchange), call_, most_body_));
}

}  // namespace quintet::host
