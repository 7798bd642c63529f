// A result as clients read it: one JSON object, the same under every pattern. A part of the results
// stage. Pure.
#pragma once

#include <string>
#include <string_view>

#include "stage/admitted.h"
#include "stage/outcome.h"

namespace quintet::stage {

// What stands in the log about the event of an outcome.
struct EventFacts {
  std::string_view event_type;
  std::string_view id;
  Micros time = 0;
  Micros admitted_at = 0;
  std::string_view trace;
};
EventFacts facts_of(const app::Spec& spec, const event::Record& record);

// {"event", "id", "position", "status", "time", "features": {...}, "predictions": {model: {output:
// number, "version": n}}, "decisions": {name: {"value", "reason"}}, "late", "errors", "trace_id"}.
// Keys that would be empty are left out. An erased outcome shows event, id, position and status.
void append_result(std::string& out, const app::Spec& spec, const EventFacts& facts,
                   const Outcome& outcome);

}  // namespace quintet::stage
