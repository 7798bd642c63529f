// The parameters of the training libraries that an application may set.
#pragma once

#include <span>
#include <string_view>

namespace quintet::learn {

// Of a trainer, "xgboost" or "linear". What would change determinism or the kind of model (nthread,
// seed, booster, device, objective) is not among them: that is ours to say.
std::span<const std::string_view> trainer_parameters(std::string_view type);

}  // namespace quintet::learn
