#include <charconv>

#include "base/check.h"
#include "host/http_session.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

void append_decimal(std::string& out, std::size_t value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) out.push_back(c);  // a value can never end its line
  }
  out += "\r\n";
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

constexpr std::size_t kFlushAt = 32 * 1024;
constexpr std::size_t kKeptBuffer = 64 * 1024;

}  // namespace

void HttpSession::write_head(const HttpRequest& request, const HttpResponse& response,
                             std::size_t length) {
  status_ = response.status;
  const bool old = current_->head_.version < 11;
  if (framing_ == Framing::until_close) keep_alive_ = false;
  if (host_->draining) keep_alive_ = false;
  out_ += "HTTP/1.1 ";
  append_decimal(out_, static_cast<std::size_t>(response.status));
  out_.push_back(' ');
  out_ += reason_of(response.status);
  out_ += "\r\n";
  out_ += host_->date;
  if (!response.content_type.empty()) {
    append_header(out_, "Content-Type", response.content_type);
    out_ += "X-Content-Type-Options: nosniff\r\n";
  }
  if (framing_ == Framing::chunked) out_ += "Transfer-Encoding: chunked\r\n";
  if (framing_ == Framing::length) {
    out_ += "Content-Length: ";
    append_decimal(out_, length);
    out_ += "\r\n";
  }
  if (!keep_alive_) {
    out_ += "Connection: close\r\n";
  } else if (old) {
    out_ += "Connection: keep-alive\r\n";
  }
  for (const auto& [name, value] : response.headers) append_header(out_, name, value);
  out_ += "\r\n";
  if (request.method == "HEAD" || has_no_body(response.status)) framing_ = Framing::none;
}

void HttpSession::respond(HttpExchange& exchange, HttpResponse response) {
  if (!parser_.done()) keep_alive_ = false;  // what is left of the body hides the next request
  framing_ = has_no_body(response.status) ? Framing::none : Framing::length;
  write_head(exchange.request_, response, response.body.size());
  if (framing_ != Framing::none) out_ += response.body;
  complete_answer(exchange);
}

void HttpSession::begin(HttpExchange& exchange, HttpResponse head) {
  answer_begun_ = true;
  framing_ = exchange.head_.version < 11 ? Framing::until_close : Framing::chunked;
  if (has_no_body(head.status)) framing_ = Framing::none;
  write_head(exchange.request_, head, 0);
  if (head.body.empty()) {
    flush_later();
  } else {
    write_piece(exchange, head.body);
  }
}

void HttpSession::write_piece(HttpExchange&, std::string_view piece) {
  if (piece.empty() || framing_ == Framing::none) return;
  if (framing_ == Framing::chunked) {
    char size[20];
    out_.append(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
    out_ += "\r\n";
  }
  out_ += piece;
  if (framing_ == Framing::chunked) out_ += "\r\n";
  if (out_.size() >= kFlushAt && !writing_) {
    flush();
  } else {
    flush_later();
  }
}

void HttpSession::end(HttpExchange& exchange) {
  if (framing_ == Framing::chunked) out_ += "0\r\n\r\n";
  complete_answer(exchange);
}

void HttpSession::complete_answer(HttpExchange& exchange) {
  const Micros took = host_->clock.steady() - began_;
  const auto& metrics = host_->routes[exchange.route_index_];
  metrics.seconds->observe(static_cast<double>(took) * 1e-6);
  metrics.by_class[status_ / 100 % 6]->add();
  if (!exchange.request_.trace.span.empty()) end_span(exchange, took);
  current_ = nullptr;
  answered_ = true;
  // What these hold may hold the exchange, so they go last, and not while it is half changed.
  const auto closed = std::move(exchange.closed_);
  const auto writable = std::move(exchange.writable_);
  exchange.closed_ = exchange.writable_ = nullptr;
  pump();
}

// The names are those of OpenTelemetry's conventions for HTTP. Paths and queries stay out: ids are
// in them.
void HttpSession::end_span(const HttpExchange& exchange, Micros took) {
  const HttpRequest& request = exchange.request_;
  const auto& routes = host_->router.routes();
  const bool known = exchange.route_index_ < routes.size();
  Span span{request.trace.id, request.trace.span, request.trace.parent, std::string(request.method),
            SpanKind::server};
  span.end = host_->clock.wall();
  span.begin = span.end - took;
  span.failed = status_ >= 500;
  span.texts = {{"http.request.method", std::string(request.method)}};
  span.numbers = {{"http.response.status_code", status_}};
  if (known) {
    span.name += " " + routes[exchange.route_index_].pattern;
    span.texts.emplace_back("http.route", routes[exchange.route_index_].pattern);
  }
  host_->tracer->add(std::move(span));
}

// The answer is complete: goes on to the next request, or ends the connection.
void HttpSession::next_request() {
  answered_ = answer_begun_ = false;
  reader_ready_ = false;
  const auto reader = std::move(reader_);
  if (keep_alive_ && parser_.done()) {
    parser_.restart();
    head_begun_ = false;
    phase_ = Phase::head;
    return set_deadline(host_->limits.keep_alive);
  }
  phase_ = Phase::lingering;
  in_from_ = in_to_;
  set_deadline(host_->limits.linger);
}

void HttpSession::flush() {
  if (writing_ || phase_ == Phase::closed) return;
  if (!out_.empty()) {
    const ByteStream::Written written = stream_->write_now(out_);
    if (written.broken) return close(unavailable("the connection was lost"));
    if (written.count < out_.size()) {
      flying_.swap(out_);
      out_.clear();
      flying_sent_ = written.count;
      writing_ = true;
      write_deadline_ = host_->now + host_->limits.write_idle;
      return stream_->write(std::string_view(flying_).substr(flying_sent_));
    }
    out_.clear();
    if (out_.capacity() > kKeptBuffer) out_.shrink_to_fit();
  }
  after_flush();
}

void HttpSession::on_written(std::size_t count, End end) {
  writing_ = false;
  if (phase_ == Phase::closed) return;
  if (end != End::none) return close(unavailable("the connection was lost"));
  flying_sent_ += count;
  if (flying_sent_ < flying_.size()) {
    writing_ = true;
    write_deadline_ = host_->now + host_->limits.write_idle;
    stream_->write(std::string_view(flying_).substr(flying_sent_));
  } else {
    flying_ = std::string();
    flying_sent_ = 0;
    write_deadline_ = 0;
    flush();
  }
  if (phase_ != Phase::closed && current_ && current_->writable_ && unsent() < kUnsentLow) {
    const auto callback = std::move(current_->writable_);
    current_->writable_ = nullptr;
    callback();
  }
  pump();
}

void HttpSession::after_flush() {
  if (phase_ != Phase::lingering || sent_end_) return;
  sent_end_ = true;
  stream_->finish_sending();
  set_deadline(host_->limits.linger);
  want_read();
}

void HttpSession::flush_later() {
  if (flush_due_ || pumping_) return;
  flush_due_ = true;
  host_->later([self = std::static_pointer_cast<HttpSession>(shared_from_this())] {
    self->flush_due_ = false;
    self->flush();
  });
}

HttpExchange::~HttpExchange() {
  if (!request_.client.empty()) session_->host_->client_limits->end(request_.client);
  if (!is_current()) return;
  if (session_->answer_begun_) {
    session_->close(broken("the answer was dropped half way"));
    return;
  }
  const int status = session_->failed_status_ != 0 ? session_->failed_status_ : 500;
  used_ = true;
  session_->respond(*this, refusal(status, "the request got no answer", request_));
}

void HttpExchange::respond(HttpResponse response) {
  check(!used_, "an Exchange answered twice");
  used_ = true;
  if (is_current()) session_->respond(*this, std::move(response));
}

void HttpExchange::read_body(std::shared_ptr<BodyReader> reader) {
  if (!is_current()) return reader->on_abort(unavailable("the connection was lost"));
  check(!session_->reader_, "read_body twice");
  if (session_->phase_ != HttpSession::Phase::stream_body) return reader->on_end();
  session_->reader_ = std::move(reader);
  if (session_->expects_continue_ && session_->unread().empty()) {
    session_->out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  resume();
}

void HttpExchange::resume() {
  if (!is_current() || !session_->reader_) return;
  session_->reader_ready_ = true;
  session_->set_deadline(session_->host_->limits.body_idle);
  session_->pump();
}

void HttpExchange::begin(HttpResponse head) {
  check(!used_, "an Exchange answered twice");
  used_ = true;
  if (is_current()) session_->begin(*this, std::move(head));
}

void HttpExchange::write(std::string_view piece) {
  if (is_current()) session_->write_piece(*this, piece);
}

void HttpExchange::end() {
  if (is_current()) session_->end(*this);
}

std::size_t HttpExchange::unsent() const {
  return is_current() ? session_->unsent() : 0;
}

void HttpExchange::when_writable(std::function<void()> callback) {
  if (!is_current()) return;
  if (session_->unsent() >= kUnsentLow && session_->writing_) {
    writable_ = std::move(callback);
    return;
  }
  session_->host_->later([session = session_, me = this, job = std::move(callback)] {
    if (session->current_ == me) job();
  });
}

void HttpExchange::when_closed(std::function<void()> callback) {
  if (is_current()) closed_ = std::move(callback);
}

}  // namespace quintet::host
