// The service train: keeps a copy of the log, so that a training reads it at its own pace, and
// learns in processes of its own. What it learns goes into the registry at ingest.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <future>
#include <unordered_map>

#include "host/control_chain.h"
#include "host/door_routes.h"
#include "host/figures.h"
#include "host/node.h"
#include "host/remote_sources.h"
#include "host/service_process.h"
#include "host/services.h"
#include "host/trainer.h"
#include "host/versions.h"
#include "host/wire.h"

namespace quintet::host {

namespace {

constexpr Micros kCatchUpPatience = 60 * kSecond;
constexpr Micros kReopenAfter = kSecond;
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

class TrainService final : public link::FeedEvents, public TrainRole {
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
    vault_ = std::make_unique<WaitingVault>(process_.loop, *keys_);
    trainer_ = std::make_unique<Trainer>(node_, *vault_);
    watch_vault_ = std::make_unique<WaitingVault>(process_.loop, *keys_);
    retraining_ = std::make_unique<Retraining>(node_, *watch_vault_, *trainer_);
    add_routes_of("train", router_, {node_, nullptr, trainer_.get(), retraining_.get()});
    add_place_metrics(node_, {});
    offer_routes(process_, "Train", router_);
    TRY_DO(open_log());
    process_.serves_while([this] { return node_.train() != nullptr; });
    TRY_DO(process_.listen());
    process_.run([this] { process_.ended(); });
    log_.reset();
    vault_->close();
    watch_vault_->close();
    retraining_.reset();
    trainer_.reset();
    committer_.reset();
    return process_.failure();
  }

 private:
  // --- the copy of the log ---
  Expected<void> open_log() {
    TRY(store_, process_.open_store());
    TRY(const Epoch epoch, store_->open_epoch());
    committer_ = std::make_unique<Committer>(Committer::Parts{*store_, process_.loop}, epoch);
    TRY(const stage::LogEnd end, store_->end());
    last_ = durable_ = end.last;
    versions_.clear();
    active_ = 0;
    promoted_.clear();
    if (last_ != kNoPosition) {
      TRY(const Controls controls, read_controls(*store_, 0));
      for (const stage::ApplicationBody& body : controls.applications) {
        TRY_DO(add_version(versions_, body.text));
      }
      active_ = controls.active;
      TRY_DO(each_control_back(*store_, 0, [&](event::Record&& record) -> Expected<bool> {
        if (record.kind != event::RecordKind::promote) return true;
        TRY(const stage::Promotion promotion, stage::read_promotion(record.plain));
        promoted_.emplace(promotion.model, promotion.version);  // the newest comes first
        return true;
      }));
    }
    play();
    follow();
    return {};
  }

  void play() {
    node_.roles.train = active_ > 0 ? this : nullptr;
    if (active_ > 0) process_.ready(process_.settings().listen);
  }

  void follow() {
    log_.reset();
    link::FeedConsumer::Options options;
    options.feed = "log.behind";
    options.from = last_ + 1;
    log_ = std::make_unique<link::FeedConsumer>(process_.local(), *ingest_, options, *this);
  }

  void on_items(std::vector<link::FeedItem> items) override {
    stage::Commit commit;
    commit.copies = true;
    for (const link::FeedItem& item : items) {
      auto block = wire::read_block(item.body);
      const auto noted = block ? note(*block) : Expected<void>(block.error());
      if (!noted) return lose(noted.error());
      last_ = block->last;
      commit.blocks.push_back(*std::move(block));
    }
    committer_->submit(std::move(commit),
                       [this, items = std::move(items)](const Expected<void>& result) {
                         if (!result) return lose(result.error());
                         if (!items.empty()) durable_ = std::max(durable_, items.back().last);
                         play();
                         tell_caught_up();
                         if (log_ != nullptr) log_->release(items);
                       });
  }

  // What the block's control records say.
  Expected<void> note(const event::BlockBytes& bytes) {
    TRY(const event::DecodedBlock decoded, event::decode_block(bytes));
    for (const event::Record& record : decoded.block.records) {
      if (record.kind == event::RecordKind::application) {
        TRY(const stage::ApplicationBody body, stage::read_application(record.plain));
        if (body.version > versions_.size()) TRY_DO(add_version(versions_, body.text));
      } else if (record.kind == event::RecordKind::activate) {
        TRY(const stage::ApplicationBody body, stage::read_application(record.plain));
        active_ = body.version;
      } else if (record.kind == event::RecordKind::promote) {
        TRY(const stage::Promotion promotion, stage::read_promotion(record.plain));
        promoted_[promotion.model] = promotion.version;
      }
    }
    return {};
  }

  // The copy is of no use as it is in memory; it is opened anew.
  void lose(const Error& why) {
    process_.log.error("the copy of the log is opened anew", {{"reason", why.message()}});
    log_.reset();
    node_.roles.train = nullptr;
    retry_ = process_.loop.after(kReopenAfter, [this] {
      committer_.reset();
      store_.reset();
      if (const auto opened = open_log(); !opened) lose(opened.error());
    });
  }

  void on_down(const Error&) override {}
  void on_failed(const Error& error) override { lose(error); }

  // --- TrainRole ---
  const app::Spec& spec() const override { return *versions_[active_ - 1]; }
  std::shared_ptr<const app::Spec> spec_of(AppVersion version) const override {
    return version == 0 || version > versions_.size() ? nullptr : versions_[version - 1];
  }
  Position last() const override { return durable_; }
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
      if (one.last <= durable_) {
        one.done(one.last);
      } else if (one.until <= now) {
        one.done(unavailable("the copy of the log is still behind it; try again"));
      } else {
        behind_.push_back(std::move(one));
      }
    }
    if (behind_.empty()) look_behind_ = nullptr;
  }
  std::shared_ptr<const void> hold_log() const override { return nullptr; }
  std::uint32_t version_in_force(const app::ModelSpec& model) const override {
    const auto found = promoted_.find(model.name);
    return found == promoted_.end() ? 0 : found->second;
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
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<link::FeedConsumer> log_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Retraining> retraining_;
  Versions versions_;
  AppVersion active_ = 0;
  std::map<std::string, std::uint32_t> promoted_;
  Position last_ = kNoPosition;  // that came
  Position durable_ = kNoPosition;
  struct Behind {  // of catch_up()
    Position last = kNoPosition;
    Micros until = 0;
    std::function<void(Expected<Position>)> done;
  };
  std::vector<Behind> behind_;
  std::unique_ptr<Timer> look_behind_;
  std::unique_ptr<Timer> retry_;
};

}  // namespace

Expected<void> run_train(ServiceSettings settings) {
  return TrainService(std::move(settings)).run();
}

}  // namespace quintet::host
