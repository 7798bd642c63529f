// The application that runs are about, in two forms, and a model for it: windows of every kind,
// labels on the event and by report, private fields, a decision.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/spec.h"
#include "stage/store.h"

namespace quintet::sim {

inline constexpr Micros kBegin = 1'700'000'000 * kSecond;  // wall time when a run begins

// Both forms, parsed once; or both of one that removes its old log. What the second of these has
// more is found in the base that the first made.
const std::vector<std::shared_ptr<const app::Spec>>& applications(bool retain);
inline constexpr Micros kRetain = 3 * kHour;
// Versions of the model `score`; each has a weight of its own.
stage::ModelVersion model_version(int number);

}  // namespace quintet::sim
