// CloudEvents 1.0 over HTTP: binary, structured and batch mode, with JSON as data. What a stranger
// sent becomes a plain struct; whether it is an event of the application is the caller's to say.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "base/json_in.h"
#include "host/http.h"

namespace quintet::host {

inline constexpr std::size_t kBatchEvents = 1000;  // of one batch [413]

struct CloudEvent {
  std::string id, source, type;  // never empty
  std::string traceparent;       // of the distributed tracing extension; empty if none
  std::string data;              // JSON
};

enum class CloudMode : unsigned char { none, binary, structured, batch };
// By the content type and the ce-specversion header. `unsupported_media_type` [415] for a format
// other than JSON.
Expected<CloudMode> cloud_mode(const HttpRequest& request);

// Errors are `invalid` and name the attribute.
Expected<CloudEvent> read_binary(const HttpRequest& request);
Expected<CloudEvent> read_structured(const JsonValue& event);

// An attribute in a header: quotes undone, then one round of percent-decoding. Nothing if a quote
// is open, an escape is broken or what comes out is not UTF-8.
std::optional<std::string> attribute_of_header(std::string_view value);

}  // namespace quintet::host
