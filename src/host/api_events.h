// POST /v1/events: one JSON event, or a stream of NDJSON or CSV lines. Each is answered once it is
// durable, in the order of the request. A bad line is refused by itself and lies in the dead
// letters.
#pragma once

#include <memory>

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

// Lines of one stream that wait for their answer; beyond it the request's body is not read on.
inline constexpr std::size_t kOpenLines = 4096;
// Lines taken in one turn of the loop, so that no stream starves the others.
inline constexpr std::size_t kLinesPerTurn = 256;

// `node` outlives the router.
void add_event_routes(Router& router, Node& node);

// {"event": NAME, "id", "error": {...}} as one line of a stream's answer, and as a part of
// problems.
std::string refusal_json(std::uint64_t line, const Error& error);

}  // namespace quintet::host
