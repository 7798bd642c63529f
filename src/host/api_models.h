// The model registry over HTTP (DESIGN 8):
//   GET  /v1/models                          all models with their versions and the one in force
//   GET  /v1/models/{name}                   one, with its promotions
//   GET  /v1/models/{name}/versions/{v}      a version with its card
//   POST /v1/models/{name}/promote           {"version": 3}; 0 takes the model out of force
//   POST /v1/models/{name}/rollback          back to what was in force before
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

// The Node outlives the Router.
void add_model_routes(Router& router, Node& node);

}  // namespace quintet::host
