// The text forms inside HTTP heads: percent-encoding, queries, trace context, authorities. Pure
// functions on bytes that a stranger sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/http.h"

namespace quintet::host {

// Undoes %XX once. Nothing if an escape is broken, or gives a NUL or bytes that are not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);
// As part of a path or query: all but letters, digits and -._~ as %XX.
std::string percent_encode(std::string_view text);
// A query string or form, "a=1&b=x+y": '+' is a space. Nothing if percent_decode refuses a part.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text);

// Path and query of a request target in origin form ("/p?q") or absolute form ("http://h/p?q").
// A path that is empty or does not begin with '/' is refused, as is "*".
struct Target {
  std::string_view path;
  std::string_view query;
};
std::optional<Target> parse_target(std::string_view target);

// "00-<32 hex>-<16 hex>-<2 hex>"; of a later version the same prefix is read. All-zero ids, upper
// case and version ff are refused: the caller then starts a trace of its own.
std::optional<Trace> parse_traceparent(std::string_view text);
// What is said to whom the request asks next: the parent there is its own span, or, without one,
// the caller's. Empty if it has no id.
std::string traceparent_of(const Trace& trace);

// The host of "localhost:8080", "127.0.0.1" or "[::1]:80", without port and brackets, lower-case.
// Nothing if it is not of that form.
std::optional<std::string> host_of_authority(std::string_view authority);
// localhost, 127.0.0.1 and ::1. A page of another name that resolves to us is refused by this.
bool is_loopback_name(std::string_view host);

}  // namespace quintet::host
