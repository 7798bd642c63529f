#include "host/api_results.h"

#include <algorithm>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/json_out.h"
#include "base/text.h"
#include "host/problem.h"
#include "host/request.h"

namespace quintet::host {

namespace {

using SharedExchange = std::shared_ptr<Exchange>;

void refuse(const SharedExchange& exchange, const Error& why) {
  exchange->respond(problem_response(why, exchange->request()));
}

// By @POSITION, or by the id of an event.
void find_position(ResultsRole& place, const HttpRequest& request,
                   std::function<void(Expected<Position>)> done) {
  const std::string_view id = request.param("id");
  if (id.starts_with('@')) {
    const auto number = parse_int64(id.substr(1));
    if (number && *number > 0) return done(static_cast<Position>(*number));
    return done(invalid("after @ stands a position: 1, 2, 3 ...").at("id"));
  }
  auto type = event_type_of(place.spec(), request);
  if (!type) return done(std::move(type).error());
  place.find(place.spec().events[static_cast<std::size_t>(*type)].name, std::string(id),
             request.deadline, std::move(done));
}

void one_result(Node& node, const SharedExchange& exchange) {
  if (node.results() == nullptr) return refuse(exchange, place_is_away());
  find_position(
      *node.results(), exchange->request(), [&node, exchange](const Expected<Position>& position) {
        if (!position) return refuse(exchange, position.error());
        if (node.results() == nullptr) return refuse(exchange, place_is_away());
        node.results()->result_with_labels(*position, [exchange](Expected<std::string> json) {
          if (!json) return refuse(exchange, json.error());
          exchange->respond(json_response(200, *std::move(json)));
        });
      });
}

// As NDJSON, or as one document.
HttpResponse page_response(const Answers::Page& page, bool lines) {
  std::string body = lines ? "" : "{\"results\":[";
  bool first = true;
  for (const std::string& result : page.results) {
    if (!lines && !first) body += ',';
    first = false;
    body += result;
    if (lines) body += '\n';
  }
  HttpResponse response;
  if (lines) {
    response = {200, kNdjson, std::move(body), {}};
  } else {
    body += "]";
    if (page.next != kNoPosition) body += ",\"next\":" + std::to_string(page.next);
    response = json_response(200, body + "}");
  }
  if (page.next != kNoPosition) {
    response.headers.emplace_back("Quintet-Next", std::to_string(page.next));
  }
  return response;
}

// What `labels` says; kNoTime: now.
Expected<Micros> labels_at(std::string_view text) {
  if (text == "now") return kNoTime;
  const auto time = parse_time(text);
  if (time) return *time;
  return invalid("write now, or a time as 2024-03-01T00:00:00Z").at("labels");
}

void page_of_results(Node& node, const SharedExchange& exchange) {
  if (node.results() == nullptr) return refuse(exchange, place_is_away());
  const HttpRequest& request = exchange->request();
  const auto labels = request.query_value("labels");
  const auto query = results_query(*node.results(), request, {"labels", "format"});
  if (!query) return refuse(exchange, query.error());
  const auto format = answer_format(request, {{"json", kJson}, {"ndjson", kNdjson}});
  if (!format) return refuse(exchange, format.error());
  const auto answer = [exchange, lines = *format == "ndjson"](const Expected<Answers::Page>& page) {
    if (!page) return refuse(exchange, page.error());
    exchange->respond(page_response(*page, lines));
  };
  if (!labels) return answer(node.results()->results(*query));
  const auto at = labels_at(*labels);
  if (!at) return refuse(exchange, at.error());
  node.results()->results_with_labels(*query, *at, answer);
}

// Fields by name, all of them optional here: what the query does not give is null, the id too.
event::EventType all_optional(const event::EventType& type, const HttpRequest& request) {
  event::EventType out;
  out.index = type.index;
  out.name = type.name;
  if (type.id_field >= 0) {
    const auto& id = type.fields[static_cast<std::size_t>(type.id_field)];
    if (request.query_value(id.name)) out.id_field = type.id_field;
  }
  out.time_field = type.time_field;
  out.input = type.input;
  out.input.refuse_unknown = true;
  for (event::Field field : type.fields) {
    field.from = field.name;
    field.optional = true;
    field.fallback = {};
    out.fields.push_back(std::move(field));
  }
  return out;
}

// A parameter is a field's own name, not that of the column it comes from.
Error no_field(const event::EventType& type, const std::string& name) {
  std::string hint;
  std::vector<std::string_view> names;
  for (const event::Field& field : type.fields) {
    names.push_back(field.name);
    if (field.from == name) hint = "; write " + field.name;
  }
  std::string small = name;
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (const auto near = nearest(small, names); hint.empty() && near) {
    hint = "; did you mean " + std::string(*near) + "?";
  }
  return Error(invalid(type.name + " has no field of this name" + hint)).at(name);
}

// The event that the query describes.
Expected<event::Event> event_of_fields(const InferRole& place, const HttpRequest& request) {
  const app::Spec& spec = place.spec();
  const int index = spec.event_index(request.param("event"));
  if (index < 0) {
    return unknown_name("event", request.param("event"), event_names(spec)).at("event");
  }
  const event::EventType& type = spec.events[static_cast<std::size_t>(index)];
  if (type.is_table) return invalid("a table has no features").at("event");
  const event::EventType fields = all_optional(type, request);
  event::Decoder decoder(fields, {place.pseudonym_key(), spec.utc_offset_minutes});
  std::vector<std::string_view> names, cells;
  for (const auto& [name, value] : request.query) {
    if (type.field_index(name) < 0) return no_field(type, name);
    names.push_back(name);
    cells.push_back(value);
  }
  TRY_DO(decoder.csv_header(names));
  event::Event event;
  TRY_DO(decoder.csv(cells, event));
  event.type = &type;
  return event;
}

Expected<event::Event> event_of_body(const InferRole& place, const HttpRequest& request) {
  const app::Spec& spec = place.spec();
  TRY(const int type, event_type_of(spec, request));
  event::Decoder decoder(spec.events[static_cast<std::size_t>(type)],
                         {place.pseudonym_key(), spec.utc_offset_minutes});
  event::Event event;
  TRY_DO(decoder.json(request.body, event));
  if (event.type->is_table) return invalid("a table has no features").at("event");
  return event;
}

void peek(Node& node, const SharedExchange& exchange, Expected<event::Event> event) {
  if (!event) return refuse(exchange, event.error());
  node.infer()->peek(*std::move(event), [&node, exchange](Expected<std::string> json) {
    if (!json) return refuse(exchange, json.error());
    HttpResponse response = json_response(200, *std::move(json));
    const Position last = node.infer() == nullptr ? kNoPosition : node.infer()->last();
    response.headers.emplace_back("Quintet-Position", std::to_string(last));
    exchange->respond(std::move(response));
  });
}

void features_of_fields(Node& node, const SharedExchange& exchange) {
  if (node.infer() == nullptr) return refuse(exchange, place_is_away());
  peek(node, exchange, event_of_fields(*node.infer(), exchange->request()));
}

void features_now(Node& node, const SharedExchange& exchange) {
  if (node.infer() == nullptr) return refuse(exchange, place_is_away());
  peek(node, exchange, event_of_body(*node.infer(), exchange->request()));
}

}  // namespace

namespace {

// Of every version that the log knows: results of an older one keep its decisions.
Expected<void> check_decision(const ResultsRole& place, const Answers::Query& query) {
  std::vector<std::string_view> names, values;
  for (AppVersion version = 1; place.spec_of(version) != nullptr; ++version) {
    for (const app::RowPlan& plan : place.spec_of(version)->rows) {
      for (const app::Decision& decision : plan.decisions) {
        names.emplace_back(decision.name);
        if (decision.name != query.decision) continue;
        for (const app::Case& one : decision.cases) values.emplace_back(one.then);
      }
    }
  }
  const auto distinct = [](std::vector<std::string_view>& all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  };
  distinct(names);
  distinct(values);
  if (!std::binary_search(names.begin(), names.end(), query.decision)) {
    return unknown_name("decision", query.decision, names).at("decision");
  }
  if (!std::binary_search(values.begin(), values.end(), query.value)) {
    return unknown_name("case of " + query.decision, query.value, values).at("decision");
  }
  return {};
}

}  // namespace

Expected<Answers::Query> results_query(const ResultsRole& place, const HttpRequest& request,
                                       std::initializer_list<std::string_view> also) {
  std::vector<std::string_view> known = {"from", "limit", "event", "decision"};
  known.insert(known.end(), also);
  TRY_DO(only_parameters(request, known));
  Answers::Query query;
  TRY(query.from, number_of(request, "from", kNoPosition, INT64_MAX));
  TRY(query.limit, number_of(request, "limit", 100, kPageLimit));
  if (const auto event = request.query_value("event")) {
    if (place.spec().event_index(*event) < 0) {
      return unknown_name("event", *event, event_names(place.spec())).at("event");
    }
    query.event_type = *event;
  }
  if (const auto decision = request.query_value("decision")) {
    const std::size_t colon = decision->find(':');
    if (colon == std::string_view::npos) {
      return invalid("write NAME:VALUE, as verdict:block").at("decision");
    }
    query.decision = decision->substr(0, colon);
    query.value = decision->substr(colon + 1);
    TRY_DO(check_decision(place, query));
  }
  return query;
}

void add_result_routes(Router& router, Node& node) {
  router.add({"GET", "/v1/results/{id}", Scope::read,
              make_handler(std::function(
                  [&node](SharedExchange exchange) { one_result(node, exchange); }))});
  router.add({"GET", "/v1/results", Scope::read,
              make_handler(std::function(
                  [&node](SharedExchange exchange) { page_of_results(node, exchange); }))});
}

void add_feature_routes(Router& router, Node& node) {
  router.add({"GET", "/v1/features/{event}", Scope::read,
              make_handler(std::function(
                  [&node](SharedExchange exchange) { features_of_fields(node, exchange); }))});
  router.add({"POST", "/v1/features", Scope::read,
              make_handler(std::function(
                  [&node](SharedExchange exchange) { features_now(node, exchange); }))});
}

}  // namespace quintet::host
