// What the rest of the program sees of HTTP: plain structs, a Handler that is given an Exchange,
// and an Exchange that is answered at once, later, or as a stream. Nothing here knows sockets or
// stages; http_server.h makes Exchanges, router.h chooses the Handler, tests make their own.
//
// Threads: all of this lives on the server's Loop. Another thread that has an answer posts it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/expected.h"

namespace quintet::host {

// W3C trace context of a request. When the client sent no valid traceparent the id is new.
struct Trace {
  std::string id;      // 32 lower-case hex digits, never all zero
  std::string parent;  // 16 lower-case hex digits of the caller's span, empty if the id is new
  bool sampled = false;
  std::string span;  // 16 more, of this request's own span; empty: it has none (host/tracer.h)
};

struct Header {
  std::string_view name;  // as sent: compare without case
  std::string_view value;
};

// A request as it came. The views live as long as the Exchange that holds it.
struct HttpRequest {
  std::string_view method;
  // Steady time after which nobody waits for the answer; of a request that another process hands
  // on.
  Micros deadline = std::numeric_limits<Micros>::max();
  std::string client;       // whose limits it is under; empty: nobody's
  std::string_view target;  // as sent, "/v1/results?limit=5"
  std::string_view path;    // the target's path, still percent-encoded
  std::vector<std::pair<std::string, std::string>> query;   // decoded, in the order sent
  std::vector<std::pair<std::string, std::string>> params;  // of the route's pattern, decoded
  std::vector<Header> headers;
  // The whole body, for BodyMode::whole. At least kBodyPadding bytes after its end are readable.
  std::string_view body;
  std::string_view peer;  // "127.0.0.1:40312"
  Trace trace;

  // The first header of that name, without regard to case; empty if there is none.
  std::string_view header(std::string_view name) const;
  // The first query parameter of that name.
  std::optional<std::string_view> query_value(std::string_view name) const;
  // The path parameter of that name. Its absence is our mistake.
  std::string_view param(std::string_view name) const;
  // The media type of the body, lower-case, without parameters: "application/json".
  std::string content_type() const;
};

inline constexpr std::size_t kBodyPadding = 64;  // what simdjson may read beyond the end

struct HttpResponse {
  int status = 200;
  std::string_view content_type;  // a literal; empty means no body type is said
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond those the server writes

  // Adds a header.
  HttpResponse&& with(std::string_view name, std::string_view value) &&;
};

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kNdjson = "application/x-ndjson";
inline constexpr std::string_view kEventStream = "text/event-stream";
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

inline HttpResponse json_response(int status, std::string body) {
  return {status, kJson, std::move(body), {}};
}

// Receives a request body piece by piece, when the Handler chose BodyMode::stream.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece; it is valid during the call. No other comes before Exchange::resume(), which
  // may be called from inside: that is the back-pressure, down to the client's socket.
  virtual void on_body(std::string_view piece) = 0;
  // The body is complete. The Exchange drops this reader after the call.
  virtual void on_end() = 0;
  // The body will never be complete: the client left (unavailable), sent nonsense (invalid), was
  // too slow (expired), or the server stops (unavailable). The Exchange drops this reader after the
  // call; what is respond()ed then still goes out if the connection allows it.
  virtual void on_abort(const Error& why) = 0;
};

// One request and its answer. An Exchange that is dropped without an answer answers 500.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const HttpRequest& request() const = 0;

  // The whole answer. Exactly one of respond() and begin() is called, once. On a closed connection
  // it does nothing.
  virtual void respond(HttpResponse response) = 0;

  // For BodyMode::stream: asks for the body, once. Says 100-continue if the client waits for it.
  virtual void read_body(std::shared_ptr<BodyReader> reader) = 0;
  // Asks for the next piece after on_body().
  virtual void resume() = 0;

  // A streamed answer: begin() with the status and headers (its body is the first piece), write()
  // any number of times, end(). Each write is one piece; pieces written in one turn of the loop
  // leave together. It may begin before the request's body is complete.
  virtual void begin(HttpResponse head) = 0;
  virtual void write(std::string_view piece) = 0;
  virtual void end() = 0;
  // Bytes written and not yet taken by the kernel. Stop writing at kUnsentHigh and ask for
  // when_writable(), which calls back once, on a later turn, when there are less than kUnsentLow.
  virtual std::size_t unsent() const = 0;
  virtual void when_writable(std::function<void()> callback) = 0;

  // Called at most once, when the connection is lost before the answer is complete. A callback
  // that holds this Exchange is dropped when the answer is complete.
  virtual void when_closed(std::function<void()> callback) = 0;
};

inline constexpr std::size_t kUnsentHigh = 256 * 1024;
inline constexpr std::size_t kUnsentLow = 64 * 1024;

enum class BodyMode : unsigned char {
  whole,   // handle() is called when the body is complete, within Limits::whole_body
  stream,  // handle() is called at the head; the body comes through read_body()
};

// Answers the requests of a route. Made once, called for each request, one after another.
class Handler {
 public:
  virtual ~Handler() = default;
  // Called at the head, before handle(). A path's handler may decide by Content-Type.
  virtual BodyMode body_mode(const HttpRequest&) const { return BodyMode::whole; }
  virtual void handle(std::shared_ptr<Exchange> exchange) = 0;
};

// A handler that is a function of the whole request, answered later or at once.
std::shared_ptr<Handler> make_handler(std::function<void(std::shared_ptr<Exchange>)> function);
// One that always answers at once.
std::shared_ptr<Handler> make_handler(std::function<HttpResponse(const HttpRequest&)> function);

}  // namespace quintet::host
