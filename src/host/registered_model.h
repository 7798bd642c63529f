// A model version of the registry, made known to whoever scores with it.
#pragma once

#include "stage/score.h"
#include "stage/store.h"

namespace quintet::host {

// Does nothing for a model that score's Spec lacks. One of an older form of the application, which
// is not usable under this one, is known as such: what it is promoted for stays null.
void install_registered(stage::Score& score, const stage::ModelVersion& model);

}  // namespace quintet::host
