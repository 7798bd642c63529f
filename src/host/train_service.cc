// The service train: keeps a copy of the log, so that a training reads it at its own pace, and
// learns in processes of its own. What it learns goes into the registry at ingest.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <future>
#include <unordered_map>

#include "host/door_routes.h"
#include "host/figures.h"
#include "host/log_copy.h"
#include "host/node.h"
#include "host/remote_sources.h"
#include "host/service_process.h"
#include "host/services.h"
#include "host/trainer.h"
#include "host/wire.h"

namespace quintet::host {

namespace {

constexpr Micros kCatchUpPatience = 60 * kSecond;
constexpr int kNiceness = 10;  // training never slows serving
// How long a thread waits for a key, and how often it asks again.
constexpr int kKeyTries = 10;

// Keys of subjects for a thread that may wait: each is asked of ingest once.
class WaitingVault final : public stage::Vault {
 public:
  WaitingVault(Loop& loop, KeySource& keys) : loop_(loop), keys_(keys) {}

  Expected<std::string> pseudonym_key() override { return invalid("training makes no pseudonyms"); }
  Expected<std::string> subject_key(std::string_view subject) override {
    return find_subject_key(subject);
  }
  Expected<std::string> find_subject_key(std::string_view subject) override {
    const std::string name(subject);
    if (const auto known = known_.find(name); known != known_.end()) return known->second;
    Expected<std::string> key = unavailable("ingest was not asked");
    for (int i = 0; i < kKeyTries && !closed_; ++i) {
      key = ask(name);
      if (key || key.error().code() == Code::expired) break;
    }
    if (key) known_.emplace(name, *key);
    return key;
  }
  Expected<void> destroy(std::string_view) override { return invalid("training destroys no keys"); }
  Expected<std::vector<std::string>> destroyed() override { return std::vector<std::string>(); }
  // Any thread.
  void close() { closed_ = true; }

 private:
  Expected<std::string> ask(const std::string& name) {
    auto promise = std::make_shared<std::promise<Expected<std::string>>>();
    auto found = promise->get_future();
    loop_.post([this, name, promise] {
      keys_.keys({name}, [promise](Expected<std::vector<FoundKey>> keys) {
        if (!keys) return promise->set_value(std::move(keys).error());
        if (!keys->front()) return promise->set_value(expired("the key was destroyed"));
        promise->set_value(*std::move(keys->front()));
      });
    });
    // A loop that has stopped does not answer.
    if (found.wait_for(std::chrono::microseconds(2 * kSourcePatience)) !=
        std::future_status::ready) {
      return unavailable("ingest does not answer");
    }
    return found.get();
  }

  Loop& loop_;
  KeySource& keys_;
  std::atomic<bool> closed_ = false;
  std::unordered_map<std::string, std::string> known_;  // order never shows
};

class TrainService final : public TrainRole {
 public:
  explicit TrainService(ServiceSettings settings)
      : process_(std::move(settings)), node_(node_of(process_)) {}

  Expected<void> run() {
    (void)::setpriority(PRIO_PROCESS, 0, kNiceness);
    TRY_DO(process_.trace());
    TRY(ingest_, process_.peer("ingest"));
    TRY(asked_, process_.ask("ingest"));
    keys_ = std::make_unique<RemoteKeys>(*asked_, process_.clock);
    models_ = std::make_unique<RemoteModels>(*asked_, process_.clock);
    base_ = std::make_unique<RemoteBase>(*asked_, process_.clock);
    log_ =
        std::make_unique<LogCopy>(LogCopy::Parts{process_, *ingest_, *base_, [this] { play(); }});
    vault_ = std::make_unique<WaitingVault>(process_.loop, *keys_);
    trainer_ = std::make_unique<Trainer>(node_, *vault_);
    watch_vault_ = std::make_unique<WaitingVault>(process_.loop, *keys_);
    retraining_ = std::make_unique<Retraining>(node_, *watch_vault_, *trainer_);
    add_routes_of("train", router_, {node_, nullptr, trainer_.get(), retraining_.get()});
    add_place_metrics(node_, {});
    offer_routes(process_, "Train", router_);
    TRY_DO(log_->open());
    process_.serves_while([this] { return node_.train() != nullptr; });
    TRY_DO(process_.listen());
    process_.run([this] { process_.ended(); });
    log_->close();
    vault_->close();
    watch_vault_->close();
    retraining_.reset();
    trainer_.reset();
    return process_.failure();
  }

 private:
  void play() {
    node_.roles.train = log_->is_there() ? this : nullptr;
    if (log_->is_there()) process_.ready(process_.settings().listen);
    tell_caught_up();
  }

  // --- TrainRole ---
  const app::Spec& spec() const override { return *log_->versions()[log_->active() - 1]; }
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const override {
    const Versions& versions = log_->versions();
    return version == 0 || version > versions.size() ? nullptr : versions[version - 1];
  }
  Position last() const override { return log_->durable(); }
  void catch_up(std::function<void(Expected<Position>)> done) override {
    link::Call call = call_for("/quintet.v1.Ingest/Describe", wire::write_nothing());
    call.idempotent = true;
    asked_->call(std::move(call), [this, done = std::move(done)](Expected<std::string> bytes) {
      if (!bytes) return done(std::move(bytes).error());
      const auto said = wire::read_description(*bytes);
      if (!said) return done(said.error());
      behind_.push_back({said->last, process_.clock.steady() + kCatchUpPatience, done});
      if (look_behind_ == nullptr) {
        look_behind_ = process_.loop.every(kSecond, [this] { tell_caught_up(); });
      }
      tell_caught_up();
    });
  }
  // What was lost with ingest never comes.
  void tell_caught_up() {
    const Micros now = process_.clock.steady();
    for (Behind& one : std::exchange(behind_, {})) {
      if (one.last <= log_->durable()) {
        one.done(one.last);
      } else if (one.until <= now) {
        one.done(unavailable("the copy of the log is still behind it; try again"));
      } else {
        behind_.push_back(std::move(one));
      }
    }
    if (behind_.empty()) look_behind_ = nullptr;
  }
  std::shared_ptr<const void> hold_log() const override { return log_->hold(); }
  std::uint32_t version_in_force(const app::ModelSpec& model) const override {
    return log_->promoted(model.name);
  }

  link::Call call_for(const char* method, std::string request) {
    return {method, std::move(request), process_.clock.steady() + kSourcePatience};
  }

  void control(event::RecordKind, std::string body, Done done) override {
    const auto train = stage::read_train(body);
    check(train.has_value(), "only trainings are recorded here");
    asked_->call(call_for("/quintet.v1.Ingest/Train", wire::write_train_record(*train)),
                 [done = std::move(done)](Expected<std::string> bytes) {
                   if (!bytes) return done(std::move(bytes).error());
                   done(wire::read_position(*bytes));
                 });
  }

  void promote(stage::Promotion promotion, Done done) override {
    asked_->call(call_for("/quintet.v1.Ingest/Promote", wire::write_promotion(promotion)),
                 [done = std::move(done)](Expected<std::string> bytes) {
                   if (!bytes) return done(std::move(bytes).error());
                   done(wire::read_position(*bytes));
                 });
  }

  void add_model(RegistryRole::NewModel model,
                 std::function<void(Expected<RegistryRole::Registered>)> done) override {
    asked_->call(call_for("/quintet.v1.Ingest/AddModel",
                          wire::write_new_model({std::move(model.entry), model.once})),
                 [done = std::move(done)](Expected<std::string> bytes) {
                   if (!bytes) return done(std::move(bytes).error());
                   const auto added = wire::read_registered(*bytes);
                   if (!added) return done(added.error());
                   done(RegistryRole::Registered{added->version, added->fresh});
                 });
  }

  void known_models(std::function<void(Expected<std::vector<KnownModel>>)> done) override {
    link::Call call = call_for("/quintet.v1.Ingest/Models", wire::write_nothing());
    call.idempotent = true;
    asked_->call(std::move(call), [this, done = std::move(done)](Expected<std::string> bytes) {
      if (!bytes) return done(std::move(bytes).error());
      auto models = wire::read_models(*bytes);
      if (!models) return done(std::move(models).error());
      auto known = std::make_shared<std::vector<KnownModel>>();
      for (const stage::ModelVersion& model : *models) {
        known->push_back({model.model, model.version, nullptr});
      }
      load(known, 0, done);
    });
  }

  // One after the other: files may be large.
  void load(const std::shared_ptr<std::vector<KnownModel>>& known, std::size_t next,
            const std::function<void(Expected<std::vector<KnownModel>>)>& done) {
    if (next == known->size()) return done(std::move(*known));
    KnownModel& one = (*known)[next];
    models_->model(one.model, one.version,
                   [this, known, next, done](Expected<stage::ModelVersion> model) {
                     if (!model) return done(std::move(model).error());
                     (*known)[next].loaded = usable(*model);
                     load(known, next + 1, done);
                   });
  }

  std::shared_ptr<const learn::Model> usable(const stage::ModelVersion& version) const {
    if (version.state != stage::ModelState::ready) return nullptr;
    for (const app::ModelSpec& model : spec().models) {
      if (model.name != version.model) continue;
      auto loaded = learn::read_model({model.type == app::ModelType::linear ? "linear" : "xgboost",
                                       version.bytes, model.input_names});
      if (loaded) return *std::move(loaded);
    }
    return nullptr;
  }

  ServiceProcess process_;
  Router router_;
  Node node_;
  link::Channel* ingest_ = nullptr;
  link::Caller* asked_ = nullptr;  // the same, guarded
  std::unique_ptr<RemoteKeys> keys_;
  std::unique_ptr<RemoteModels> models_;
  std::unique_ptr<WaitingVault> vault_, watch_vault_;  // one a thread
  std::unique_ptr<RemoteBase> base_;
  std::unique_ptr<LogCopy> log_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Retraining> retraining_;
  struct Behind {  // of catch_up()
    Position last = kNoPosition;
    Micros until = 0;
    std::function<void(Expected<Position>)> done;
  };
  std::vector<Behind> behind_;
  std::unique_ptr<Timer> look_behind_;
};

}  // namespace

Expected<void> run_train(ServiceSettings settings) {
  return TrainService(std::move(settings)).run();
}

}  // namespace quintet::host
