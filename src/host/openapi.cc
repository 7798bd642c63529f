#include "host/openapi.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/json_out.h"
#include "host/openapi_table.h"

namespace quintet::host {

namespace {

using event::Kind;

const Operation* operation_of(std::string_view method, std::string_view pattern) {
  for (const Operation& operation : kOperations) {
    if (operation.method == method && operation.pattern == pattern) return &operation;
  }
  return nullptr;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::pair<std::string_view, std::string_view> split(std::string_view text, char at) {
  const std::size_t place = text.find(at);
  check(place != text.npos, "a word of the table of operations lacks its separator");
  return {text.substr(0, place), text.substr(place + 1)};
}

std::string reference(std::string_view schema) {
  return R"({"$ref":"#/components/schemas/)" + std::string(schema) + "\"}";
}

void write_parameter(JsonWriter& json, std::string_view in, std::string_view name,
                     std::string_view type, bool required) {
  json.begin_object().field("name", name).field("in", in);
  json.key("required").boolean(required).key("schema");
  if (type == "string" || type == "boolean") {
    json.begin_object().field("type", type).end_object();
  } else {
    json.raw(reference(type));
  }
  json.end_object();
}

// The schema of what stands in a path.
std::string_view path_type(std::string_view pattern, std::string_view name) {
  if (name == "event") return "EventName";
  if (name == "id") return "EventId";
  if (name == "model" || (name == "name" && pattern.starts_with("/v1/models/"))) return "ModelName";
  if (name == "name") return pattern.starts_with("/v1/views/") ? "ViewName" : "SessionName";
  return "Number";  // a version, a run, a dead letter
}

void write_parameters(JsonWriter& json, const Operation& operation) {
  json.key("parameters").begin_array();
  std::string_view rest = operation.pattern;
  for (std::size_t open; (open = rest.find('{')) != rest.npos;) {
    const std::size_t close = rest.find('}');
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    write_parameter(json, "path", name, path_type(operation.pattern, name), true);
    rest.remove_prefix(close + 1);
  }
  for (const std::string_view word : words_of(operation.query)) {
    const auto [name, type] = split(word, ':');
    write_parameter(json, "query", name, type, false);
  }
  for (const std::string_view word : words_of(operation.headers)) {
    const auto [name, type] = split(word, ':');
    write_parameter(json, "header", name, type, false);
  }
  json.end_array();
}

void write_body(JsonWriter& json, const Operation& operation) {
  if (operation.body.empty()) return;
  bool required = true;
  json.key("requestBody").begin_object().key("content").begin_object();
  for (const std::string_view word : words_of(operation.body)) {
    if (word == "?") {
      required = false;
      continue;
    }
    const auto [media, schema] = split(word, '=');
    json.key(media).begin_object().key("schema").raw(reference(schema)).end_object();
  }
  json.end_object().key("required").boolean(required).end_object();
}

void write_responses(JsonWriter& json, const Operation& operation) {
  // By status, in order, with the media types of each.
  std::map<std::string_view, std::vector<std::pair<std::string_view, std::string_view>>> answers;
  for (const std::string_view word : words_of(operation.answers)) {
    const auto [status, content] = split(word, ':');
    answers[status].push_back(split(content, '='));
  }
  const bool oip = operation.pattern.starts_with("/v2");
  for (const std::string_view errors : {"4XX", "5XX"}) {
    answers[errors].push_back(oip ? std::pair("application/json", "OipError")
                                  : std::pair("application/problem+json", "Problem"));
  }
  json.key("responses").begin_object();
  for (const auto& [status, contents] : answers) {
    json.key(status).begin_object();
    json.field("description", status.ends_with("XX") ? "What was wrong." : "The answer.");
    json.key("content").begin_object();
    for (const auto& [media, schema] : contents) {
      json.key(media).begin_object().key("schema").raw(reference(schema)).end_object();
    }
    json.end_object().end_object();
  }
  json.end_object();
}

void write_operation(JsonWriter& json, const Route& route) {
  const Operation* operation = operation_of(route.method, route.pattern);
  check(operation != nullptr, "a route that the OpenAPI document does not know");
  std::string method(route.method);
  for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
  json.key(method).begin_object().field("operationId", operation->id);
  json.field("summary", operation->summary);
  json.key("security").begin_array();
  if (route.scope != Scope::open) {
    json.begin_object().end_object();
    json.begin_object().key("token").begin_array().end_array().end_object();
  }
  json.end_array();
  write_parameters(json, *operation);
  write_body(json, *operation);
  write_responses(json, *operation);
  json.end_object();
}

// The JSON Schema types that a value is written as.
std::vector<std::string_view> written_as(event::Type type) {
  switch (type.kind) {
    case Kind::boolean: return {"boolean"};
    case Kind::int64: return {"integer"};
    case Kind::real:
    case Kind::decimal: return {"number"};
    case Kind::list: return {"array"};
    default: return {"string"};
  }
}

void write_types(JsonWriter& json, std::vector<std::string_view> types, bool nullable) {
  if (nullable) types.push_back("null");
  json.key("type").begin_array();
  for (const std::string_view type : types) json.text(type);
  json.end_array();
}

// A limit as a number, if the type is one.
void write_limit(JsonWriter& json, std::string_view name, event::Type type,
                 const std::optional<event::Value>& limit) {
  if (limit && type.numeric()) json.key(name).raw(event::to_text(type, *limit));
}

void write_examples(JsonWriter& json, std::string_view name,
                    const std::vector<std::string>& examples) {
  json.key(name).begin_object().field("type", "string");
  if (!examples.empty()) {
    json.key("examples").begin_array();
    for (const std::string& example : examples) json.text(example);
    json.end_array();
  }
  json.end_object();
}

void write_names(JsonWriter& json, const app::Spec& spec) {
  json.key("EventName").begin_object().key("enum").begin_array();
  for (const event::EventType& type : spec.events) json.text(type.name);
  json.end_array().end_object();
  // Another name is answered with those that there are; so these are examples only.
  std::vector<std::string> models, views, decisions;
  for (const app::ModelSpec& model : spec.models) models.push_back(model.name);
  for (const app::View& view : spec.views) views.push_back(view.name);
  for (const app::RowPlan& plan : spec.rows) {
    for (const app::Decision& decision : plan.decisions) {
      for (const app::Case& one : decision.cases)
        decisions.push_back(decision.name + ":" + one.then);
    }
  }
  write_examples(json, "ModelName", models);
  write_examples(json, "ViewName", views);
  write_examples(json, "DecisionFilter", decisions);
}

void write_result(JsonWriter& json, const app::Spec& spec) {
  json.key("Result").begin_object().field("type", "object");
  json.key("required").raw(R"(["event","id","position","status"])");
  json.key("properties").begin_object();
  json.key("event").raw(reference("EventName"));
  json.key("id").raw(R"({"type":"string"})");
  json.key("position").raw(R"({"type":"integer","minimum":1})");
  json.key("status").raw(R"({"enum":["result","failed","erased"]})");
  for (const char* name : {"time", "failure", "trace_id"}) {
    json.key(name).raw(R"({"type":"string"})");
  }
  json.key("late").raw(R"({"type":"boolean"})");
  json.key("errors").raw(
      R"({"type":"array","items":{"type":"object","required":["column","code"]}})");
  json.key("predictions")
      .raw(R"({"type":"object","additionalProperties":{"type":"object","additionalProperties":)"
           R"({"type":["number","null"]}}})");
  json.key("decisions")
      .raw(R"({"type":"object","additionalProperties":{"type":"object","required":["value"],)"
           R"("properties":{"value":{"type":["string","null"]},"reason":{"type":"string"}}}})");
  json.key("labels").raw(
      R"({"type":"object","description":"What is known now; in the answer for one id alone.",)"
      R"("additionalProperties":{"type":"object","required":["value","source"],"properties":{)"
      R"("source":{"enum":["report","event","otherwise","unknown"]},)"
      R"("position":{"type":"integer","minimum":1},"at":{"type":"string","format":"date-time"},)"
      R"("until":{"type":"string","format":"date-time"}}}})");
  json.key("features").begin_object().key("anyOf").begin_array();
  for (const event::EventType& type : spec.events) {
    if (!type.is_table) json.raw(features_schema(spec.rows[type.index]));
  }
  json.end_array().end_object().end_object().end_object();
}

void write_schemas(JsonWriter& json, const app::Spec& spec) {
  json.key("schemas").begin_object();
  for (const NamedSchema& schema : kSchemas) json.key(schema.name).raw(schema.json);
  write_names(json, spec);
  write_result(json, spec);
  json.key("Event").begin_object().key("anyOf").begin_array();
  for (const event::EventType& type : spec.events) json.raw(event_schema(type));
  json.end_array().end_object().end_object();
}

}  // namespace

std::vector<std::string> undescribed(const Router& router) {
  std::vector<std::string> out;
  for (const Route& route : router.routes()) {
    if (operation_of(route.method, route.pattern) == nullptr) {
      out.push_back(route.method + " " + route.pattern);
    }
  }
  for (const Operation& operation : kOperations) {
    const auto same = [&](const Route& route) {
      return route.method == operation.method && route.pattern == operation.pattern;
    };
    if (std::none_of(router.routes().begin(), router.routes().end(), same)) {
      out.push_back(std::string(operation.method) + " " + std::string(operation.pattern));
    }
  }
  return out;
}

std::string event_schema(const event::EventType& type) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("title", type.name).field("type", "object");
  json.key("required").begin_array();
  for (const event::Field& field : type.fields) {
    const bool free =
        field.optional || !field.fallback.is_null() || field.privacy == event::Privacy::drop;
    if (!free) json.text(field.from);
  }
  json.end_array().key("properties").begin_object();
  for (const event::Field& field : type.fields) {
    json.key(field.from).begin_object();
    auto types = written_as(field.type);
    // A decimal may come as text, which keeps every digit.
    if (field.type.kind == Kind::decimal) types.push_back("string");
    write_types(json, types, field.optional || !field.fallback.is_null());
    write_limit(json, "minimum", field.type, field.minimum);
    write_limit(json, "maximum", field.type, field.maximum);
    if (field.type.kind == Kind::timestamp) json.field("format", "date-time");
    if (field.type.kind == Kind::bytes) json.field("contentEncoding", "base64");
    if (field.type.kind == Kind::list) {
      json.key("items").begin_object();
      write_types(json, written_as(field.type.element_type()), false);
      json.end_object();
    }
    if (!field.levels.empty()) {
      json.key("enum").begin_array();
      for (const std::string& level : field.levels) json.text(level);
      if (field.optional) json.null();
      json.end_array();
    }
    json.end_object();
  }
  json.end_object().key("additionalProperties").boolean(!type.input.refuse_unknown);
  json.end_object();
  return out;
}

std::string features_schema(const app::RowPlan& plan) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "object").key("additionalProperties").boolean(false);
  json.key("required").begin_array();
  for (const app::Column& column : plan.columns) json.text(column.name);
  json.end_array().key("properties").begin_object();
  for (const app::Column& column : plan.columns) {
    json.key(column.name).begin_object();
    write_types(json, written_as(plan.slot_types[static_cast<std::size_t>(column.slot)]), true);
    json.end_object();
  }
  json.end_object().end_object();
  return out;
}

std::string openapi_json(const Router& router, const app::Spec& spec) {
  // Routes of one pattern stand together.
  std::map<std::string_view, std::vector<const Route*>> paths;
  for (const Route& route : router.routes()) paths[route.pattern].push_back(&route);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("openapi", "3.1.0").key("info").begin_object();
  json.field("title", spec.app).field("version", spec.digest.substr(0, 12));
  json.field("description", "The door of a Quintet application.").end_object();
  json.key("paths").begin_object();
  for (const auto& [pattern, routes] : paths) {
    json.key(pattern).begin_object();
    for (const Route* route : routes) write_operation(json, *route);
    json.end_object();
  }
  json.end_object().key("components").begin_object();
  write_schemas(json, spec);
  json.key("securitySchemes").raw(R"({"token":{"type":"http","scheme":"bearer"}})");
  json.end_object().end_object();
  return out;
}

}  // namespace quintet::host
