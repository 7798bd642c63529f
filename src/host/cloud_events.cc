#include "host/cloud_events.h"

#include "host/http_text.h"

namespace quintet::host {

namespace {

constexpr std::string_view kBatch = "application/cloudevents-batch";
constexpr std::string_view kStructured = "application/cloudevents";

bool is_json(std::string_view type) {
  return type.empty() || type == "application/json" || type == "text/json" ||
         type.ends_with("+json");
}

Error unsupported(std::string message) {
  return invalid(std::move(message)).with_id("unsupported_media_type");
}

Expected<CloudEvent> checked(CloudEvent event, std::string_view version) {
  if (version != "1.0") {
    return invalid("CloudEvents of version 1.0 are read").at("specversion");
  }
  if (event.id.empty()) return invalid("a CloudEvent has an id").at("id");
  if (event.source.empty()) return invalid("a CloudEvent has a source").at("source");
  if (event.type.empty()) return invalid("a CloudEvent has a type").at("type");
  if (event.data.empty()) return invalid("the event has no data").at("data");
  return event;
}

}  // namespace

std::optional<std::string> attribute_of_header(std::string_view value) {
  std::string plain;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"') {
      quoted = !quoted;
    } else if (quoted && value[i] == '\\' && i + 1 < value.size()) {
      plain += value[++i];
    } else {
      plain += value[i];
    }
  }
  if (quoted) return std::nullopt;
  return percent_decode(plain);
}

Expected<CloudMode> cloud_mode(const HttpRequest& request) {
  const std::string type = request.content_type();
  if (type.starts_with(kBatch)) {
    if (type == std::string(kBatch) + "+json") return CloudMode::batch;
    return unsupported("batches of CloudEvents are read as " + std::string(kBatch) + "+json");
  }
  if (type.starts_with(kStructured)) {
    if (type == std::string(kStructured) + "+json") return CloudMode::structured;
    return unsupported("CloudEvents are read as " + std::string(kStructured) + "+json");
  }
  if (request.header("ce-specversion").empty()) return CloudMode::none;
  if (!is_json(type)) return unsupported("the data of a CloudEvent is read as application/json");
  return CloudMode::binary;
}

Expected<CloudEvent> read_binary(const HttpRequest& request) {
  CloudEvent event;
  const std::pair<std::string_view, std::string*> attributes[] = {
      {"ce-id", &event.id},
      {"ce-source", &event.source},
      {"ce-type", &event.type},
      {"ce-traceparent", &event.traceparent}};
  for (const auto& [name, into] : attributes) {
    auto value = attribute_of_header(request.header(name));
    if (!value) {
      return invalid("this is no text in quotes or percent-encoded UTF-8").at(std::string(name));
    }
    *into = *std::move(value);
  }
  event.data = request.body;
  return checked(std::move(event), request.header("ce-specversion"));
}

Expected<CloudEvent> read_structured(const JsonValue& event) {
  if (!event.is(JsonKind::object)) return invalid("a CloudEvent is an object");
  CloudEvent out;
  const std::pair<std::string_view, std::string*> attributes[] = {
      {"id", &out.id},
      {"source", &out.source},
      {"type", &out.type},
      {"traceparent", &out.traceparent}};
  for (const auto& [name, into] : attributes) {
    const JsonValue value = event.find(name);
    if (!value) continue;
    const auto text = value.as_text();
    if (!text) return invalid("expected a text").at(std::string(name));
    *into = *text;
  }
  const std::string_view content = event.find("datacontenttype").text();
  if (!is_json(content.substr(0, content.find(';'))) || event.find("data_base64")) {
    return unsupported("the data of a CloudEvent is read as JSON, in `data`").at("data");
  }
  out.data = event.find("data").source();
  return checked(std::move(out), event.find("specversion").text());
}

}  // namespace quintet::host
