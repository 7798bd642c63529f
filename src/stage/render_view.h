// A page of a view as clients read it: JSON or CSV, the same under every pattern. A part of the
// results stage. Pure.
#pragma once

#include <string>

#include "stage/views.h"

namespace quintet::stage {

// {"view", "position", "durable", "newest", "lines": [{"bucket", "by": {...}, "values": {...}}],
// "next"}. `durable` is L. Without `every` there is no "bucket", without results no "newest", at
// the end no "next".
void append_view_json(std::string& out, const app::Spec& spec, const app::View& view,
                      const ViewPage& page, Position durable);

// A header line (bucket, keys, aggregates), then a line each.
void append_view_csv(std::string& out, const app::Spec& spec, const app::View& view,
                     const ViewPage& page);

}  // namespace quintet::stage
