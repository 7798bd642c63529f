// GET /v1/application: the application file in force, as it was given, with its digest as ETag.
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

void add_application_routes(Router& router, Node& node);  // both outlive the server

}  // namespace quintet::host
