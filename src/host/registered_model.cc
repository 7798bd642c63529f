#include "host/registered_model.h"

#include <algorithm>

namespace quintet::host {

void install_registered(stage::Score& score, const stage::ModelVersion& model) {
  const auto& models = score.spec().models;
  const auto wanted = std::find_if(models.begin(), models.end(),
                                   [&](const auto& one) { return one.name == model.model; });
  if (wanted == models.end()) return;
  auto loaded = learn::read_model({wanted->type == app::ModelType::linear ? "linear" : "xgboost",
                                   model.bytes, wanted->input_names});
  (void)score.install(model.model, model.version, loaded ? *std::move(loaded) : nullptr);
}

}  // namespace quintet::host
