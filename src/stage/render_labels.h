// What has become known of an event since it was decided: its labels, for who looks at its result
// (S5.6). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stage/admitted.h"

namespace quintet::stage {

// A report that counts, S5.1.
struct LabelReport {
  Position position = kNoPosition;
  Micros time = 0;
  event::Value value;
};

// The value that the report in `report` gives the label, an index into Spec::labels; nothing if it
// is no report of it under `spec`.
std::optional<event::Value> reported(const app::Spec& spec, int label, const Admitted& report,
                                     event::Arena& arena);

// {"fraud": {"value": true, "source": "report", "position": 9, "at": time}}: each label of the
// event. The source is "report", "event" if it came with the event, "otherwise" or "unknown", with
// "until" if it is `otherwise` from then on. `reports` is by Spec::labels_of; one that rides on the
// event's record stands there too, with its time if that is known. `now` as t of S5.3.
void append_labels(std::string& out, const app::Spec& spec, const Admitted& event,
                   const std::vector<std::optional<LabelReport>>& reports, Micros now);

// Puts them into a result, which is a JSON object; no labels are put nowhere.
void put_labels(std::string& result, std::string_view labels);

}  // namespace quintet::stage
