// The registry as a Place has it: versions in the store, and the models themselves in memory.
#include "host/place_state.h"

namespace quintet::host {

std::uint32_t Place::version_in_force(const app::ModelSpec& model) const {
  const auto found = in_force(model.index);
  return found.model == nullptr ? 0 : found.version;
}

stage::Score::InForce Place::in_force(int model) const {
  return state_->infer->score().in_force()[static_cast<std::size_t>(model)];
}

std::shared_ptr<const learn::Model> Place::installed(const std::string& model,
                                                     std::uint32_t version) const {
  return state_->infer->score().installed(model, version);
}

void Place::known_models(std::function<void(Expected<std::vector<KnownModel>>)> done) {
  auto known = std::make_shared<std::vector<KnownModel>>();
  run_on_store(
      [known](stage::Store& store) -> Expected<void> {
        TRY(const auto models, store.models(false));
        for (const stage::ModelVersion& model : models) {
          known->push_back({model.model, model.version, nullptr});
        }
        return {};
      },
      state_->guarded([this, known, done = std::move(done)](const Expected<void>& read) {
        if (!read) return done(read.error());
        for (KnownModel& one : *known) one.loaded = score().installed(one.model, one.version);
        done(std::move(*known));
      }));
}

void Place::add_model(NewModel model, std::function<void(Expected<Registered>)> done) {
  auto registered = std::make_shared<Registered>();
  auto added = std::make_shared<NewModel>(std::move(model));
  run_on_store(
      [registered, added](stage::Store& store) -> Expected<void> {
        TRY(*registered, register_model(store, *added));
        return {};
      },
      state_->guarded([this, registered, added, done = std::move(done)](const Expected<void>& put) {
        if (!put) return done(put.error());
        const auto known = score().install(added->entry.model, registered->version, added->model);
        if (!known) return done(known.error());
        done(*registered);
      }));
}

Expected<RegistryRole::Registered> register_model(stage::Store& store,
                                                  const RegistryRole::NewModel& model) {
  RegistryRole::Registered registered;
  if (model.once) {
    TRY(const auto registry, store.models(false));
    for (const stage::ModelVersion& one : registry) {
      if (one.model == model.entry.model && one.digest == model.entry.digest) {
        registered.version = one.version;
      }
    }
  }
  if (registered.version != 0) return registered;
  TRY(registered.version, store.add_model(model.entry));
  registered.fresh = true;
  return registered;
}

}  // namespace quintet::host
