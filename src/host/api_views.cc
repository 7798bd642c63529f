#include "host/api_views.h"

#include "base/civil.h"
#include "base/json_out.h"
#include "base/text.h"
#include "host/problem.h"
#include "host/request.h"
#include "stage/render_view.h"

namespace quintet::host {

namespace {

Expected<std::size_t> view_index(const app::Spec& spec, std::string_view name) {
  for (std::size_t i = 0; i < spec.views.size(); ++i) {
    if (spec.views[i].name == name) return i;
  }
  std::vector<std::string_view> names;
  for (const app::View& view : spec.views) names.emplace_back(view.name);
  return unknown_name("view", name, names).at("name");
}

Expected<Micros> edge_of(const app::Spec& spec, const app::View& view, std::string_view name,
                         std::string_view value) {
  if (view.every == 0) {
    return invalid("this view has one bucket for all time").at(std::string(name));
  }
  auto time = parse_time(value, spec.utc_offset_minutes);
  if (!time) return std::move(time).error().at(std::string(name));
  return *time;
}

// KEY=VALUE, if there is such a key.
Expected<stage::ViewQuery::Filter> filter_of(const app::Spec& spec, const app::View& view,
                                             std::string_view name, std::string_view value,
                                             event::Arena& arena) {
  const auto& plan = spec.rows[static_cast<std::size_t>(view.of)];
  for (std::size_t i = 0; i < view.by.size(); ++i) {
    const auto slot = static_cast<std::size_t>(view.by[i]);
    if (plan.slot_names[slot] != name) continue;
    if (value.empty()) return stage::ViewQuery::Filter{i, {}};
    auto parsed = event::value_of_text(plan.slot_types[slot], value, {}, spec.utc_offset_minutes,
                                       arena);
    if (!parsed) return std::move(parsed).error().at(std::string(name));
    return stage::ViewQuery::Filter{i, *parsed};
  }
  std::vector<std::string_view> known = {"from", "to", "after", "limit", "format"};
  for (const app::Slot slot : view.by) {
    known.emplace_back(plan.slot_names[static_cast<std::size_t>(slot)]);
  }
  const auto near = nearest(name, known);
  return invalid("there is no such parameter, and no such key of the view" +
                 (near ? "; did you mean " + std::string(*near) + "?" : std::string()))
      .at(std::string(name));
}

Expected<stage::ViewQuery> query_of(const app::Spec& spec, const app::View& view,
                                    const HttpRequest& request, event::Arena& arena) {
  stage::ViewQuery query;
  TRY(query.limit, number_of(request, "limit", 1000, kViewPage));
  for (const auto& [name, value] : request.query) {
    if (name == "limit" || name == "format") continue;
    if (name == "from") {
      TRY(query.from, edge_of(spec, view, name, value));
    } else if (name == "to") {
      TRY(query.to, edge_of(spec, view, name, value));
    } else if (name == "after") {
      query.after = value;
    } else {
      TRY(const auto filter, filter_of(spec, view, name, value, arena));
      query.filters.push_back(filter);
    }
  }
  return query;
}

HttpResponse one_view(Node& node, const HttpRequest& request) {
  if (node.results() == nullptr) return problem_response(place_is_away(), request);
  const app::Spec& spec = node.results()->spec();
  const auto index = view_index(spec, request.param("name"));
  if (!index) return problem_response(index.error(), request);
  const app::View& view = spec.views[*index];
  const auto format = answer_format(request, {{"json", kJson}, {"csv", "text/csv"}});
  if (!format) return problem_response(format.error(), request);
  event::Arena arena;
  const auto query = query_of(spec, view, request, arena);
  if (!query) return problem_response(query.error(), request);
  const auto page = node.results()->view(*index, *query);
  if (!page) return problem_response(page.error(), request);
  HttpResponse response{200, *format == "csv" ? kCsv : kJson, {}, {}};
  if (*format == "csv") {
    stage::append_view_csv(response.body, spec, view, *page);
  } else {
    stage::append_view_json(response.body, spec, view, *page, node.results()->durable());
  }
  response.headers.emplace_back("Quintet-Position", std::to_string(page->position));
  if (!page->next.empty()) response.headers.emplace_back("Quintet-Next", page->next);
  return response;
}

HttpResponse all_views(Node& node, const HttpRequest& request) {
  if (node.results() == nullptr) return problem_response(place_is_away(), request);
  const app::Spec& spec = node.results()->spec();
  HttpResponse response = json_response(200, {});
  JsonWriter json(response.body);
  json.begin_object().key("views").begin_array();
  for (std::size_t i = 0; i < spec.views.size(); ++i) {
    const app::View& view = spec.views[i];
    const auto& plan = spec.rows[static_cast<std::size_t>(view.of)];
    const auto size = node.results()->view_size(i);
    json.begin_object().field("view", view.name);
    json.field("of", spec.events[static_cast<std::size_t>(view.of)].name);
    json.key("by").begin_array();
    for (const app::Slot slot : view.by) {
      json.text(plan.slot_names[static_cast<std::size_t>(slot)]);
    }
    json.end_array().key("aggregates").begin_array();
    for (const app::ViewAggregate& aggregate : view.aggregates) json.text(aggregate.name);
    json.end_array().key("lines").uint64(size.lines).key("bytes").uint64(size.bytes);
    json.key("kept").boolean(!size.given_up).end_object();
  }
  json.end_array().key("position").uint64(node.results()->durable()).end_object();
  return response;
}

}  // namespace

void add_view_routes(Router& router, Node& node) {
  const auto read = [&](std::string pattern, HttpResponse (*answer)(Node&, const HttpRequest&)) {
    router.add({"GET", std::move(pattern), Scope::read,
                make_handler([&node, answer](const HttpRequest& r) { return answer(node, r); })});
  };
  read("/v1/views", all_views);
  read("/v1/views/{name}", one_view);
}

}  // namespace quintet::host
