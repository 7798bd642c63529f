// Ordered sessions at the door (S1.6): the place of an event in its sender's order, and how far a
// session has come.
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

// From the headers Quintet-Session, Quintet-Number (of the request's first event) and
// Quintet-Answered (all up to this number were answered; may be left out). Borrows from the
// request. No Quintet-Session: no place.
Expected<stage::SessionPlace> session_of(const HttpRequest& request);

// GET /v1/sessions/{name}: {"session", "last"}; `last` is durable, and 0 if the session is unknown.
void add_session_routes(Router& router, Node& node);

}  // namespace quintet::host
