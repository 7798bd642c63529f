// POST /v1/models/{name}/versions: a model file that was made elsewhere becomes a version of a
// running application's model. It is not in force by that: promoting is a step of its own.
//
// The body comes as a stream, up to what a model file may have; a process of its own reads it first
// (host/model_files.h) while serving goes on. One file at a time. Lives on the Node's loop.
#pragma once

#include "host/node.h"
#include "host/router.h"

namespace quintet::host {

// The Node outlives the Router.
void add_model_upload(Router& router, Node& node);

}  // namespace quintet::host
