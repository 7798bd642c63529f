// One connection of the HTTP server: reads requests one after another, hands them to the router's
// handlers, writes their answers in order, and keeps the limits of time and size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "host/client_limits.h"
#include "host/http_access.h"
#include "host/http_parser.h"
#include "host/http_stream.h"
#include "host/metrics.h"
#include "host/router.h"
#include "host/tracer.h"

namespace quintet::host {

class HttpSession;
class HttpExchange;

// What all sessions of a server share. `sessions` are alive until they take themselves out.
struct SessionHost {
  explicit SessionHost(const Router& r) : router(r) {}

  const Router& router;
  HttpLimits limits;
  Access access;
  std::vector<std::string> names;
  SystemClock clock;

  Micros now = 0;    // steady, renewed a few times a second: deadlines are that coarse
  std::string date;  // "Date: ...\r\n", renewed with it
  bool draining = false;
  std::uint64_t random[2] = {1, 2};  // the state behind new trace ids
  std::unordered_set<HttpSession*> sessions;
  std::function<void(std::function<void()>)> later;  // runs a job on a later turn
  std::function<void()> on_gone;                     // a session took itself out

  struct RouteMetrics {
    Histogram* seconds;
    Counter* by_class[6];  // by the first digit of the status
  };
  std::vector<RouteMetrics> routes;  // in the order of router.routes(), then one for no route
  Gauge* open = nullptr;             // connections
  Tracer* tracer = nullptr;          // null: no traces
  std::shared_ptr<ClientLimits> client_limits;  // null: none
  Counter* over_rate = nullptr;                 // requests refused by them
  Counter* over_in_flight = nullptr;

  std::string new_trace_id();
  // Gives the request a span of its own, if its trace is recorded.
  void begin_span(HttpRequest& request);
};

class HttpSession final : public StreamUser {
 public:
  HttpSession(std::shared_ptr<SessionHost> host, std::unique_ptr<ByteStream> stream,
              std::string peer);
  ~HttpSession() override;

  void start();
  // Called a few times a second: closes what is over its deadline.
  void tick();
  // Closes after the answer to the request under way; without one, after so long if none comes.
  void drain(Micros idle);
  // Drops the connection and tells the handler.
  void close(Error why);

  void on_read(std::size_t count, End end) override;
  void on_written(std::size_t count, End end) override;

 private:
  friend class HttpExchange;
  enum class Phase : unsigned char { head, whole_body, stream_body, waiting, lingering, closed };
  enum class Framing : unsigned char { none, length, chunked, until_close };

  // http_session.cc: reading.
  void pump();
  bool step();
  bool step_head();
  bool step_body();
  bool take_piece(std::string_view piece);
  void end_body();
  void fail_body(int status, std::string_view why);
  bool lacks_input() const;
  void want_read();
  bool make_room();
  std::string_view unread() const { return {in_.get() + in_from_, in_to_ - in_from_}; }

  // http_admit.cc: from a head to its handler.
  void begin_request(RequestHead head);
  bool fill_request(RequestHead head);
  bool may_pass();
  bool find_route();
  bool within_limits(std::optional<std::size_t> token);
  void choose_body_mode();
  void dispatch();
  void refuse(int status, std::string_view why);
  void refuse_with(HttpResponse response);

  // http_answer.cc: writing.
  void respond(HttpExchange& exchange, HttpResponse response);
  void begin(HttpExchange& exchange, HttpResponse head);
  void write_piece(HttpExchange& exchange, std::string_view piece);
  void end(HttpExchange& exchange);
  void write_head(const HttpRequest& request, const HttpResponse& response, std::size_t length);
  void complete_answer(HttpExchange& exchange);
  void end_span(const HttpExchange& exchange, Micros took);
  void next_request();
  void flush();
  void flush_later();
  void after_flush();
  std::size_t unsent() const { return out_.size() + flying_.size() - flying_sent_; }
  void set_deadline(Micros from_now) { deadline_ = host_->now + from_now; }

  std::shared_ptr<SessionHost> host_;
  std::unique_ptr<ByteStream> stream_;
  std::string peer_;
  RequestParser parser_;
  Phase phase_ = Phase::head;
  Micros deadline_ = 0, write_deadline_ = 0;  // 0: none

  std::unique_ptr<char[]> in_;
  std::size_t in_size_ = 0, in_from_ = 0, in_to_ = 0;
  bool reading_ = false, pumping_ = false, saw_end_ = false, head_begun_ = false;

  // The request under way: owned while its body is collected, then by its handler alone.
  std::shared_ptr<HttpExchange> fresh_;
  HttpExchange* current_ = nullptr;
  std::shared_ptr<BodyReader> reader_;
  bool reader_ready_ = false, body_done_ = false, expects_continue_ = false;
  bool keep_alive_ = true, answered_ = false, answer_begun_ = false;
  int failed_status_ = 0;  // why the body was aborted, for a handler that gives no answer
  Framing framing_ = Framing::none;
  int status_ = 0;
  Micros began_ = 0;

  std::string out_, flying_;  // to be written; being written
  std::size_t flying_sent_ = 0;
  bool writing_ = false, flush_due_ = false, sent_end_ = false;
};

// The server's Exchange. It keeps its session alive, not the other way round.
class HttpExchange final : public Exchange {
 public:
  explicit HttpExchange(std::shared_ptr<HttpSession> session) : session_(std::move(session)) {}
  ~HttpExchange() override;

  const HttpRequest& request() const override { return request_; }
  void respond(HttpResponse response) override;
  void read_body(std::shared_ptr<BodyReader> reader) override;
  void resume() override;
  void begin(HttpResponse head) override;
  void write(std::string_view piece) override;
  void end() override;
  std::size_t unsent() const override;
  void when_writable(std::function<void()> callback) override;
  void when_closed(std::function<void()> callback) override;

 private:
  friend class HttpSession;
  bool is_current() const { return session_->current_ == this; }

  std::shared_ptr<HttpSession> session_;
  RequestHead head_;
  HttpRequest request_;
  std::string body_;
  const Route* route_ = nullptr;
  std::size_t route_index_ = 0;
  bool used_ = false;  // respond() or begin() was called
  std::function<void()> writable_, closed_;
};

}  // namespace quintet::host
