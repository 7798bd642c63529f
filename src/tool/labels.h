// The labels of one event in a data directory, as GET /v1/results/{id} shows them (S5.6).
#pragma once

#include <string>

#include "tool/stored.h"

namespace quintet::tool {

// As stage/render_labels.h, `now` as there; empty if the event at `position` has no labels. Reads
// the whole log: there is no index without the application.
Expected<std::string> labels_of(StoredLog& log, Position position, Micros now);

}  // namespace quintet::tool
