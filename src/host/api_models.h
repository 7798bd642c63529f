// The model registry and trainings over HTTP (DESIGN 8):
//   GET  /v1/models                          all models with their versions and the one in force
//   GET  /v1/models/{name}                   one, with its promotions
//   GET  /v1/models/{name}/versions/{v}      a version with its card
//   POST /v1/models/{name}/promote           {"version": 3}; 0 takes the model out of force
//   POST /v1/models/{name}/rollback          back to what was in force before
//   POST /v1/train                           {"model": "score"}, and "as_of", "set", "keep": 202
//   GET  /v1/train, /v1/train/{run}          what became of it
#pragma once

#include "host/node.h"
#include "host/router.h"
#include "host/trainer.h"

namespace quintet::host {

// Node and Trainer outlive the Router.
void add_model_routes(Router& router, Node& node, Trainer& trainer);

}  // namespace quintet::host
