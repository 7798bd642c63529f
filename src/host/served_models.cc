#include "host/served_models.h"

#include "base/decimal.h"

namespace quintet::host {

namespace {

class InMemory final : public ServedModel {
 public:
  InMemory(const std::string& name, std::uint32_t version,
           std::shared_ptr<const learn::Model> model)
      : model_(std::move(model)) {
    signature_.name = name;
    signature_.version = std::to_string(version);
    signature_.platform = model_->type() == "linear" ? "quintet_linear" : "quintet_forest";
    signature_.columns = model_->features();
    for (const std::string& output : model_->outputs()) signature_.outputs.push_back({output, 1});
  }

  const OipSignature& signature() const override { return signature_; }

  Expected<void> predict(const RowMatrix& in, std::vector<float>& out) const override {
    if (in.columns != model_->n_features()) return invalid("the model has other inputs");
    out.resize(in.rows * model_->n_outputs());
    model_->score_rows(in.values, out);
    return {};
  }

 private:
  std::shared_ptr<const learn::Model> model_;
  OipSignature signature_;
};

}  // namespace

bool ServedModels::ready() const {
  return node_.infer() != nullptr && !node_.draining;
}

std::shared_ptr<const ServedModel> ServedModels::served(
    const std::string& name, std::uint32_t version,
    std::shared_ptr<const learn::Model> model) const {
  Kept& kept = kept_[{name, version}];
  if (kept.model != model) {
    kept.served = std::make_shared<InMemory>(name, version, model);
    kept.model = std::move(model);
  }
  return kept.served;
}

std::vector<std::shared_ptr<const ServedModel>> ServedModels::models() const {
  std::vector<std::shared_ptr<const ServedModel>> all;
  if (node_.infer() == nullptr) return all;
  for (const app::ModelSpec& model : node_.infer()->spec().models) {
    const auto one = node_.infer()->in_force(model.index);
    if (one.model != nullptr) all.push_back(served(model.name, one.version, one.model));
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a->signature().name < b->signature().name; });
  return all;
}

std::vector<std::string> ServedModels::versions(std::string_view name) const {
  for (const auto& model : models()) {
    if (model->signature().name == name) return {model->signature().version};
  }
  return {};
}

Expected<std::shared_ptr<const ServedModel>> ServedModels::find(std::string_view name,
                                                                std::string_view version) const {
  if (node_.infer() == nullptr) return place_is_away();
  for (const app::ModelSpec& model : node_.infer()->spec().models) {
    if (model.name != name) continue;
    const auto in_force = node_.infer()->in_force(model.index);
    if (version.empty()) {
      if (in_force.model != nullptr) return served(model.name, in_force.version, in_force.model);
      return not_found("no version of the model \"" + model.name + "\" is in force");
    }
    const auto number = parse_int64(version);
    if (number && *number > 0 && *number <= INT32_MAX) {
      const auto wanted = static_cast<std::uint32_t>(*number);
      if (auto loaded = node_.infer()->installed(model.name, wanted)) {
        return served(model.name, wanted, std::move(loaded));
      }
    }
    return not_found("the model \"" + model.name + "\" has no version " + std::string(version));
  }
  return not_found("there is no model \"" + std::string(name) + "\"");
}

}  // namespace quintet::host
