#include "host/api_erase.h"

#include "base/json_in.h"
#include "base/json_out.h"
#include "event/decode.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

// {"subject": PSEUDONYM}, or {"value": TEXT} as it stands in events before it is pseudonymized.
Expected<std::string> subject_of(const Intake& place, const HttpRequest& request) {
  TRY(const auto document, JsonDocument::parse(request.body));
  const JsonValue body = document.root();
  const auto subject = body.find("subject").as_text();
  const auto value = body.find("value").as_text();
  if (subject.has_value() == value.has_value() || body.size() != 1) {
    return invalid(
        "expected {\"value\": TEXT}, as it stands in events, or {\"subject\": PSEUDONYM}");
  }
  if (subject) return std::string(*subject);
  return event::pseudonym(place.pseudonym_key(), *value);
}

void erase(Node& node, const std::shared_ptr<Exchange>& exchange) {
  const auto refuse = [exchange](const Error& error) {
    exchange->respond(problem_response(error, exchange->request()));
  };
  if (node.ingest() == nullptr) return refuse(place_is_away());
  const auto subject = subject_of(*node.ingest(), exchange->request());
  if (!subject) return refuse(subject.error());
  node.ingest()->erase(
      *subject, [exchange, refuse, subject = *subject](const Expected<Position>& at) {
        if (!at) return refuse(at.error());
        std::string body;
        JsonWriter json(body);
        json.begin_object().field("subject", subject).key("position").uint64(*at).end_object();
        exchange->respond(json_response(200, std::move(body)));
      });
}

}  // namespace

void add_erase_routes(Router& router, Node& node) {
  router.add({"POST", "/v1/erase", Scope::operate,
              make_handler(std::function<void(std::shared_ptr<Exchange>)>(
                  [&node](std::shared_ptr<Exchange> exchange) { erase(node, exchange); }))});
}

}  // namespace quintet::host
