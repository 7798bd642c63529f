// The service ingest: the log, its sequencer, dead letters, the vault and the model registry.
#include <deque>
#include <variant>

#include "event/decode.h"
#include "host/door_routes.h"
#include "host/event_spans.h"
#include "host/figures.h"
#include "host/ingest_roles.h"
#include "host/log_feed.h"
#include "host/model_files.h"
#include "host/node.h"
#include "host/request.h"
#include "host/retention.h"
#include "host/service_process.h"
#include "host/services.h"
#include "host/wire.h"
#include "host/wire_base.h"
#include "host/wire_lot.h"
#include "store/vault.h"

namespace quintet::host {

namespace {

constexpr Micros kReopenAfter = kSecond;
// Offers that wait while the place is away or takes nothing, and how long one may.
constexpr std::size_t kWaitingOffers = 8'192;
constexpr Micros kLongestWait = 5 * kSecond;

class IngestService {
 public:
  explicit IngestService(ServiceSettings settings)
      : process_(std::move(settings)), node_(node_of(process_)) {}

  Expected<void> run() {
    TRY_DO(process_.trace());
    TRY(auto vault, store::open_vault(process_.settings().data_directory));
    if (const std::string& key = process_.settings().pseudonym_key; !key.empty()) {
      TRY_DO(vault->take_pseudonym_key(key));
    }
    vault_ = std::move(vault);
    add_routes_of("ingest", router_, {node_});
    add_methods();
    TRY_DO(open_place());
    process_.serves_while([this] { return place_ != nullptr; });
    TRY_DO(process_.listen());
    process_.loop.post([this] { process_.ready(process_.settings().listen); });
    process_.run([this] { stop(); });
    close();
    return process_.failure();
  }

 private:
  Expected<void> open_place() {
    const ServiceSettings& settings = process_.settings();
    TRY(store_, process_.open_store());
    IngestPlace::Settings place;
    place.spec = settings.spec;
    place.snapshot_every = settings.snapshot_every;
    if (settings.log_ahead > 0) place.most_ahead = settings.log_ahead;
    place.on_failure = [this](const Error& why) {
      process_.log.error("a commit failed; the log is folded again", {{"reason", why.message()}});
      process_.loop.post([this] { close_place(); });
    };
    place.on_retention = [this](const Error& why) {
      process_.log.warn("old log could not be removed; it is tried again",
                        {{"reason", why.message()}});
    };
    // Once: what was promoted since stays in force when the log is folded again.
    if (!started_) {
      TRY(place.models, application_models(*settings.spec, settings.app_directory, *store_,
                                           settings.data_directory));
    }
    TRY(place_,
        IngestPlace::open({*store_, *vault_, process_.clock, process_.loop}, std::move(place)));
    started_ = true;
    roles_ = std::make_unique<IngestRoles>(*place_, *store_);
    TRY_DO(roles_->read_promotions());
    node_.roles.intake = node_.roles.ingest = roles_.get();
    node_.roles.registry = roles_.get();
    spans_ = std::make_unique<LogSpans>(process_.tracer.get(), process_.clock,
                                        settings.data_directory, place_->last());
    place_->when_durable([this](Position last) {
      spans_->durable(last);
      log_feed_->wake();
      offer_waiting();
    });
    if (low_ != kNoPosition) place_->results_durable(low_);
    log_feed_->wake();
    return {};
  }

  void close_place() {
    close();
    ++node_.places;
    node_.decoders.clear();
    retry_ = process_.loop.after(kReopenAfter, [this] { reopen(); });
  }

  void close() {
    node_.roles = {};
    roles_.reset();
    place_.reset();
    log_feed_->forget();
    store_.reset();
  }

  void reopen() {
    auto opened = vault_->recover();
    if (opened) opened = open_place();
    if (opened) return offer_waiting();
    process_.log.error("the store cannot be opened", {{"reason", opened.error().message()}});
    close_place();
  }

  void stop() {
    node_.draining = true;
    if (place_ == nullptr) return process_.ended();
    process_.end_within(kSnapshotGrace);
    place_->snapshot([this](const Expected<void>&) { process_.ended(); });
  }

  void add_offer_methods(link::Service& service) {
    service.add("/quintet.v1.Ingest/Offer", [this](link::Incoming call, link::Answer answer) {
      auto message = wire::OfferMessage::parse(call.request);
      if (!message) return answer(std::move(message).error());
      wait(*std::move(message), call, alone(std::move(answer)));
      offer_waiting();
    });
    service.add("/quintet.v1.Ingest/OfferLot", [this](link::Incoming call, link::Answer answer) {
      auto lot = wire::read_offer_lot(call.request);
      if (!lot) return answer(std::move(lot).error());
      if (lot->empty()) return answer(std::string());
      wait_for_all(*std::move(lot), call, std::move(answer));
    });
    service.add("/quintet.v1.Ingest/Refuse", [this](link::Incoming call, link::Answer answer) {
      auto refusal = wire::read_refusal(call.request);
      if (!refusal) return answer(std::move(refusal).error());
      wait(*std::move(refusal), call, alone(std::move(answer)));
      offer_waiting();
    });
  }

  void add_methods() {
    link::Service& service = process_.service();
    const auto named = [](const char* method) {
      return std::string("/quintet.v1.Ingest/") + method;
    };
    add_offer_methods(service);
    add_method<std::string>(service, named("LastOfSession"), wire::read_session_name,
                            [this](std::string name, const SharedAnswer& answer) {
                              if (place_ == nullptr) return (*answer)(place_is_away());
                              place_->last_of_session(name, [answer](Expected<std::uint64_t> last) {
                                if (!last) return (*answer)(std::move(last).error());
                                (*answer)(wire::write_session_number(*last));
                              });
                            });
    service.add(named("Describe"), [this](link::Incoming, link::Answer answer) {
      if (place_ == nullptr) return answer(place_is_away());
      const app::Spec& spec = place_->spec();
      answer(
          wire::write_description({version_in_force(), spec.digest, spec.text,
                                   place_->started().cold, place_->pseudonym_key(), place_->last(),
                                   place_->too_far_ahead(), place_->most_ahead()}));
    });
    add_method<wire::EventName>(
        service, named("Find"), wire::read_event_name,
        [this](const wire::EventName& name, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          const auto position = place_->find(name.event, name.id);
          if (position) return (*answer)(wire::write_position(*position));
          (*answer)(not_found("no " + name.event + " has the id " + name.id));
        });
    add_method<std::vector<std::string>>(
        service, named("Keys"), wire::read_subjects,
        [this](std::vector<std::string> names, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          auto found = place_->keys(names);
          if (!found) return (*answer)(std::move(found).error());
          std::vector<wire::SubjectKey> keys;
          for (FoundKey& key : *found) keys.push_back({key.value_or(""), !key.has_value()});
          (*answer)(wire::write_keys(keys));
        });
    add_method<Position>(service, named("Durable"), wire::read_position,
                         [this](Position low, const SharedAnswer& answer) {
                           low_ = low;
                           if (place_ != nullptr) place_->results_durable(low);
                           (*answer)(wire::write_nothing());
                           offer_waiting();
                         });
    add_registry_methods(service);
    add_base_methods(service);
    add_place_metrics(node_, [this]() -> std::optional<Place::Figures> {
      if (place_ == nullptr) return std::nullopt;
      return place_->figures();
    });
    offer_routes(process_, "Ingest", router_);
    log_feed_ = std::make_unique<LogFeed>(
        process_,
        [this](Position from, std::size_t bytes) -> Expected<std::vector<event::BlockBytes>> {
          if (place_ == nullptr) return place_is_away();
          return place_->read(from, bytes);
        });
  }

  // The beginning of the log, and what stands in its place.
  void add_base_methods(link::Service& service) {
    add_method<Place::RetainAsk>(
        service, "/quintet.v1.Ingest/Retain", wire::read_retain,
        [this](Place::RetainAsk ask, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          place_->retain(std::move(ask), [this, answer](const Expected<Place::Retention>& done) {
            tell_retention(done, process_.log, process_.metrics, process_.clock);
            if (!done) return (*answer)(done.error());
            if (done->removed > 0) log_feed_->forget();
            (*answer)(wire::write_retained(*done));
          });
        });
    add_method<Position>(service, "/quintet.v1.Ingest/Base", wire::read_base_ask,
                         [this](Position at, const SharedAnswer& answer) {
                           if (place_ == nullptr) return (*answer)(place_is_away());
                           const auto base = place_->base(at);
                           if (!base) return (*answer)(base.error());
                           (*answer)(wire::write_base(*base));
                         });
    add_method<wire::BasePartName>(
        service, "/quintet.v1.Ingest/BasePart", wire::read_base_part_name,
        [this](const wire::BasePartName& name, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          const auto part = place_->base_part(name.base, name.name);
          if (!part) return (*answer)(part.error());
          (*answer)(wire::write_base_part(*part));
        });
  }

  void add_registry_methods(link::Service& service) {
    add_method<wire::ModelName>(service, "/quintet.v1.Ingest/Model", wire::read_model_name,
                                [this](const wire::ModelName& name, const SharedAnswer& answer) {
                                  if (place_ == nullptr) return (*answer)(place_is_away());
                                  auto model = place_->model(name.model, name.version);
                                  if (!model) return (*answer)(std::move(model).error());
                                  (*answer)(wire::write_model(*model));
                                });
    service.add("/quintet.v1.Ingest/Models", [this](link::Incoming, link::Answer answer) {
      if (place_ == nullptr) return answer(place_is_away());
      auto models = store_->models(false);
      if (!models) return answer(std::move(models).error());
      answer(wire::write_models(*models));
    });
    add_method<wire::NewModel>(
        service, "/quintet.v1.Ingest/AddModel", wire::read_new_model,
        [this](wire::NewModel model, const SharedAnswer& answer) {
          if (roles_ == nullptr) return (*answer)(place_is_away());
          roles_->add_model({std::move(model.entry), nullptr, model.once},
                            [answer](Expected<RegistryRole::Registered> added) {
                              if (!added) return (*answer)(std::move(added).error());
                              (*answer)(wire::write_registered({added->version, added->fresh}));
                            });
        });
    const auto position = [](const SharedAnswer& answer) {
      return [answer](Expected<Position> at) {
        if (!at) return (*answer)(std::move(at).error());
        (*answer)(wire::write_position(*at));
      };
    };
    add_method<stage::Promotion>(
        service, "/quintet.v1.Ingest/Promote", wire::read_promotion,
        [this, position](const stage::Promotion& promotion, const SharedAnswer& answer) {
          if (roles_ == nullptr) return (*answer)(place_is_away());
          roles_->promote(promotion, position(answer));
        });
    add_method<stage::TrainBody>(
        service, "/quintet.v1.Ingest/Train", wire::read_train_record,
        [this, position](const stage::TrainBody& body, const SharedAnswer& answer) {
          if (place_ == nullptr) return (*answer)(place_is_away());
          place_->control(event::RecordKind::train, stage::write_train(body), position(answer));
        });
  }

  AppVersion version_in_force() const {
    AppVersion version = 1;
    while (place_->spec_of(version).get() != &place_->spec()) ++version;
    return version;
  }

  // What clients send waits in its order, also what is to be refused (a session's numbers go on),
  // while the place is away or takes nothing; what waits too long is not admitted.
  using Answered = std::function<void(Expected<std::string>)>;
  struct Waiting {
    wire::LotItem sent;
    Micros deadline;
    Answered answer;
  };

  static Answered alone(link::Answer answer) {
    return [answer = std::make_shared<link::Answer>(std::move(answer))](
               Expected<std::string> bytes) { (*answer)(std::move(bytes)); };
  }

  void wait(wire::LotItem sent, const link::Incoming& call, Answered answer) {
    const Micros longest = process_.clock.steady() + kLongestWait;
    waiting_.push_back({std::move(sent), std::min(call.deadline, longest), std::move(answer)});
  }

  // One answer for all of them, once each has its own.
  void wait_for_all(std::vector<wire::LotItem> lot, const link::Incoming& call,
                    link::Answer answer) {
    struct All {
      link::Answer answer;
      std::size_t left;
      std::vector<Expected<std::string>> answers;
    };
    const auto all = std::make_shared<All>(
        All{std::move(answer), lot.size(),
            std::vector<Expected<std::string>>(lot.size(), Expected<std::string>(""))});
    for (std::size_t i = 0; i < lot.size(); ++i) {
      wait(std::move(lot[i]), call, [all, i](Expected<std::string> bytes) {
        all->answers[i] = std::move(bytes);
        if (--all->left == 0) all->answer(wire::write_lot_reply(all->answers));
      });
    }
    offer_waiting();
  }

  void offer_waiting() {
    const Micros now = process_.clock.steady();
    while (!waiting_.empty()) {
      Waiting& first = waiting_.front();
      const bool late = first.deadline <= now;
      if (!late && (place_ == nullptr || place_->saturated())) break;
      if (late) {
        first.answer(why_not());
      } else if (auto* const message = std::get_if<wire::OfferMessage>(&first.sent)) {
        offer(*message, first.answer);
      } else {
        refuse(std::get<wire::Refusal>(std::move(first.sent)), first.answer);
      }
      waiting_.pop_front();
    }
    if (place_ != nullptr) place_->flush();
    while (waiting_.size() > kWaitingOffers) {
      waiting_.back().answer(why_not());
      waiting_.pop_back();
    }
    if (waiting_.empty()) {
      look_again_ = nullptr;
    } else if (look_again_ == nullptr) {
      look_again_ = process_.loop.every(kSecond / 10, [this] { offer_waiting(); });
    }
  }

  Error why_not() const { return place_ == nullptr ? place_is_away() : place_->why_saturated(); }

  void offer(const wire::OfferMessage& message, const Answered& answer) {
    Offer offer;
    if (auto filled = fill(message, offer); !filled) {
      // What is to be read here and cannot be is a dead letter, as at any door.
      if (message.head().read || filled.error().id() == kOtherVersion) {
        return answer(std::move(filled).error());
      }
      stage::DeadLetter letter;
      letter.event_type = message.head().event;
      letter.id = message.id();
      letter.format = "json";
      letter.bytes = message.original();
      Offer frame;
      message.fill_frame(frame);
      return place_->refuse(
          std::move(letter), std::move(filled).error(),
          [answer](const Receipt& receipt) { answer(wire::write_offer_reply(receipt)); },
          frame.place);
    }
    place_->offer(std::move(offer),
                  [answer](const Receipt& receipt) { answer(wire::write_offer_reply(receipt)); });
  }

  static constexpr const char* kOtherVersion = "other_application_version";

  Expected<void> fill(const wire::OfferMessage& message, Offer& offer) {
    const app::Spec& spec = place_->spec();
    const wire::OfferHead& head = message.head();
    const int type = spec.event_index(head.event);
    if (type < 0) return unknown_name("event or table", head.event, event_names(spec)).at("event");
    if (head.application != spec.digest && (head.read || !head.application.empty())) {
      return unavailable("another version of the application is in force; try again")
          .with_id(kOtherVersion);
    }
    const event::EventType& of = spec.events[static_cast<std::size_t>(type)];
    if (head.read) return message.fill(of, offer);
    std::string padded(message.original());
    padded.append(kBodyPadding, '\0');
    TRY_DO(node_.decoder(type).json(std::string_view(padded).substr(0, message.original().size()),
                                    offer.event));
    if (offer.event.id.empty()) offer.event.id = offer.event.arena.copy(message.id());
    message.fill_frame(offer);
    return {};
  }

  void refuse(wire::Refusal refusal, const Answered& answer) {
    place_->refuse(std::move(refusal.letter), std::move(refusal.why),
                   [answer](const Receipt& receipt) { answer(wire::write_offer_reply(receipt)); },
                   {refusal.session, refusal.number, refusal.answered});
  }

  // Positions are in order and a feed's message is a block.
  ServiceProcess process_;
  std::unique_ptr<stage::Store> store_;
  std::unique_ptr<stage::Vault> vault_;
  Router router_;
  Node node_;
  std::unique_ptr<IngestPlace> place_;  // null while it is away
  std::unique_ptr<IngestRoles> roles_;
  std::unique_ptr<LogFeed> log_feed_;
  std::deque<Waiting> waiting_;
  Position low_ = kNoPosition;  // L, as it was told
  std::unique_ptr<LogSpans> spans_;
  bool started_ = false;  // the place was open once
  std::unique_ptr<Timer> retry_, look_again_;
};

}  // namespace

Expected<void> run_ingest(ServiceSettings settings) {
  return IngestService(std::move(settings)).run();
}

}  // namespace quintet::host
