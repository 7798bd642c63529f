// POST /v1/erase: a person asks to be forgotten (S8.3).
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

void add_erase_routes(Router& router, Node& node);

}  // namespace quintet::host
