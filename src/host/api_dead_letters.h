// What was refused, and the second chance. Bodies are sealed at rest and shown only one at a time.
#pragma once

#include "base/json_out.h"
#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

//   GET  /v1/dead-letters                    ?code=&after=&limit=&all=true; open ones, oldest first
//   GET  /v1/dead-letters/{number}           with the original
//   POST /v1/dead-letters/{number}/replay    a new admission of the original, or of the JSON event
//                                            in the body; answers with the result; 409 the second
//                                            time
//   POST /v1/dead-letters/{number}/discard
// A replay that is refused leaves the letter open and makes no other.
// {"number", "at", "event", "id", "code", "field", "message", "format", "state", "position",
// "body"}; what is empty is left out, and so is `body` if it is null.
void write_letter(JsonWriter& json, const stage::DeadLetter& letter, const std::string* body);

void add_dead_letter_routes(Router& router, Node& node);  // both outlive the server

}  // namespace quintet::host
