#include "host/door_routes.h"

#include "base/check.h"
#include "host/api_application.h"
#include "host/api_dead_letters.h"
#include "host/api_erase.h"
#include "host/api_events.h"
#include "host/api_models.h"
#include "host/api_results.h"
#include "host/api_sessions.h"
#include "host/api_train.h"
#include "host/api_views.h"
#include "host/model_upload.h"
#include "host/openapi.h"
#include "host/problem.h"

namespace quintet::host {

void add_routes_of(std::string_view service, Router& router, const RouteParts& parts) {
  if (service == "ingest") {
    add_application_routes(router, parts.node);
    add_dead_letter_routes(router, parts.node);
    add_erase_routes(router, parts.node);
    add_model_routes(router, parts.node);
    add_model_upload(router, parts.node);
  } else if (service == "infer") {
    add_feature_routes(router, parts.node);
    add_oip_routes(router, *parts.predictor);
  } else if (service == "results") {
    add_result_routes(router, parts.node);
    add_view_routes(router, parts.node);
  } else {
    check(service == "train", "a service without routes");
    add_train_routes(router, parts.trainer, parts.retraining);
  }
}

void add_intake_routes(Router& router, Node& node) {
  add_event_routes(router, node);
  add_session_routes(router, node);
}

void add_self_routes(Router& router, Node& node, DoorState state) {
  router.add({"GET", "/livez", Scope::open, make_handler([](const HttpRequest&) {
                return json_response(200, "{\"live\":true}");
              })});
  router.add(
      {"GET", "/readyz", Scope::open, make_handler([state = std::move(state)](const HttpRequest&) {
         const bool ready = state.ready();
         return json_response(ready ? 200 : 503, std::string("{\"ready\":") +
                                                     (ready ? "true" : "false") +
                                                     (state.details ? state.details() : "") + "}");
       })});
  router.add(
      {"GET", "/openapi.json", Scope::read, make_handler([&router, &node](const HttpRequest& r) {
         if (node.intake() == nullptr) return problem_response(place_is_away(), r);
         return json_response(200, openapi_json(router, node.intake()->spec()));
       })});
}

}  // namespace quintet::host
