#include "host/api_results.h"

#include <algorithm>

#include "base/decimal.h"
#include "base/json_out.h"
#include "base/text.h"
#include "host/problem.h"
#include "host/request.h"

namespace quintet::host {

namespace {

Expected<Position> position_of(const Place& place, const HttpRequest& request) {
  const std::string_view id = request.param("id");
  if (id.starts_with('@')) {
    const auto number = parse_int64(id.substr(1));
    if (!number || *number <= 0) return invalid("after @ stands a position: 1, 2, 3 ...").at("id");
    return static_cast<Position>(*number);
  }
  TRY(const int type, event_type_of(place.spec(), request));
  const auto& name = place.spec().events[static_cast<std::size_t>(type)].name;
  const auto position = place.find(name, id);
  if (!position) return not_found("no " + name + " has the id " + std::string(id));
  return *position;
}

HttpResponse one_result(Node& node, const HttpRequest& request) {
  if (node.place == nullptr) return problem_response(place_is_away(), request);
  const auto position = position_of(*node.place, request);
  if (!position) return problem_response(position.error(), request);
  auto json = node.place->result_with_labels(*position);
  if (!json) return problem_response(json.error(), request);
  return json_response(200, *std::move(json));
}

HttpResponse page_of_results(Node& node, const HttpRequest& request) {
  if (node.place == nullptr) return problem_response(place_is_away(), request);
  const auto query = results_query(*node.place, request);
  if (!query) return problem_response(query.error(), request);
  const auto page = node.place->results(*query);
  if (!page) return problem_response(page.error(), request);
  const auto format = answer_format(request, {{"json", kJson}, {"ndjson", kNdjson}});
  if (!format) return problem_response(format.error(), request);
  const bool lines = *format == "ndjson";
  std::string body = lines ? "" : "{\"results\":[";
  bool first = true;
  for (const std::string& result : page->results) {
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
    if (page->next != kNoPosition) body += ",\"next\":" + std::to_string(page->next);
    response = json_response(200, body + "}");
  }
  if (page->next != kNoPosition) {
    response.headers.emplace_back("Quintet-Next", std::to_string(page->next));
  }
  return response;
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

Expected<std::string> features_by_fields(Place& place, const HttpRequest& request) {
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
  return place.peek(std::move(event));
}

HttpResponse features_of_fields(Node& node, const HttpRequest& request) {
  if (node.place == nullptr) return problem_response(place_is_away(), request);
  auto json = features_by_fields(*node.place, request);
  if (!json) return problem_response(json.error(), request);
  HttpResponse response = json_response(200, *std::move(json));
  response.headers.emplace_back("Quintet-Position", std::to_string(node.place->last()));
  return response;
}

HttpResponse features_now(Node& node, const HttpRequest& request) {
  if (node.place == nullptr) return problem_response(place_is_away(), request);
  const auto type = event_type_of(node.place->spec(), request);
  if (!type) return problem_response(type.error(), request);
  event::Event event;
  if (auto decoded = node.decoder(*type).json(request.body, event); !decoded) {
    return problem_response(decoded.error(), request);
  }
  if (event.type->is_table) {
    return problem_response(invalid("a table has no features").at("event"), request);
  }
  auto json = node.place->peek(std::move(event));
  if (!json) return problem_response(json.error(), request);
  return json_response(200, *std::move(json));
}

}  // namespace

namespace {

// Of every version that the log knows: results of an older one keep its decisions.
Expected<void> check_decision(const Place& place, const Place::Query& query) {
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

Expected<Place::Query> results_query(const Place& place, const HttpRequest& request) {
  TRY_DO(only_parameters(request, {"from", "limit", "event", "decision", "format"}));
  Place::Query query;
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
  const auto read = [&](std::string pattern, HttpResponse (*answer)(Node&, const HttpRequest&)) {
    router.add({"GET", std::move(pattern), Scope::read,
                make_handler([&node, answer](const HttpRequest& r) { return answer(node, r); })});
  };
  read("/v1/results/{id}", one_result);
  read("/v1/results", page_of_results);
  read("/v1/features/{event}", features_of_fields);
  router.add({"POST", "/v1/features", Scope::read,
              make_handler([&node](const HttpRequest& r) { return features_now(node, r); })});
}

}  // namespace quintet::host
