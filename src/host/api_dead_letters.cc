#include "host/api_dead_letters.h"

#include "base/civil.h"
#include "base/decimal.h"
#include "event/line_cutter.h"
#include "host/problem.h"
#include "host/request.h"

namespace quintet::host {

namespace {

constexpr std::uint64_t kMostLetters = 1000;  // of one page

Expected<std::uint64_t> number_in(std::string_view text, std::string place, std::uint64_t most) {
  const auto number = parse_int64(text);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > most) {
    return invalid("expected a number from 0 to " + std::to_string(most)).at(std::move(place));
  }
  return static_cast<std::uint64_t>(*number);
}

std::string_view state_of(const stage::DeadLetter& letter) {
  if (letter.replayed != kNoPosition) return "replayed";
  return letter.discarded ? "discarded" : "open";
}

HttpResponse list(Node& node, const HttpRequest& request) {
  if (node.ingest() == nullptr) return problem_response(place_is_away(), request);
  if (const auto fit = only_parameters(request, {"after", "limit", "code", "all"}); !fit) {
    return problem_response(fit.error(), request);
  }
  stage::Store::DeadLetterQuery query;
  query.code = request.query_value("code").value_or("");
  query.open_only = request.query_value("all") != "true";
  const auto after = number_in(request.query_value("after").value_or("0"), "after", INT64_MAX);
  if (!after) return problem_response(after.error(), request);
  const auto limit = number_in(request.query_value("limit").value_or("100"), "limit", kMostLetters);
  if (!limit) return problem_response(limit.error(), request);
  query.after = *after;
  query.limit = *limit;
  const auto letters = node.ingest()->dead_letters(query);
  if (!letters) return problem_response(letters.error(), request);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("dead_letters").begin_array();
  for (const auto& letter : *letters) write_letter(json, letter, nullptr);
  json.end_array();
  if (!letters->empty() && letters->size() == query.limit) {
    json.key("next").uint64(letters->back().number);
  }
  json.end_object();
  return json_response(200, std::move(body));
}

HttpResponse show(Node& node, const HttpRequest& request) {
  if (node.ingest() == nullptr) return problem_response(place_is_away(), request);
  const auto number = number_in(request.param("number"), "number", INT64_MAX);
  if (!number) return problem_response(number.error(), request);
  const auto letter = node.ingest()->dead_letter(*number);
  if (!letter) return problem_response(letter.error(), request);
  std::string body;
  JsonWriter json(body);
  write_letter(json, *letter, &letter->bytes);
  return json_response(200, std::move(body));
}

Expected<void> decode_csv(event::Decoder decoder, const std::string& bytes, event::Event& out) {
  const char separator = decoder.type().input.separator;
  event::LineCutter lines(kMaxEventBytes, separator);
  lines.add(bytes);
  const auto first = lines.next();
  if (!first || first->text.size() >= bytes.size()) {
    return invalid("the original has no header line");
  }
  const std::string header(first->text);
  std::string scratch;
  std::vector<std::string_view> cells;
  TRY_DO(event::split_csv(header, separator, scratch, cells));
  TRY_DO(decoder.csv_header(cells));
  TRY_DO(event::split_csv(std::string_view(bytes).substr(header.size() + 1), separator, scratch,
                          cells));
  return decoder.csv(cells, out);
}

// The event that a replay admits: the one in the request, or the original.
Expected<void> event_of(Node& node, const HttpRequest& request, const stage::DeadLetter& letter,
                        event::Event& out) {
  const int type = node.ingest()->spec().event_index(letter.event_type);
  if (type < 0) {
    return not_found("the application has no event \"" + letter.event_type + "\" any more");
  }
  if (!request.body.empty()) {
    TRY_DO(node.decoder(type).json(request.body, out));
  } else if (letter.bytes.empty()) {
    return invalid("the original was not kept; send the event with the request");
  } else if (letter.format == "csv") {
    TRY_DO(decode_csv(node.new_decoder(type), letter.bytes, out));
  } else {
    std::string padded = letter.bytes;
    padded.append(kBodyPadding, '\0');
    TRY_DO(node.decoder(type).json(std::string_view(padded).substr(0, letter.bytes.size()), out));
  }
  if (out.id.empty()) {
    out.id = out.arena.copy(letter.id.empty() ? "dead-letter:" + std::to_string(letter.number)
                                              : letter.id);
  }
  return {};
}

void replay(Node& node, const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const auto refuse = [&](const Error& error) {
    exchange->respond(problem_response(error, request));
  };
  if (node.ingest() == nullptr) return refuse(place_is_away());
  const auto number = number_in(request.param("number"), "number", INT64_MAX);
  if (!number) return refuse(number.error());
  const auto letter = node.ingest()->dead_letter(*number);
  if (!letter) return refuse(letter.error());
  Offer offer;
  if (const std::string_view state = state_of(*letter); state != "open") {
    return refuse(conflict("the dead letter was " + std::string(state) + " before"));
  }
  if (const auto made = event_of(node, request, *letter, offer.event); !made) {
    return refuse(made.error());
  }
  offer.replay_of = *number;
  node.ingest()->offer(std::move(offer), [exchange](const Receipt& receipt) {
    if (receipt.error != nullptr) {
      exchange->respond(problem_response(*receipt.error, exchange->request()));
      return;
    }
    HttpResponse response = json_response(200, std::string(receipt.json));
    response.headers.emplace_back("Quintet-Position", std::to_string(receipt.position));
    exchange->respond(std::move(response));
  });
  node.ingest()->flush();
}

void discard(Node& node, const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const auto number = number_in(request.param("number"), "number", INT64_MAX);
  if (node.ingest() == nullptr || !number) {
    exchange->respond(problem_response(number ? place_is_away() : number.error(), request));
    return;
  }
  node.ingest()->discard_letter(*number, [exchange](const Expected<void>& result) {
    exchange->respond(result ? json_response(200, "{\"discarded\":true}")
                             : problem_response(result.error(), exchange->request()));
  });
}

// Answers when the place does.
class LaterHandler final : public Handler {
 public:
  using Answer = void (*)(Node&, const std::shared_ptr<Exchange>&);
  LaterHandler(Node& node, Answer answer) : node_(node), answer_(answer) {}
  void handle(std::shared_ptr<Exchange> exchange) override { answer_(node_, exchange); }

 private:
  Node& node_;
  Answer answer_;
};

}  // namespace

void write_letter(JsonWriter& json, const stage::DeadLetter& letter, const std::string* body) {
  json.begin_object().key("number").uint64(letter.number);
  json.field("at", format_time(letter.at)).field("event", letter.event_type);
  if (!letter.id.empty()) json.field("id", letter.id);
  json.field("code", letter.code);
  if (!letter.field.empty()) json.field("field", letter.field);
  json.field("message", letter.message).field("format", letter.format);
  json.field("state", state_of(letter));
  if (letter.replayed != kNoPosition) json.key("position").uint64(letter.replayed);
  if (body != nullptr) json.field("body", *body);
  json.end_object();
}

void add_dead_letter_routes(Router& router, Node& node) {
  const auto get = [&](std::string pattern, HttpResponse (*answer)(Node&, const HttpRequest&)) {
    router.add({"GET", std::move(pattern), Scope::operate,
                make_handler([&node, answer](const HttpRequest& r) { return answer(node, r); })});
  };
  get("/v1/dead-letters", list);
  get("/v1/dead-letters/{number}", show);
  router.add({"POST", "/v1/dead-letters/{number}/replay", Scope::operate,
              std::make_shared<LaterHandler>(node, replay)});
  router.add({"POST", "/v1/dead-letters/{number}/discard", Scope::operate,
              std::make_shared<LaterHandler>(node, discard)});
}

}  // namespace quintet::host
