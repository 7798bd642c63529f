#include "host/api_models.h"

#include "base/civil.h"
#include "base/decimal.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "host/problem.h"
#include "host/promotions.h"
#include "host/request.h"

namespace quintet::host {

namespace {

using SharedExchange = std::shared_ptr<Exchange>;

std::string_view first_line(const std::string& text) {
  return std::string_view(text).substr(0, text.find('\n'));
}

// Metrics and cards are JSON of our own making, kept as text.
void add_json(JsonWriter& json, std::string_view key, const std::string& text) {
  if (text.empty()) return;
  json.key(key).raw(text.ends_with('\n') ? std::string_view(text).substr(0, text.size() - 1)
                                         : std::string_view(text));
}

// The file that the version came from, if it was not trained here: its card knows.
std::string imported_from(const stage::ModelVersion& version) {
  const auto card = JsonDocument::parse(version.card);
  return card ? std::string(card->root().find("imported").find("file").text()) : std::string();
}

void add_version(JsonWriter& json, const stage::ModelVersion& version) {
  json.begin_object().key("version").uint64(version.version).field("digest", version.digest);
  json.field("state", version.state == stage::ModelState::ready ? "ready" : "refused");
  json.field("created_at", format_time(version.created_at));
  if (const std::string file = imported_from(version); !file.empty()) {
    json.field("imported_from", file);
  }
  add_json(json, "result", std::string(first_line(version.metrics)));
  json.end_object();
}

// One model of the application, with what the registry knows of it.
void add_model(JsonWriter& json, const RegistryRole& place, const app::ModelSpec& model,
               const std::vector<stage::ModelVersion>& versions) {
  json.begin_object().field("model", model.name);
  json.field("of", place.spec().events[static_cast<std::size_t>(model.of)].name);
  json.field("type", model.type == app::ModelType::linear ? "linear" : "xgboost");
  json.field("objective", model.objective).key("in_force");
  if (const std::uint32_t version = place.version_in_force(model); version == 0) {
    json.null();
  } else {
    json.uint64(version);
  }
  json.key("trained_here").boolean(model.train.has_value()).key("versions").begin_array();
  for (const stage::ModelVersion& version : versions) {
    if (version.model == model.name) add_version(json, version);
  }
  json.end_array();
}

class ModelRoutes {
 public:
  explicit ModelRoutes(Node& node) : node_(node) {}

  void list(const SharedExchange& exchange) {
    read(exchange, [this](const Registry& registry) {
      std::string out;
      JsonWriter json(out);
      json.begin_object().key("models").begin_array();
      for (const app::ModelSpec& model : node_.registry()->spec().models) {
        add_model(json, *node_.registry(), model, registry);
        json.end_object();
      }
      json.end_array().end_object();
      return out;
    });
  }

  void show(const SharedExchange& exchange) {
    const app::ModelSpec* model = named(exchange);
    if (model == nullptr) return;
    const std::string name = model->name;
    with_past(exchange, name, [this, name](const Registry& registry, const Past& past) {
      const app::ModelSpec& spec = *find(name);
      std::string out;
      JsonWriter json(out);
      add_model(json, *node_.registry(), spec, registry);
      json.key("promotions").begin_array();
      for (const PastPromotion& one : past) {
        json.begin_object().key("position").uint64(one.position);
        json.key("version").uint64(one.promotion.version);
        json.field("reason", one.promotion.reason).end_object();
      }
      json.end_array().end_object();
      return json_response(200, out);
    });
  }

  void version(const SharedExchange& exchange) {
    const app::ModelSpec* model = named(exchange);
    if (model == nullptr) return;
    const auto number = parse_int64(exchange->request().param("version"));
    if (!number || *number < 1 || *number > INT32_MAX) {
      refuse(exchange, invalid("a version is a number: 1, 2, 3 ...").at("version"));
      return;
    }
    const auto wanted = static_cast<std::uint32_t>(*number);
    auto found = std::make_shared<stage::ModelVersion>();
    const bool serves = node_.registry()->version_in_force(*model) == wanted;
    node_.registry()->run_on_store(
        [found, wanted, name = model->name](stage::Store& store) -> Expected<void> {
          TRY(*found, store.model(name, wanted));
          return {};
        },
        [exchange, found, serves](const Expected<void>& read) {
          if (!read) return refuse(exchange, read.error());
          std::string out;
          JsonWriter json(out);
          json.begin_object().field("model", found->model).key("version").uint64(found->version);
          json.field("digest", found->digest).key("in_force").boolean(serves);
          json.field("created_at", format_time(found->created_at));
          json.key("bytes").uint64(found->bytes.size());
          add_json(json, "result", found->metrics);
          add_json(json, "card", found->card);
          json.end_object();
          exchange->respond(json_response(200, out));
        });
  }

  void promote(const SharedExchange& exchange) {
    const app::ModelSpec* model = named(exchange);
    if (model == nullptr) return;
    const auto body = JsonDocument::parse(exchange->request().body);
    if (!body) return refuse(exchange, body.error());
    const auto version = body->root().find("version").as_int64();
    if (!version || *version < 0 || *version > INT32_MAX) {
      return refuse(exchange, invalid("expected {\"version\": NUMBER}").at("version"));
    }
    bring_into_force(exchange, {model->name, static_cast<std::uint32_t>(*version), "", "by hand"});
  }

  void roll_back(const SharedExchange& exchange) {
    const app::ModelSpec* model = named(exchange);
    if (model == nullptr) return;
    auto past = std::make_shared<Past>();
    node_.registry()->run_on_store(
        [past, name = model->name](stage::Store& store) -> Expected<void> {
          TRY(*past, promotions_of(store, name));
          return {};
        },
        [this, exchange, past](const Expected<void>& read) {
          if (!read) return refuse(exchange, read.error());
          auto back = rollback_of(*past);
          if (!back) return refuse(exchange, back.error());
          bring_into_force(exchange, *std::move(back));
        });
  }

 private:
  using Registry = std::vector<stage::ModelVersion>;
  using Past = std::vector<PastPromotion>;

  static void refuse(const SharedExchange& exchange, const Error& error) {
    exchange->respond(problem_response(error, exchange->request()));
  }

  const app::ModelSpec* find(std::string_view name) const {
    for (const app::ModelSpec& model : node_.registry()->spec().models) {
      if (model.name == name) return &model;
    }
    return nullptr;
  }

  // The model of the path; answers the exchange and gives null if there is none.
  const app::ModelSpec* named(const SharedExchange& exchange) const {
    if (node_.registry() == nullptr) {
      refuse(exchange, place_is_away());
      return nullptr;
    }
    const std::string_view name = exchange->request().param("name");
    const app::ModelSpec* model = find(name);
    if (model == nullptr) {
      std::vector<std::string_view> names;
      for (const app::ModelSpec& one : node_.registry()->spec().models)
        names.emplace_back(one.name);
      refuse(exchange, unknown_name("model", name, names));
    }
    return model;
  }

  template <class Answer>
  void read(const SharedExchange& exchange, Answer answer) {
    if (node_.registry() == nullptr) return refuse(exchange, place_is_away());
    auto registry = std::make_shared<Registry>();
    node_.registry()->run_on_store(
        [registry](stage::Store& store) -> Expected<void> {
          TRY(*registry, store.models(false));
          return {};
        },
        [exchange, registry, answer](const Expected<void>& done) {
          if (!done) return refuse(exchange, done.error());
          exchange->respond(json_response(200, answer(*registry)));
        });
  }

  template <class Answer>
  void with_past(const SharedExchange& exchange, const std::string& name, Answer answer) {
    auto registry = std::make_shared<Registry>();
    auto past = std::make_shared<Past>();
    node_.registry()->run_on_store(
        [registry, past, name](stage::Store& store) -> Expected<void> {
          TRY(*registry, store.models(false));
          TRY(*past, promotions_of(store, name));
          return {};
        },
        [exchange, registry, past, answer](const Expected<void>& done) {
          if (!done) return refuse(exchange, done.error());
          exchange->respond(answer(*registry, *past));
        });
  }

  void bring_into_force(const SharedExchange& exchange, const stage::Promotion& promotion) {
    node_.registry()->promote(promotion, [exchange, promotion](const Expected<Position>& position) {
      if (!position) return refuse(exchange, position.error());
      std::string out;
      JsonWriter json(out);
      json.begin_object().field("model", promotion.model);
      json.key("in_force").uint64(promotion.version).key("position").uint64(*position);
      json.field("reason", promotion.reason).end_object();
      exchange->respond(json_response(200, out));
    });
  }

  Node& node_;
};

}  // namespace

void add_model_routes(Router& router, Node& node) {
  const auto routes = std::make_shared<ModelRoutes>(node);
  const auto add = [&](const char* method, const char* pattern, Scope scope,
                       void (ModelRoutes::*handle)(const SharedExchange&)) {
    std::function<void(SharedExchange)> function = [routes, handle](SharedExchange exchange) {
      ((*routes).*handle)(exchange);
    };
    router.add({method, pattern, scope, make_handler(std::move(function))});
  };
  add("GET", "/v1/models", Scope::read, &ModelRoutes::list);
  add("GET", "/v1/models/{name}", Scope::read, &ModelRoutes::show);
  add("GET", "/v1/models/{name}/versions/{version}", Scope::read, &ModelRoutes::version);
  add("POST", "/v1/models/{name}/promote", Scope::operate, &ModelRoutes::promote);
  add("POST", "/v1/models/{name}/rollback", Scope::operate, &ModelRoutes::roll_back);
}

}  // namespace quintet::host
