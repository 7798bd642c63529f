// Trainings over HTTP (DESIGN 8):
//   POST /v1/train                           {"model": "score"}, and "as_of", "set", "keep": 202
//   GET  /v1/train, /v1/train/{run}          what became of it
#pragma once

#include "host/router.h"
#include "host/trainer.h"

namespace quintet::host {

// The Trainer outlives the Router.
void add_train_routes(Router& router, Trainer& trainer);

}  // namespace quintet::host
