#include "host/api_events.h"

#include "base/decimal.h"
#include "base/json_out.h"
#include "base/text.h"
#include "host/api_sessions.h"
#include "host/cloud_events.h"
#include "host/event_stream.h"
#include "host/figures.h"
#include "host/http_text.h"
#include "host/problem.h"
#include "host/request.h"

namespace quintet::host {

namespace {

std::string position_json(Position position) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("position").uint64(position).end_object();
  return body;
}

// One event as JSON, on its way to the intake.
struct JsonEvent {
  int type;
  std::string_view body;  // with room behind it (kBodyPadding)
  std::string_view id;    // for a type without `id:` (S1.4)
  std::string trace;
  bool minimal;
  stage::SessionPlace place = {};  // S1.6
};

// What an event is asked for by, once its content was read; empty before.
struct EventName {
  std::string type, id;
};

void offer_json(Node& node, const JsonEvent& from, Reply reply, EventName* name = nullptr) {
  Intake& intake = *node.intake();
  Offer offer;
  auto decoded = node.decoder(from.type).json(from.body, offer.event);
  Reply counted = [&node, reply = std::move(reply)](const Receipt& receipt) {
    if (receipt.error != nullptr) count_refusal(node, *receipt.error);
    reply(receipt);
  };
  if (!decoded) {
    stage::DeadLetter letter;
    letter.event_type = intake.spec().events[static_cast<std::size_t>(from.type)].name;
    letter.format = "json";
    letter.bytes = from.body;
    intake.refuse(std::move(letter), std::move(decoded).error(), std::move(counted), from.place);
    return;
  }
  if (offer.event.id.empty()) offer.event.id = offer.event.arena.copy(from.id);
  if (name != nullptr) *name = {offer.event.type->name, std::string(offer.event.id)};
  offer.trace = from.trace;
  offer.place = from.place;
  offer.show = from.minimal ? Show::nothing : Show::result;
  offer.original = from.body;
  offer.format = "json";
  intake.offer(std::move(offer), std::move(counted));
}

// Answers one event: when it is durable, or when the client would not wait so long.
class Answer {
 public:
  // `may_pend`: a receipt may come before its result.
  Answer(std::shared_ptr<Exchange> exchange, bool may_pend)
      : exchange_(std::move(exchange)), may_pend_(may_pend) {
    const HttpRequest& request = exchange_->request();
    minimal_ = preference(request, "return") == "minimal";
    async_ = preference(request, "respond-async").has_value();
  }

  bool minimal() const { return minimal_ || async_; }
  // Where to put the name of the event; null if the answer will not say it.
  EventName* name() { return async_ || may_pend_ || timer_ != nullptr ? &name_ : nullptr; }

  // Prefer: wait=SECONDS. `self` is this.
  static void wait(const std::shared_ptr<Answer>& self, Loop& loop) {
    const auto text = preference(self->exchange_->request(), "wait");
    const auto seconds = parse_int64(text.value_or(""));
    if (!seconds || *seconds < 0 || *seconds > kLongestWait) return;  // RFC 7240: else ignored
    self->waits_ = std::to_string(*seconds);
    self->timer_ = loop.after(*seconds * kSecond, [weak = std::weak_ptr<Answer>(self)] {
      if (const auto there = weak.lock()) there->give_up();
    });
  }

  void reply(const Receipt& receipt) {
    timer_ = nullptr;
    if (exchange_ == nullptr) return;
    respond(answer_of(receipt));
  }

 private:
  static constexpr std::int64_t kLongestWait = 3600;

  HttpResponse answer_of(const Receipt& receipt) const {
    if (receipt.error != nullptr) return problem_response(*receipt.error, exchange_->request());
    const bool short_one = minimal() || receipt.json.empty();
    HttpResponse response = async_ || receipt.pending
                                ? accepted("accepted", receipt.position, receipt.waits_for)
                                : json_response(200, short_one ? position_json(receipt.position)
                                                               : std::string(receipt.json));
    response.headers.emplace_back("Quintet-Position", std::to_string(receipt.position));
    if (receipt.what == stage::Admission::What::repeated) {
      response.headers.emplace_back("Quintet-Repeated", "true");
    }
    return response;
  }

  // Nothing is acknowledged by this: the event may or may not become durable.
  void give_up() {
    if (exchange_ != nullptr) respond(accepted("pending", kNoPosition, {}));
  }

  // 202, with where the result will stand, and the service that is away, if it waits for one.
  HttpResponse accepted(std::string_view status, Position position,
                        std::string_view waits_for) const {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("status", status);
    json.field("event", name_.type).field("id", name_.id);
    if (position != kNoPosition) json.key("position").uint64(position);
    if (!waits_for.empty()) json.field("waits_for", waits_for);
    json.end_object();
    HttpResponse response = json_response(202, std::move(body));
    response.headers.emplace_back(
        "Location", position != kNoPosition
                        ? "/v1/results/@" + std::to_string(position)
                        : "/v1/results/" + percent_encode(name_.id) + "?event=" + name_.type);
    return response;
  }

  void respond(HttpResponse response) {
    std::string applied = async_ ? "respond-async" : minimal_ ? "return=minimal" : "";
    if (!waits_.empty()) applied += (applied.empty() ? "wait=" : ", wait=") + waits_;
    if (!applied.empty()) response.headers.emplace_back("Preference-Applied", applied);
    std::exchange(exchange_, nullptr)->respond(std::move(response));
  }

  std::shared_ptr<Exchange> exchange_;  // null once it is answered
  EventName name_;
  bool may_pend_, minimal_ = false, async_ = false;
  std::string waits_;
  std::unique_ptr<Timer> timer_;
};

// The answers of a batch, in its order; the whole is answered when all are there.
class BatchAnswer {
 public:
  BatchAnswer(std::shared_ptr<Exchange> exchange, std::size_t size)
      : exchange_(std::move(exchange)), answers_(size), open_(size) {}

  void set(std::size_t index, std::string json) {
    answers_[index] = std::move(json);
    if (--open_ > 0) return;
    std::string body = "[";
    for (const std::string& answer : answers_) {
      if (body.size() > 1) body += ',';
      body += answer;
    }
    exchange_->respond(json_response(200, body + "]"));
  }

 private:
  std::shared_ptr<Exchange> exchange_;
  std::vector<std::string> answers_;
  std::size_t open_;
};

// The application's event that a CloudEvent is: ?event=NAME, or its type, whole or behind its last
// dot.
Expected<int> event_type_of(const app::Spec& spec, const HttpRequest& request,
                            const CloudEvent& event) {
  if (request.query_value("event")) return event_type_of(spec, request);
  const std::string_view type = event.type;
  for (const std::string_view name : {type, type.substr(type.rfind('.') + 1)}) {
    if (const int index = spec.event_index(name); index >= 0) return index;
  }
  return not_found("the application has no event or table \"" + event.type + "\"").at("type");
}

class EventsHandler final : public Handler {
 public:
  explicit EventsHandler(Node& node) : node_(node) {}

  BodyMode body_mode(const HttpRequest& request) const override {
    return is_stream(request.content_type()) ? BodyMode::stream : BodyMode::whole;
  }

  void handle(std::shared_ptr<Exchange> exchange) override {
    const HttpRequest& request = exchange->request();
    const auto refuse = [&](const Error& why) {
      exchange->respond(problem_response(why, request));
    };
    if (node_.intake() == nullptr) return refuse(place_is_away());
    const auto mode = cloud_mode(request);
    if (!mode) return refuse(mode.error());
    const std::string content_type = request.content_type();
    if (const auto session = session_of(request); !session) return refuse(session.error());
    if (*mode == CloudMode::none && is_stream(content_type)) {
      const auto type = host::event_type_of(node_.intake()->spec(), request);
      if (!type) return refuse(type.error());
      return EventStream::start(node_, std::move(exchange), *type, content_type == "text/csv");
    }
    if (*mode == CloudMode::none && !content_type.empty() && content_type != kJson) {
      return refuse(invalid("send application/json, application/x-ndjson, text/csv or CloudEvents")
                        .with_id("unsupported_media_type"));
    }
    // Decided before anything is admitted: what is admitted is never shed.
    if (node_.intake()->saturated()) {
      return refuse(node_.intake()->why_saturated());
    }
    if (auto done = whole(exchange, *mode); !done) return refuse(done.error());
    node_.intake()->flush();
  }

 private:
  static bool is_stream(const std::string& content_type) {
    return content_type == kNdjson || content_type == "text/csv";
  }

  Expected<void> whole(const std::shared_ptr<Exchange>& exchange, CloudMode mode) {
    const HttpRequest& request = exchange->request();
    if (mode == CloudMode::none) {
      TRY(const int type, host::event_type_of(node_.intake()->spec(), request));
      TRY(const stage::SessionPlace place, session_of(request));
      const std::string_view key = request.header("idempotency-key");
      one(exchange, {type, without_byte_order_mark(request.body),
                     key.empty() ? std::string_view(request.trace.id) : key,
                     traceparent_of(request.trace), false, place});
      return {};
    }
    if (mode == CloudMode::binary) {
      TRY(const CloudEvent event, read_binary(request));
      return cloud_one(exchange, event);
    }
    TRY(const JsonDocument document, JsonDocument::parse(request.body));
    if (mode == CloudMode::batch) return batch(exchange, document.root());
    TRY(const CloudEvent event, read_structured(document.root()));
    return cloud_one(exchange, event);
  }

  void one(const std::shared_ptr<Exchange>& exchange, JsonEvent event) {
    const auto answer = std::make_shared<Answer>(exchange, node_.place == nullptr);
    event.minimal = answer->minimal();
    Answer::wait(answer, node_.loop);
    offer_json(
        node_, event, [answer](const Receipt& receipt) { answer->reply(receipt); }, answer->name());
  }

  // Calls `then` with the event in the place's form. Its data is kept until then.
  Expected<void> as_json(const HttpRequest& request, const CloudEvent& event,
                         const stage::SessionPlace& place,
                         const std::function<void(const JsonEvent&)>& then) {
    TRY(const int type, event_type_of(node_.intake()->spec(), request, event));
    std::string padded = event.data;
    padded.append(kBodyPadding, '\0');
    const bool traced = parse_traceparent(event.traceparent).has_value();
    const std::string id = event.source + " " + event.id;  // together they name it
    then({type, std::string_view(padded).substr(0, event.data.size()), id,
          traced ? event.traceparent : traceparent_of(request.trace), false, place});
    return {};
  }

  Expected<void> cloud_one(const std::shared_ptr<Exchange>& exchange, const CloudEvent& event) {
    TRY(const stage::SessionPlace place, session_of(exchange->request()));
    return as_json(exchange->request(), event, place,
                   [&](const JsonEvent& json) { one(exchange, json); });
  }

  Expected<void> batch(const std::shared_ptr<Exchange>& exchange, const JsonValue& events) {
    if (!events.is(JsonKind::array)) return invalid("a batch of CloudEvents is an array");
    // What is no event at all would keep its number, and the rest could never follow.
    if (!exchange->request().header("quintet-session").empty()) {
      return invalid("a batch of CloudEvents has no session; send NDJSON, or one event a request")
          .at("Quintet-Session");
    }
    if (events.size() > kBatchEvents) {
      return exhausted("a batch has at most " + std::to_string(kBatchEvents) + " events")
          .with_id("too_long");
    }
    if (events.size() == 0) {
      exchange->respond(json_response(200, "[]"));
      return {};
    }
    if (const std::string& client = exchange->request().client;
        node_.limits != nullptr && !client.empty()) {
      // One of them the request has paid for.
      node_.limits->take(client, static_cast<double>(events.size() - 1), node_.clock.steady());
    }
    const auto answers = std::make_shared<BatchAnswer>(exchange, events.size());
    std::size_t index = 0;
    for (JsonValue value = events.first(); value; value = value.next(), ++index) {
      auto event = read_structured(value);
      auto taken = event ? as_json(exchange->request(), *event, {},
                                   [&](const JsonEvent& json) { add(json, answers, index); })
                         : Expected<void>(std::move(event).error());
      if (!taken) answers->set(index, refusal_json(0, taken.error()));
    }
    return {};
  }

  void add(const JsonEvent& event, const std::shared_ptr<BatchAnswer>& answers, std::size_t index) {
    offer_json(node_, event, [answers, index](const Receipt& receipt) {
      answers->set(index, receipt.error != nullptr ? refusal_json(0, *receipt.error)
                          : receipt.json.empty()   ? position_json(receipt.position)
                                                   : std::string(receipt.json));
    });
  }

  Node& node_;
};

}  // namespace

std::string refusal_json(std::uint64_t line, const Error& error) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  if (line > 0) json.key("line").uint64(line);
  json.key("error").begin_object().field("code",
                                         error.id().empty() ? name_of(error.code()) : error.id());
  if (!error.place().empty()) json.field("field", error.place());
  json.field("detail", error.message()).end_object().end_object();
  return out;
}

void add_event_routes(Router& router, Node& node) {
  router.add({"POST", "/v1/events", Scope::send, std::make_shared<EventsHandler>(node)});
}

}  // namespace quintet::host
