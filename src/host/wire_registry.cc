// The messages of the model registry, and of requests at the door that another service answers.
#include <quintet/v1/common.pb.h>
#include <quintet/v1/descriptors.h>
#include <quintet/v1/ingest.pb.h>

#include "host/wire_parse.h"

namespace quintet::host::wire {

// --- the registry ---

namespace {

void put_model(const stage::ModelVersion& model, v1::ModelVersion& out) {
  out.set_model(model.model);
  out.set_version(model.version);
  out.set_digest(model.digest);
  out.set_refused(model.state == stage::ModelState::refused);
  out.set_created_at(model.created_at);
  out.set_metrics(model.metrics);
  out.set_card(model.card);
  out.set_bytes(model.bytes);
}

stage::ModelVersion model_of(v1::ModelVersion& from) {
  return {from.model(),      from.version(),
          from.digest(),     from.refused() ? stage::ModelState::refused : stage::ModelState::ready,
          from.created_at(), from.metrics(),
          from.card(),       std::move(*from.mutable_bytes())};
}

}  // namespace

std::string write_model_name(const ModelName& name) {
  v1::ModelRequest out;
  out.set_model(name.model);
  out.set_version(name.version);
  return out.SerializeAsString();
}

Expected<ModelName> read_model_name(std::string_view bytes) {
  TRY(const auto from, parse<v1::ModelRequest>(bytes));
  return ModelName{from.model(), from.version()};
}

std::string write_model(const stage::ModelVersion& model) {
  v1::ModelVersion out;
  put_model(model, out);
  return out.SerializeAsString();
}

Expected<stage::ModelVersion> read_model(std::string_view bytes) {
  TRY(auto from, parse<v1::ModelVersion>(bytes));
  return model_of(from);
}

std::string write_models(const std::vector<stage::ModelVersion>& models) {
  v1::ModelsReply out;
  for (const stage::ModelVersion& model : models) put_model(model, *out.add_models());
  return out.SerializeAsString();
}

Expected<std::vector<stage::ModelVersion>> read_models(std::string_view bytes) {
  TRY(auto from, parse<v1::ModelsReply>(bytes));
  std::vector<stage::ModelVersion> out;
  for (v1::ModelVersion& model : *from.mutable_models()) out.push_back(model_of(model));
  return out;
}

std::string write_new_model(const NewModel& model) {
  v1::AddModelRequest out;
  put_model(model.entry, *out.mutable_model());
  out.set_once(model.once);
  return out.SerializeAsString();
}

Expected<NewModel> read_new_model(std::string_view bytes) {
  TRY(auto from, parse<v1::AddModelRequest>(bytes));
  return NewModel{model_of(*from.mutable_model()), from.once()};
}

std::string write_registered(const RegisteredModel& registered) {
  v1::AddModelReply out;
  out.set_version(registered.version);
  out.set_fresh(registered.fresh);
  return out.SerializeAsString();
}

Expected<RegisteredModel> read_registered(std::string_view bytes) {
  TRY(const auto from, parse<v1::AddModelReply>(bytes));
  return RegisteredModel{from.version(), from.fresh()};
}

// --- requests at the door ---

std::string write_http_call(const HttpCall& call) {
  v1::HttpCall out;
  out.set_method(call.method);
  out.set_target(call.target);
  for (const auto& [name, value] : call.headers) {
    v1::HttpHeader& header = *out.add_headers();
    header.set_name(name);
    header.set_value(value);
  }
  out.set_body(call.body);
  out.set_peer(call.peer);
  out.set_traceparent(call.traceparent);
  return out.SerializeAsString();
}

Expected<HttpCall> read_http_call(std::string_view bytes) {
  TRY(auto from, parse<v1::HttpCall>(bytes));
  HttpCall out{from.method(), from.target(),      std::move(*from.mutable_body()),
               from.peer(),   from.traceparent(), {}};
  for (const v1::HttpHeader& header : from.headers()) {
    out.headers.emplace_back(header.name(), header.value());
  }
  return out;
}

std::string write_http_answer(const HttpResponse& answer) {
  v1::HttpAnswer out;
  out.set_status(static_cast<std::uint32_t>(answer.status));
  out.set_content_type(std::string(answer.content_type));
  for (const auto& [name, value] : answer.headers) {
    v1::HttpHeader& header = *out.add_headers();
    header.set_name(name);
    header.set_value(value);
  }
  out.set_body(answer.body);
  return out.SerializeAsString();
}

Expected<HttpResponse> read_http_answer(std::string_view bytes) {
  TRY(auto from, parse<v1::HttpAnswer>(bytes));
  HttpResponse out;
  out.status = static_cast<int>(from.status());
  if (out.status < 200 || out.status > 599) return invalid("a quintet.v1.HttpAnswer of no status");
  if (!from.content_type().empty()) out.headers.emplace_back("Content-Type", from.content_type());
  for (const v1::HttpHeader& header : from.headers()) {
    out.headers.emplace_back(header.name(), header.value());
  }
  out.body = std::move(*from.mutable_body());
  return out;
}

std::string_view descriptors() {
  return api_descriptors();
}

}  // namespace quintet::host::wire
