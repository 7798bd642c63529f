// Which versions of a model were in force, read from the log itself: each record names the control
// record before it, so the way back costs one block a control record.
#pragma once

#include <string>
#include <vector>

#include "stage/score.h"
#include "stage/store.h"

namespace quintet::host {

struct PastPromotion {
  Position position = kNoPosition;
  stage::Promotion promotion;
};

// All promotions of the model, oldest first. On a thread that may read the store.
Expected<std::vector<PastPromotion>> promotions_of(stage::LogSource& source,
                                                   const std::string& model);

// A rollback undoes the last promotion that was not undone yet. Promotion::version is the one to
// return to, 0 if there was none before; `conflict` if nothing is in force.
Expected<stage::Promotion> rollback_of(const std::vector<PastPromotion>& past);

}  // namespace quintet::host
