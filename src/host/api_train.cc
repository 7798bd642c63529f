#include "host/api_train.h"

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

class TrainRoutes {
 public:
  TrainRoutes(Trainer* trainer, const Retraining* retraining)
      : trainer_(trainer), retraining_(retraining) {}

  void train(const SharedExchange& exchange) {
    const auto order = order_of(exchange->request());
    if (!order) return refuse(exchange, order.error());
    TrainHears hears;
    hears.begun = [this, exchange](const Expected<std::uint64_t>& run) {
      if (!run) return refuse(exchange, run.error());
      exchange->respond(json_response(202, to_json(*trainer_->find(*run)))
                            .with("Location", "/v1/train/" + std::to_string(*run)));
    };
    const auto started = trainer_->start(*order, std::move(hears));
    if (!started) refuse(exchange, started.error());
  }

  void run(const SharedExchange& exchange) {
    const auto id = parse_int64(exchange->request().param("run"));
    const TrainRun* run = id && *id > 0 ? trainer_->find(static_cast<std::uint64_t>(*id)) : nullptr;
    if (run == nullptr)
      return refuse(exchange, not_found("there is no such run since this process started"));
    exchange->respond(json_response(200, to_json(*run)));
  }

  void runs(const SharedExchange& exchange) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("runs").begin_array();
    for (const auto& [id, run] : trainer_->runs()) json.raw(to_json(run));
    json.end_array()
        .key("retrain")
        .raw(retraining_ == nullptr ? "[]" : retraining_->json())
        .end_object();
    exchange->respond(json_response(200, out));
  }

 private:
  static void refuse(const SharedExchange& exchange, const Error& error) {
    exchange->respond(problem_response(error, exchange->request()));
  }

  Expected<TrainOrder> order_of(const HttpRequest& request) const {
    TRY(const auto body, JsonDocument::parse(request.body));
    TrainOrder order;
    for (auto part = body.root().first(); part; part = part.next()) {
      const std::string name(part.name());
      if (name == "model" && part.is(JsonKind::text)) {
        order.model = part.text();
      } else if (name == "as_of" && part.is(JsonKind::text)) {
        auto as_of = parse_time(part.text());
        if (!as_of) return std::move(as_of).error().at(name);
        order.as_of = *as_of;
      } else if (name == "keep" && part.as_bool()) {
        order.keep = *part.as_bool();
      } else if (name == "set" && part.is(JsonKind::object)) {
        TRY_DO(take_rules(part, order));
      } else if (name == "model" || name == "as_of" || name == "keep" || name == "set") {
        return invalid(name == "keep"  ? "expected true or false"
                       : name == "set" ? "expected an object, as {\"max_depth\": 3}"
                                       : "expected a text")
            .at(name);
      } else {
        return invalid("there is no such member; a training has model, as_of, keep and set")
            .at(name);
      }
    }
    if (order.model.empty()) return invalid("expected {\"model\": NAME}").at("model");
    return order;
  }

  static Expected<void> take_rules(const JsonValue& set, TrainOrder& order) {
    for (auto rule = set.first(); rule; rule = rule.next()) {
      const bool truth = rule.as_bool().has_value();
      if (!truth && rule.text().empty())
        return invalid("expected one value").at(std::string("set"));
      order.rules.emplace_back(rule.name(), truth ? rule.source() : rule.text());
    }
    return {};
  }

  Trainer* trainer_;
  const Retraining* retraining_;
};

}  // namespace

void add_train_routes(Router& router, Trainer* trainer, const Retraining* retraining) {
  const auto routes = std::make_shared<TrainRoutes>(trainer, retraining);
  const auto add = [&](const char* method, const char* pattern, Scope scope,
                       void (TrainRoutes::*handle)(const SharedExchange&)) {
    std::function<void(SharedExchange)> function = [routes, handle](SharedExchange exchange) {
      ((*routes).*handle)(exchange);
    };
    router.add({method, pattern, scope, make_handler(std::move(function))});
  };
  add("POST", "/v1/train", Scope::operate, &TrainRoutes::train);
  add("GET", "/v1/train", Scope::read, &TrainRoutes::runs);
  add("GET", "/v1/train/{run}", Scope::read, &TrainRoutes::run);
}

}  // namespace quintet::host
