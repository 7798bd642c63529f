// What several routes read from a request in the same way. Pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "host/http.h"

namespace quintet::host {

inline constexpr std::string_view kCsv = "text/csv; charset=utf-8";

// A whole number from 0 to `most`; `fallback` if the parameter is not there.
Expected<std::uint64_t> number_of(const HttpRequest& request, std::string_view name,
                                  std::uint64_t fallback, std::uint64_t most);

// The form of the answer by ?format=NAME, else by Accept, else the first. `invalid` for a name that
// is not among them; an Accept that takes none of them gives the error `not_acceptable` [406].
using Format = std::pair<std::string_view, std::string_view>;  // name, media type
Expected<std::string_view> answer_format(const HttpRequest& request,
                                         std::initializer_list<Format> formats);

// `not_found`: the application has no such thing (event, view); with the name that was meant, or
// those that there are.
Error unknown_name(std::string_view thing, std::string_view name,
                   const std::vector<std::string_view>& known);
// `invalid` for a query parameter that is none of these.
Expected<void> only_parameters(const HttpRequest& request,
                               const std::vector<std::string_view>& known);

// Whether a Prefer header (RFC 7240) holds the preference; its value, "" if it has none.
std::optional<std::string_view> preference(const HttpRequest& request, std::string_view name);

}  // namespace quintet::host
