#include "host/http_session.h"

#include <cstring>

#include "host/problem.h"

namespace quintet::host {

HttpSession::HttpSession(std::shared_ptr<SessionHost> host, std::unique_ptr<ByteStream> stream,
                         std::string peer)
    : host_(std::move(host)),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      parser_(host_->limits) {}

HttpSession::~HttpSession() {
  host_->sessions.erase(this);
}

void HttpSession::start() {
  stream_->attach(*this);
  host_->sessions.insert(this);
  host_->open->add(1);
  set_deadline(host_->limits.header_time);
  want_read();
}

void HttpSession::tick() {
  if (write_deadline_ != 0 && host_->now >= write_deadline_) {
    return close(expired("the client takes nothing of its answer"));
  }
  if (deadline_ == 0 || host_->now < deadline_) return;
  switch (phase_) {
    case Phase::head:
      if (head_begun_) return refuse(408, "the header did not arrive in time");
      return close(expired("the connection was idle"));
    case Phase::whole_body: return refuse(408, "the body did not arrive in time");
    case Phase::stream_body: return fail_body(408, "the body stopped arriving");
    case Phase::waiting: return;
    case Phase::lingering: return close(expired("the connection was ended"));
    case Phase::closed: return;
  }
}

void HttpSession::drain(Micros idle) {
  keep_alive_ = false;
  if (phase_ != Phase::head || head_begun_ || !unread().empty() || unsent() > 0) return;
  if (idle == 0) return close(unavailable("the server is stopping"));
  set_deadline(idle);
}

void HttpSession::close(Error why) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  const auto self = shared_from_this();
  host_->sessions.erase(this);
  host_->open->add(-1);
  stream_->close();
  // The callbacks may drop the exchange, so it is not touched after the first of them.
  std::function<void()> closed;
  if (current_) {
    closed = std::move(current_->closed_);
    current_->closed_ = nullptr;
    current_->writable_ = nullptr;
    current_ = nullptr;
  }
  const auto reader = std::move(reader_);
  fresh_.reset();
  if (reader) reader->on_abort(why);
  if (closed) closed();
  host_->on_gone();
}

void HttpSession::on_read(std::size_t count, End end) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (end == End::broken) return close(unavailable("the connection was lost"));
  if (end == End::closed) saw_end_ = true;
  in_to_ += count;
  if (phase_ == Phase::lingering) {
    in_from_ = in_to_;
    return want_read();
  }
  pump();
}

// True if nothing can go on before more bytes arrive.
bool HttpSession::lacks_input() const {
  switch (phase_) {
    case Phase::head:
    case Phase::whole_body:
    case Phase::lingering: return true;
    case Phase::stream_body: return reader_ready_;
    case Phase::waiting: return answer_begun_ && !answered_;
    case Phase::closed: return false;
  }
  return false;
}

// Keeps one read under way whenever its bytes would have a place, also while a handler works: that
// is how a lost connection is noticed.
void HttpSession::want_read() {
  if (reading_ || phase_ == Phase::closed) return;
  if (phase_ == Phase::lingering && unsent() > 0) return;
  if (saw_end_) {
    if (lacks_input() && (phase_ != Phase::head || unsent() == 0)) {
      close(unavailable("the client ended the connection"));
    }
    return;
  }
  const bool needs = lacks_input() && phase_ != Phase::waiting;
  if (!needs && !unread().empty()) return;
  if (phase_ == Phase::head && unsent() > kUnsentHigh) return;
  if (!make_room()) return;
  reading_ = true;
  stream_->read(in_.get() + in_to_, in_size_ - in_to_);
}

// Makes the free end of the buffer as large as may be; false if the buffer is full and largest.
bool HttpSession::make_room() {
  const bool was_full = in_to_ == in_size_;
  if (in_from_ == in_to_) in_from_ = in_to_ = 0;
  if (was_full && in_size_ < kLargestReadBuffer) {
    const std::size_t size = in_size_ == 0 ? kFirstReadBuffer : 2 * in_size_;
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(larger.get(), in_.get() + in_from_, in_to_ - in_from_);
    in_to_ -= in_from_;
    in_from_ = 0;
    in_ = std::move(larger);
    in_size_ = size;
  } else if (in_from_ > 0) {
    std::memmove(in_.get(), in_.get() + in_from_, in_to_ - in_from_);
    in_to_ -= in_from_;
    in_from_ = 0;
  }
  return in_to_ < in_size_;
}

void HttpSession::pump() {
  if (pumping_ || phase_ == Phase::closed) return;
  const auto self = shared_from_this();  // a handler may drop the exchange that keeps us
  pumping_ = true;
  while (step()) {
  }
  pumping_ = false;
  if (phase_ == Phase::closed) return;
  flush();
  want_read();
}

bool HttpSession::step() {
  if (answered_) {
    next_request();
    return true;
  }
  switch (phase_) {
    case Phase::head: return step_head();
    case Phase::whole_body:
    case Phase::stream_body: return step_body();
    default: return false;
  }
}

bool HttpSession::step_head() {
  if (unsent() > kUnsentHigh) return false;
  while (!head_begun_ && unread().starts_with("\r\n")) in_from_ += 2;
  if (unread().empty() || (!head_begun_ && unread() == "\r")) return false;
  if (!head_begun_) {
    head_begun_ = true;
    set_deadline(host_->limits.header_time);
  }
  const RequestParser::Step step = parser_.next(unread());
  in_from_ += step.used;
  if (step.event == RequestParser::Event::need_more) return false;
  if (step.event == RequestParser::Event::failed) {
    refuse(step.status, step.why);
  } else {
    begin_request(parser_.take_head());
  }
  return true;
}

bool HttpSession::step_body() {
  const bool streams = phase_ == Phase::stream_body;
  if (streams && !reader_ready_) return false;
  if (parser_.done()) {
    end_body();
    return true;
  }
  if (unread().empty()) return false;
  const RequestParser::Step step = parser_.next(unread());
  in_from_ += step.used;
  switch (step.event) {
    case RequestParser::Event::need_more:
      if (step.used > 0 || unread().size() < kLargestReadBuffer) return false;
      fail_body(400, "a chunk's frame or trailer is larger than the limit");
      return true;
    case RequestParser::Event::failed: fail_body(step.status, step.why); return true;
    case RequestParser::Event::piece: return take_piece(step.piece);
    default: return true;
  }
}

bool HttpSession::take_piece(std::string_view piece) {
  if (phase_ == Phase::stream_body) {
    reader_ready_ = false;
    deadline_ = 0;  // the handler may take its time
    const auto reader = reader_;
    reader->on_body(piece);
    return true;
  }
  std::string& body = current_->body_;
  if (body.size() + piece.size() > host_->limits.whole_body ||
      parser_.chunks() > host_->limits.whole_body_chunks) {
    refuse(413, "the body is larger than the limit");
    return true;
  }
  body.append(piece);
  return true;
}

void HttpSession::end_body() {
  body_done_ = true;
  if (phase_ == Phase::whole_body) return dispatch();
  phase_ = Phase::waiting;
  deadline_ = 0;
  reader_ready_ = false;
  const auto reader = std::move(reader_);
  reader->on_end();
}

void HttpSession::fail_body(int status, std::string_view why) {
  if (phase_ == Phase::whole_body) return refuse(status, why);
  keep_alive_ = false;
  failed_status_ = status;
  phase_ = Phase::waiting;
  deadline_ = 0;
  const auto reader = std::move(reader_);
  std::string text(why);
  if (reader) reader->on_abort(status == 408 ? expired(std::move(text)) : invalid(std::move(text)));
  pump();
}

}  // namespace quintet::host
