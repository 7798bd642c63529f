// Who answers what at a door: the one table of it. A monolith adds all of it to its door, a service
// what is its own, and the gateway hands on what it finds here; so a route and its scope are said
// once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/node.h"
#include "host/oip.h"
#include "host/retraining.h"
#include "host/router.h"
#include "host/trainer.h"

namespace quintet::host {

// What routes work with; all of it outlives the Router. Each service needs its own; `retraining` is
// null where nothing is watched, and `trainer` may be where a router is filled to be read alone.
struct RouteParts {
  Node& node;
  Predictor* predictor = nullptr;
  Trainer* trainer = nullptr;
  const Retraining* retraining = nullptr;
};

// Those of a stage's process: "ingest", "infer", "results" or "train".
void add_routes_of(std::string_view service, Router& router, const RouteParts& parts);
// Those that the process with the door answers itself: it reads events and speaks for sessions.
void add_intake_routes(Router& router, Node& node);

// What every door says of itself: /livez, /readyz and /openapi.json.
struct DoorState {
  std::function<bool()> ready;
  // Members of the answer beside "ready", as `,"name":value`; may be empty.
  std::function<std::string()> details;
};
void add_self_routes(Router& router, Node& node, DoorState state);

}  // namespace quintet::host
