#include "host/api_events.h"

#include "base/json_out.h"
#include "host/event_stream.h"
#include "host/figures.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

std::string traceparent(const Trace& trace) {
  if (trace.id.empty()) return {};
  const std::string parent = trace.parent.empty() ? "0000000000000001" : trace.parent;
  return "00-" + trace.id + "-" + parent + (trace.sampled ? "-01" : "-00");
}

bool wants_minimal(const HttpRequest& request) {
  return request.header("prefer").find("return=minimal") != std::string_view::npos;
}

HttpResponse answer_of(const Receipt& receipt, const HttpRequest& request, bool minimal) {
  if (receipt.error != nullptr) return problem_response(*receipt.error, request);
  std::string body;
  if (minimal || receipt.json.empty()) {
    JsonWriter json(body);
    json.begin_object().key("position").uint64(receipt.position).end_object();
  } else {
    body = receipt.json;
  }
  HttpResponse response = json_response(200, std::move(body));
  response.headers.emplace_back("Quintet-Position", std::to_string(receipt.position));
  if (receipt.what == stage::Admission::What::repeated) {
    response.headers.emplace_back("Quintet-Repeated", "true");
  }
  return response;
}

class EventsHandler final : public Handler {
 public:
  explicit EventsHandler(Node& node) : node_(node) {}

  BodyMode body_mode(const HttpRequest& request) const override {
    return is_stream(request.content_type()) ? BodyMode::stream : BodyMode::whole;
  }

  void handle(std::shared_ptr<Exchange> exchange) override {
    const HttpRequest& request = exchange->request();
    if (node_.place == nullptr) {
      exchange->respond(problem_response(place_is_away(), request));
      return;
    }
    const auto type = event_type_of(node_.place->spec(), request);
    if (!type) {
      exchange->respond(problem_response(type.error(), request));
      return;
    }
    const std::string content_type = request.content_type();
    if (is_stream(content_type)) {
      EventStream::start(node_, std::move(exchange), *type, content_type == "text/csv");
    } else if (content_type == "application/json" || content_type.empty()) {
      one(std::move(exchange), *type);
    } else {
      exchange->respond(refusal(415, "send application/json, application/x-ndjson or text/csv",
                                request));
    }
  }

 private:
  static bool is_stream(const std::string& content_type) {
    return content_type == kNdjson || content_type == "text/csv";
  }

  void one(std::shared_ptr<Exchange> exchange, int type) {
    const HttpRequest& request = exchange->request();
    Place& place = *node_.place;
    if (place.saturated()) {
      exchange->respond(problem_response(
          exhausted("too many events wait to become durable; try again"), request));
      return;
    }
    const bool minimal = wants_minimal(request);
    Place::Offer offer;
    auto decoded = node_.decoder(type).json(request.body, offer.event);
    const auto reply = [this, exchange, minimal](const Receipt& receipt) {
      if (receipt.error != nullptr) count_refusal(node_, *receipt.error);
      exchange->respond(answer_of(receipt, exchange->request(), minimal));
    };
    if (!decoded) {
      stage::DeadLetter letter;
      letter.event_type = place.spec().events[static_cast<std::size_t>(type)].name;
      letter.format = "json";
      letter.bytes = request.body;
      place.refuse(std::move(letter), std::move(decoded).error(), reply);
    } else {
      give_id(request, offer.event);
      const std::string trace = traceparent(request.trace);
      offer.trace = trace;
      offer.show = minimal ? Place::Show::nothing : Place::Show::result;
      offer.original = request.body;
      offer.format = "json";
      place.offer(std::move(offer), reply);
    }
    place.flush();
  }

  // An event type without `id:` takes the client's key, or a generated one (S1.4).
  static void give_id(const HttpRequest& request, event::Event& event) {
    if (!event.id.empty()) return;
    const std::string_view key = request.header("idempotency-key");
    event.id = event.arena.copy(key.empty() ? std::string_view(request.trace.id) : key);
  }

  Node& node_;
};

}  // namespace

std::string refusal_json(std::uint64_t line, const Error& error) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  if (line > 0) json.key("line").uint64(line);
  json.key("error").begin_object().field("code", error.id().empty() ? name_of(error.code())
                                                                    : error.id());
  if (!error.place().empty()) json.field("field", error.place());
  json.field("detail", error.message()).end_object().end_object();
  return out;
}

void add_event_routes(Router& router, Node& node) {
  router.add({"POST", "/v1/events", Scope::send, std::make_shared<EventsHandler>(node)});
}

}  // namespace quintet::host
