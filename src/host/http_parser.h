// Cuts a stream of bytes into HTTP/1 requests: heads and pieces of bodies. It wraps the parser of
// Boost.Beast, and adds the checks that guard against request smuggling. One a connection; it holds
// no input, so the caller keeps the bytes that were not used and offers them again with more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http.h"
#include "host/limits.h"

namespace quintet::host {

// The head of a request. Its parts are spans of `text`, so that it can be moved.
struct RequestHead {
  struct Span {
    std::uint32_t from = 0, size = 0;
  };
  std::string text;
  Span method, target;
  std::vector<std::pair<Span, Span>> fields;  // name, value
  int version = 11;                           // 10 or 11
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;

  std::string_view view(Span span) const { return {text.data() + span.from, span.size}; }
};

class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);  // the limits outlive it
  ~RequestParser();

  enum class Event : unsigned char {
    need_more,  // nothing complete; `used` bytes are done with all the same
    head,       // take_head() has it
    piece,      // part of the body, a view into the input
    progress,   // a chunk's frame or the end of the body was read
    failed,     // the connection cannot go on; answer `status` with `why`
  };
  struct Step {
    Event event = Event::need_more;
    std::size_t used = 0;
    std::string_view piece;
    int status = 0;
    std::string_view why;  // a literal
  };

  // Reads as far as the next event. Not after done() or a failure: call restart() first.
  Step next(std::string_view input);
  // The request, with its body, has been read.
  bool done() const;
  // The chunk frames read so far.
  std::uint64_t chunks() const;
  RequestHead take_head();
  // Forgets all and waits for the next request.
  void restart();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quintet::host
