// The service infer: follows the log, folds it and scores it.
#include "host/door_routes.h"
#include "host/event_spans.h"
#include "host/feed_follower.h"
#include "host/figures.h"
#include "host/infer_place.h"
#include "host/node.h"
#include "host/remote_sources.h"
#include "host/served_models.h"
#include "host/service_process.h"
#include "host/services.h"
#include "host/wire.h"
#include "host/wire_base.h"
#include "host/wire_exchange.h"

namespace quintet::host {

namespace {

constexpr Micros kReopenAfter = kSecond;
// Until there is an application, and the key of pseudonyms.
constexpr Micros kLookAgain = kSecond / 50;
// How often parts are asked for of whom none are followed.
constexpr Micros kLookForParts = kSecond / 20;
constexpr Micros kPeekPatience = 5 * kSecond;
constexpr Micros kPartPatience = 5 * kSecond;

// Other replicas, asked over their channels.
class RemotePeers final : public InferPeers {
 public:
  explicit RemotePeers(ServiceProcess& process) : process_(process) {}
  void part(ReplicaId of, PeekAsk ask, std::function<void(Expected<PeekPart>)> done) override {
    this->ask(of, "/quintet.v1.Infer/PeekPart", wire::write_peek_ask(ask), kPeekPatience,
              [done = std::move(done)](Expected<std::string> bytes) {
                if (!bytes) return done(std::move(bytes).error());
                done(wire::read_peek_part(*bytes));
              });
  }
  void stored_part(ReplicaId of, std::string name,
                   std::function<void(Expected<stage::Snapshot>)> done) override {
    ask(of, "/quintet.v1.Infer/StoredPart", wire::write_part_name(name), kPartPatience,
        [done = std::move(done)](Expected<std::string> bytes) {
          if (!bytes) return done(std::move(bytes).error());
          done(wire::read_stored_part(*bytes));
        });
  }

 private:
  void ask(ReplicaId of, const char* method, std::string request, Micros patience,
           std::function<void(Expected<std::string>)> done) {
    const auto peer = process_.ask(replica_name(of));
    if (!peer)
      return process_.loop.post([done = std::move(done), why = peer.error()] { done(why); });
    link::Call call{method, std::move(request), process_.clock.steady() + patience};
    call.idempotent = true;
    (*peer)->call(std::move(call), std::move(done));
  }

  ServiceProcess& process_;
};

// InferPlace, as handlers know it.
class Scoring final : public InferRole {
 public:
  Scoring(InferPlace& place, const std::string& pseudonym_key)
      : place_(place), pseudonym_key_(pseudonym_key), spec_(place.spec()) {}

  // The version in force may be another from one job to the next, but not within one.
  const app::Spec& spec() const override {
    if (auto now = place_.spec()) spec_ = std::move(now);  // none while the state comes back
    return *spec_;
  }
  const std::string& pseudonym_key() const override { return pseudonym_key_; }
  void peek(event::Event&& event, std::function<void(Expected<std::string>)> done) override {
    place_.peek(std::move(event), std::move(done));
  }
  stage::Score::InForce in_force(int model) const override {
    stage::Score::InForce found;
    found.model =
        place_.model_in_force(spec().models[static_cast<std::size_t>(model)].name, found.version);
    return found;
  }
  std::shared_ptr<const learn::Model> installed(const std::string& model,
                                                std::uint32_t version) const override {
    std::uint32_t in_force = 0;
    auto found = place_.model_in_force(model, in_force);
    return in_force == version ? found : nullptr;
  }
  Position last() const override { return place_.folded(); }

 private:
  InferPlace& place_;
  const std::string& pseudonym_key_;
  mutable std::shared_ptr<const app::Spec> spec_;
};

class InferService {
 public:
  explicit InferService(ServiceSettings settings)
      : process_(std::move(settings)), node_(node_of(process_)) {}

  Expected<void> run() {
    TRY_DO(process_.trace());
    // The span of results is below that of the first replica.
    spans_ = std::make_unique<EventSpans>(process_.tracer.get(), process_.clock,
                                          replica_name(process_.settings().replica), "ingest");
    TRY(ingest_, process_.peer("ingest"));
    TRY(link::Caller* const asked, process_.ask("ingest"));
    keys_ = std::make_unique<RemoteKeys>(*asked, process_.clock);
    models_ = std::make_unique<RemoteModels>(*asked, process_.clock);
    base_ = std::make_unique<RemoteBase>(*asked, process_.clock);
    add_methods();
    add_routes_of("infer", router_, {node_, &served_});
    ask_key();
    TRY_DO(open_place());
    process_.serves_while([this] { return node_.infer() != nullptr; });
    TRY_DO(process_.listen());
    process_.run([this] { stop(); });
    log_.stop();
    look_for_parts_ = nullptr;
    from_.clear();
    scoring_.reset();
    place_.reset();
    return process_.failure();
  }

 private:
  using Items = std::vector<link::FeedItem>;

  Expected<void> open_place() {
    const ServiceSettings& settings = process_.settings();
    TRY(store_, process_.open_store());
    InferPlace::Settings place;
    place.replica = settings.replica;
    place.snapshot_every = settings.snapshot_every;
    place.on_failure = [this](const Error& why) {
      process_.log.error("inference begins anew", {{"reason", why.message()}});
      process_.loop.post([this] { close_place(); });
    };
    TRY(place_, InferPlace::open({*store_, process_.clock, process_.loop, *keys_, *models_, *base_,
                                  nullptr, &peers_},
                                 std::move(place)));
    place_->when_wanting([this](Position next) { follow(next); });
    place_->when_ready([this](Position last) {
      spans_->done(last);
      outcomes_->wake();
      play();
    });
    place_->when_parts([this] {
      for (link::FeedProducer* feed : parts_) feed->wake();
    });
    scoring_ = std::make_unique<Scoring>(*place_, pseudonym_key_);
    look_ = process_.loop.every(kLookAgain, [this] { play(); });
    if (durable_) take_durable();
    return {};
  }

  bool holds_shards() const {
    return durable_ && durable_->table.addresses.contains(process_.settings().replica);
  }
  void know_peers(const ShardTable& table) {
    for (const auto& [id, address] : table.addresses) {
      if (id != process_.settings().replica) process_.know(replica_name(id), address);
    }
  }

  void take_durable() {
    know_peers(durable_->table);
    if (!holds_shards()) return rest();
    works_ = true;
    place_->results_durable(durable_->low, durable_->table);
    follow_parts();
  }

  // Others hold all shards. What was begun ends here; the store stays open, for shards to come.
  void rest() {
    if (!works_) return play();
    works_ = false;
    process_.log.info("other replicas hold all shards");
    close_place();
  }

  // What the other replicas of the table add to rows that are scored here.
  void follow_parts() {
    if (place_ == nullptr || !holds_shards() || durable_->table.addresses.size() < 2) {
      from_.clear();
      look_for_parts_ = nullptr;
      return;
    }
    if (look_for_parts_ == nullptr) {
      look_for_parts_ = process_.loop.every(kLookForParts, [this] { follow_parts(); });
    }
    for (const auto& [id, address] : durable_->table.addresses) {
      const auto peer = process_.peer(replica_name(id));
      if (id == process_.settings().replica || !peer) continue;
      const auto take = [this, id = id](std::string_view body) -> Expected<void> {
        TRY(auto run, wire::read_parts(body));
        return place_->take(id, std::move(run));
      };
      auto& feed = from_[id];
      if (feed == nullptr) {
        feed = std::make_unique<FeedFollower>(
            process_, "parts." + std::to_string(process_.settings().replica), take, [] {});
      }
      feed->follow(**peer, place_->next_parts(id));
    }
    std::erase_if(
        from_, [this](const auto& one) { return !durable_->table.addresses.contains(one.first); });
  }

  // Whoever asks for features needs an application and the key of pseudonyms.
  void play() {
    const bool can = scoring_ != nullptr && !pseudonym_key_.empty() && place_->spec() != nullptr;
    node_.roles.infer = can ? scoring_.get() : nullptr;
    // Who holds nothing has done its part once it can be given something.
    const bool rests = place_ != nullptr && !pseudonym_key_.empty() && !works_ &&
                       (process_.settings().spare || durable_);
    if (can) look_ = nullptr;
    if (can || rests) process_.ready(process_.settings().listen);
  }

  void ask_key() {
    keys_->pseudonym_key([this](Expected<std::string> key) {
      if (key) {
        pseudonym_key_ = *std::move(key);
        return play();
      }
      key_again_ = process_.loop.after(kSecond / 10, [this] { ask_key(); });
    });
  }

  void close_place() {
    log_.stop();
    from_.clear();
    works_ = false;
    node_.roles = {};
    look_ = nullptr;
    scoring_.reset();
    place_.reset();
    store_.reset();
    if (stopping_) return process_.ended();
    retry_ = process_.loop.after(kReopenAfter, [this] {
      if (const auto opened = open_place(); !opened) {
        process_.log.error("the store cannot be opened", {{"reason", opened.error().message()}});
        close_place();
      }
    });
  }

  // The log, from there on.
  void follow(Position next) { log_.follow(*ingest_, next); }

  void look_soon() {
    again_ = process_.loop.after(kSecond / 10, [this] {
      if (place_ != nullptr) follow(place_->next());
    });
  }

  void stop() {
    stopping_ = true;
    if (place_ == nullptr || !works_) return process_.ended();
    process_.end_within(kSnapshotGrace);
    place_->snapshot([this](const Expected<void>&) { process_.ended(); });
  }

  void add_methods() {
    link::Service& service = process_.service();
    outcomes_ = &process_.feeds().add(
        "outcomes", [this](Position from, std::size_t, std::size_t bytes) -> Expected<Items> {
          if (place_ == nullptr) return unavailable("inference is being opened; try again");
          TRY(const auto runs, place_->outcomes(from, bytes));
          Items items;
          for (const stage::OutcomeBytes& run : runs) {
            items.push_back({run.first, run.last, wire::write_run(run, place_->table().epoch)});
          }
          return items;
        });
    for (ReplicaId to = 1; to <= kMostReplicas; ++to) {
      parts_.push_back(&process_.feeds().add(
          "parts." + std::to_string(to),
          [this, to](Position from, std::size_t, std::size_t bytes) -> Expected<Items> {
            if (place_ == nullptr) return unavailable("inference is being opened; try again");
            TRY(const auto runs, place_->parts(to, from, bytes));
            Items items;
            for (const PartsRun& run : runs) {
              items.push_back({run.first, run.last, wire::write_parts(run)});
            }
            return items;
          }));
    }
    add_method<PeekAsk>(service, "/quintet.v1.Infer/PeekPart", wire::read_peek_ask,
                        [this](PeekAsk ask, const SharedAnswer& answer) {
                          if (place_ == nullptr) return (*answer)(place_is_away());
                          place_->peek_part(std::move(ask), [answer](Expected<PeekPart> part) {
                            if (!part) return (*answer)(std::move(part).error());
                            (*answer)(wire::write_peek_part(*part));
                          });
                        });
    add_method<wire::Durable>(service, "/quintet.v1.Infer/Durable", wire::read_durable,
                              [this](wire::Durable durable, const SharedAnswer& answer) {
                                // An L that is less was a loss there, perhaps of the table too.
                                if (!durable_ || durable.table.epoch >= durable_->table.epoch ||
                                    durable.low < durable_->low) {
                                  durable_ = std::move(durable);
                                  if (place_ != nullptr) take_durable();
                                }
                                (*answer)(wire::write_nothing());
                              });
    add_moves(service);
    add_place_metrics(node_, {});
    add_infer_metrics(node_, [this]() -> std::optional<InferFigures> {
      if (place_ == nullptr) return std::nullopt;
      return place_->figures();
    });
    offer_routes(process_, "Infer", router_);
  }

  // Before shards move.
  void add_moves(link::Service& service) {
    service.add("/quintet.v1.Infer/TakeSnapshot",
                [this](const link::Incoming&, link::Answer answer) {
                  if (place_ == nullptr || !works_) return answer(place_is_away());
                  const auto shared = std::make_shared<link::Answer>(std::move(answer));
                  place_->snapshot([shared](const Expected<void>& stored) {
                    if (!stored) return (*shared)(stored.error());
                    (*shared)(wire::write_nothing());
                  });
                });
    add_method<std::string>(service, "/quintet.v1.Infer/StoredPart", wire::read_part_name,
                            [this](const std::string& name, const SharedAnswer& answer) {
                              if (place_ == nullptr) return (*answer)(place_is_away());
                              const auto part = place_->stored_part(name);
                              if (!part) return (*answer)(part.error());
                              (*answer)(wire::write_stored_part(*part));
                            });
    add_method<std::string>(service, "/quintet.v1.Infer/PartDigest", wire::read_digest_ask,
                            [this](const std::string& name, const SharedAnswer& answer) {
                              if (place_ == nullptr) return (*answer)(place_is_away());
                              const auto digest = place_->part_digest(name);
                              if (!digest) return (*answer)(digest.error());
                              (*answer)(wire::write_part_digest(*digest));
                            });
    add_method<wire::ShardMove>(
        service, "/quintet.v1.Infer/FetchShards", wire::read_move,
        [this](const wire::ShardMove& move, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          know_peers(move.from);
          know_peers(move.to);
          place_->fetch_shards(move.from, move.to, [answer](const Expected<FetchedShards>& done) {
            if (!done) return (*answer)(done.error());
            (*answer)(wire::write_fetched(*done));
          });
        });
  }

  ServiceProcess process_;
  Router router_;
  Node node_;
  link::Channel* ingest_ = nullptr;
  std::unique_ptr<RemoteKeys> keys_;
  std::unique_ptr<RemoteModels> models_;
  std::unique_ptr<RemoteBase> base_;
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<InferPlace> place_;  // null while it is away
  std::unique_ptr<Scoring> scoring_;
  std::string pseudonym_key_;
  ServedModels served_{node_};
  FeedFollower log_{process_, "log",
                    [this](std::string_view body) -> Expected<void> {
                      TRY(auto block, wire::read_block(body));
                      spans_->came(block);
                      return place_->take(std::move(block));
                    },
                    [this] { look_soon(); },
                    [this] {
                      if (place_ != nullptr) place_->log_was_removed();
                    }};
  std::unique_ptr<EventSpans> spans_;
  link::FeedProducer* outcomes_ = nullptr;
  std::vector<link::FeedProducer*> parts_;  // by receiver
  std::map<ReplicaId, std::unique_ptr<FeedFollower>> from_;
  RemotePeers peers_{process_};
  std::optional<wire::Durable> durable_;  // as it was told last
  bool works_ = false;                    // the place was told so
  bool stopping_ = false;
  std::unique_ptr<Timer> retry_, again_, key_again_, look_, look_for_parts_;
};

}  // namespace

Expected<void> run_infer(ServiceSettings settings) {
  return InferService(std::move(settings)).run();
}

}  // namespace quintet::host
