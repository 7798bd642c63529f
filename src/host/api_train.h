// Trainings over HTTP (DESIGN 8):
//   POST /v1/train                           {"model": "score"}, and "as_of", "set", "keep": 202
//   GET  /v1/train, /v1/train/{run}          what became of it, and what is watched
#pragma once

#include "host/retraining.h"
#include "host/router.h"
#include "host/trainer.h"

namespace quintet::host {

// Both outlive the Router; `retraining` is null where nothing is watched, and both are where no
// request comes.
void add_train_routes(Router& router, Trainer* trainer, const Retraining* retraining);

}  // namespace quintet::host
