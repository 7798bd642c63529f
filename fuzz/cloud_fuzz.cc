// Bytes of any kind as a CloudEvent, as JSON or (first byte odd) as header lines with the data
// behind an empty one: refused with a reason, or an event that reads the same when its attributes
// are sent again, percent-encoded, in headers.
// rooms: base
// sources: host/cloud_events.cc host/http.cc host/http_text.cc
#include <cstdlib>

#include "host/cloud_events.h"
#include "host/http_text.h"

using namespace quintet;
using namespace quintet::host;

namespace {

std::string percent_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

void check_event(const CloudEvent& event) {
  if (event.id.empty() || event.source.empty() || event.type.empty() || event.data.empty()) {
    std::abort();
  }
  const std::string id = percent_encoded(event.id), source = percent_encoded(event.source),
                    type = percent_encoded(event.type), trace = percent_encoded(event.traceparent);
  HttpRequest request;
  request.headers = {{"CE-SpecVersion", "1.0"}, {"ce-id", id},
                     {"ce-source", source},     {"ce-type", type},
                     {"ce-traceparent", trace}, {"content-type", "application/json"}};
  request.body = event.data;
  const auto mode = cloud_mode(request);
  if (!mode || *mode != CloudMode::binary) std::abort();
  const auto again = read_binary(request);
  // A header can carry no NUL.
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (has_nul(event.id) || has_nul(event.source) || has_nul(event.type) ||
      has_nul(event.traceparent)) {
    return;
  }
  if (!again || again->id != event.id || again->source != event.source ||
      again->type != event.type || again->traceparent != event.traceparent ||
      again->data != event.data) {
    std::abort();
  }
}

void check(const Expected<CloudEvent>& event) {
  if (event) {
    check_event(*event);
  } else if (event.error().message().empty()) {
    std::abort();
  }
}

void try_headers(std::string_view text) {
  HttpRequest request;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.push_back(
        {line.substr(0, colon), line.substr(std::min(line.size(), colon + 1))});
  }
  request.body = text;
  const auto mode = cloud_mode(request);
  if (mode && *mode == CloudMode::binary) check(read_binary(request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) {
    try_headers(text);
    return 0;
  }
  const auto document = JsonDocument::parse(text);
  if (document) check(read_structured(document->root()));
  return 0;
}
