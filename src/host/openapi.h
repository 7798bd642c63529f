// The OpenAPI 3.1 document of the door: made from the router's own routes and the application in
// force, so that it describes what this process answers. Pure but for reading the router.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"
#include "host/router.h"

namespace quintet::host {

// "METHOD PATTERN" of what is routed but not described, or described but not routed. Empty, or our
// mistake: a host checks it when its router is filled.
std::vector<std::string> undescribed(const Router& router);

std::string openapi_json(const Router& router, const app::Spec& spec);

// JSON Schemas of what the application reads and answers.
// One event of that type, as POST /v1/events takes it.
std::string event_schema(const event::EventType& type);
// The members of "features" on results of that type.
std::string features_schema(const app::RowPlan& plan);

}  // namespace quintet::host
