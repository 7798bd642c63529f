// Bytes of any kind as a connection's input: what is good as a whole must give the same requests
// cut at any place, and no step may use more than it was given.
// rooms: base
// sources: host/http_parser.cc host/http_text.cc
#include <cstdlib>

#include "host/http_parser.h"
#include "host/http_text.h"

using namespace quintet::host;

namespace {

struct Seen {
  std::string heads, body;
  int failed = 0;
  bool operator==(const Seen&) const = default;
};

// Offers the text up to `cut`, then all of it, as a connection would.
Seen read(const std::string& text, std::size_t cut) {
  const HttpLimits limits;
  RequestParser parser(limits);
  Seen seen;
  std::size_t from = 0;
  for (const std::size_t end : {cut, text.size()}) {
    for (;;) {
      if (parser.done()) parser.restart();
      if (from == end) break;
      const auto step = parser.next(std::string_view(text).substr(from, end - from));
      if (step.used > end - from) std::abort();
      from += step.used;
      if (step.event == RequestParser::Event::need_more) break;
      seen.body += step.piece;
      if (step.event == RequestParser::Event::failed) {
        seen.failed = step.status;
        return seen;
      }
      if (step.event != RequestParser::Event::head) continue;
      const RequestHead head = parser.take_head();
      seen.heads += head.view(head.method);
      seen.heads += head.view(head.target);
      if (const auto target = parse_target(head.view(head.target)))
        (void)parse_query(target->query);
      for (const auto& [name, value] : head.fields) {
        seen.heads.append(head.view(name)).append(head.view(value));
        (void)parse_traceparent(head.view(value));
        (void)host_of_authority(head.view(value));
      }
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = text.empty() ? 0 : data[0] % text.size();
  const Seen whole = read(text, 0), pieces = read(text, cut);
  // A fault in a head that is not complete may be seen only when the rest comes.
  if (whole.failed == 0 && !(whole == pieces)) std::abort();
  return 0;
}
