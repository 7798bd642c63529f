#include "host/oip.h"

#include <charconv>
#include <map>

#include "base/clock.h"
#include "base/json_out.h"
#include "host/oip_answer.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

HttpResponse answer_of(const Error& error) {
  return oip_error_response(status_of(error.code()), error.message());
}

// Shared by the handlers of one Router; its buffers serve one request after another.
class OipDoor {
 public:
  explicit OipDoor(Predictor& predictor) : predictor_(predictor) {}

  HttpResponse server_ready();
  HttpResponse index();
  HttpResponse model_ready(const HttpRequest& request);
  HttpResponse metadata(const HttpRequest& request);
  HttpResponse config(const HttpRequest& request);
  HttpResponse statistics(const HttpRequest& request);
  HttpResponse infer(const HttpRequest& request);

 private:
  using Found = Expected<std::shared_ptr<const ServedModel>>;
  Found find(const HttpRequest& request) const;
  Expected<HttpResponse> predict(const HttpRequest& request, const ServedModel& model);
  OipCounts& counts_of(const OipSignature& signature);

  Predictor& predictor_;
  SystemClock clock_;
  OipReader reader_;
  OipRequest request_;
  RowMatrix rows_;
  std::vector<float> values_;
  // By name and version.
  struct Before {
    using is_transparent = void;
    using Key = std::pair<std::string_view, std::string_view>;
    static Key key(const std::pair<std::string, std::string>& of) { return of; }
    static Key key(const Key& of) { return of; }
    bool operator()(const auto& a, const auto& b) const { return key(a) < key(b); }
  };
  std::map<std::pair<std::string, std::string>, OipCounts, Before> counts_;
};

std::string_view param_or_empty(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.params) {
    if (key == name) return value;
  }
  return {};
}

Expected<std::optional<std::uint64_t>> json_size_of(const HttpRequest& request) {
  const std::string_view text = request.header("inference-header-content-length");
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t size = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failed != std::errc() || end != text.data() + text.size()) {
    return invalid("Inference-Header-Content-Length is no number");
  }
  return std::optional<std::uint64_t>(size);
}

OipDoor::Found OipDoor::find(const HttpRequest& request) const {
  return predictor_.find(param_or_empty(request, "model"), param_or_empty(request, "version"));
}

HttpResponse OipDoor::server_ready() {
  if (!predictor_.ready()) return oip_error_response(503, "the server is not ready");
  return json_response(200, R"({"live":true,"ready":true})");
}

HttpResponse OipDoor::index() {
  std::string out = "[";
  for (const auto& model : predictor_.models()) {
    if (out.size() > 1) out.push_back(',');
    out += "{\"name\":";
    append_json_text(out, model->signature().name);
    out += ",\"version\":";
    append_json_text(out, model->signature().version);
    out += ",\"state\":\"READY\",\"reason\":\"\"}";
  }
  return json_response(200, out + "]");
}

HttpResponse OipDoor::model_ready(const HttpRequest& request) {
  const Found model = find(request);
  if (!model) return answer_of(model.error());
  std::string out = "{\"name\":";
  append_json_text(out, (*model)->signature().name);
  return json_response(200, out + ",\"ready\":true}");
}

HttpResponse OipDoor::metadata(const HttpRequest& request) {
  const Found model = find(request);
  if (!model) return answer_of(model.error());
  const OipSignature& signature = (*model)->signature();
  return json_response(200, model_metadata(signature, predictor_.versions(signature.name)));
}

HttpResponse OipDoor::config(const HttpRequest& request) {
  const Found model = find(request);
  if (!model) return answer_of(model.error());
  return json_response(200, model_config((*model)->signature()));
}

HttpResponse OipDoor::statistics(const HttpRequest& request) {
  std::vector<OipCounts> all;
  if (param_or_empty(request, "model").empty()) {
    for (const auto& model : predictor_.models()) all.push_back(counts_of(model->signature()));
  } else {
    const Found model = find(request);
    if (!model) return answer_of(model.error());
    all.push_back(counts_of((*model)->signature()));
  }
  return json_response(200, model_statistics(all));
}

OipCounts& OipDoor::counts_of(const OipSignature& signature) {
  const auto known = counts_.find(Before::Key(signature.name, signature.version));
  if (known != counts_.end()) return known->second;
  OipCounts& counts = counts_[{signature.name, signature.version}];
  counts.name = signature.name;
  counts.version = signature.version;
  return counts;
}

Expected<HttpResponse> OipDoor::predict(const HttpRequest& request, const ServedModel& model) {
  const OipSignature& signature = model.signature();
  TRY(const auto json_size, json_size_of(request));
  TRY_DO(reader_.read(request.body, json_size, signature, request_));
  TRY_DO(assemble(request_, signature, rows_));
  values_.clear();
  TRY_DO(model.predict(rows_, values_));
  return infer_answer(request_, signature, rows_.rows, values_);
}

HttpResponse OipDoor::infer(const HttpRequest& request) {
  const Found model = find(request);
  if (!model) return answer_of(model.error());
  OipCounts& counts = counts_of((*model)->signature());
  const Micros began = clock_.steady();
  auto response = predict(request, **model);
  const auto nanos = static_cast<std::uint64_t>(clock_.steady() - began) * 1000;
  if (!response) {
    ++counts.failures;
    counts.failure_nanos += nanos;
    return answer_of(response.error());
  }
  ++counts.requests;
  counts.rows += rows_.rows;
  counts.nanos += nanos;
  counts.last_millis = static_cast<std::uint64_t>(clock_.wall() / 1000);
  return std::move(*response);
}

}  // namespace

void add_oip_routes(Router& router, Predictor& predictor) {
  const auto door = std::make_shared<OipDoor>(predictor);
  using Method = HttpResponse (OipDoor::*)(const HttpRequest&);
  const auto add = [&](const char* verb, const std::string& pattern, Scope scope, auto answer) {
    router.add({verb, pattern, scope,
                make_handler(std::function<HttpResponse(const HttpRequest&)>(answer))});
  };
  const auto add_model = [&](const char* verb, const std::string& more, Method method) {
    for (const char* base : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
      add(verb, base + more, Scope::read,
          [door, method](const HttpRequest& request) { return ((*door).*method)(request); });
    }
  };
  add("GET", "/v2", Scope::read,
      [](const HttpRequest&) { return json_response(200, server_metadata()); });
  add("GET", "/v2/health/live", Scope::open,
      [](const HttpRequest&) { return json_response(200, R"({"live":true})"); });
  add("GET", "/v2/health/ready", Scope::open,
      [door](const HttpRequest&) { return door->server_ready(); });
  add("POST", "/v2/repository/index", Scope::read,
      [door](const HttpRequest&) { return door->index(); });
  add("GET", "/v2/models/stats", Scope::read,
      [door](const HttpRequest& request) { return door->statistics(request); });
  add_model("GET", "", &OipDoor::metadata);
  add_model("GET", "/ready", &OipDoor::model_ready);
  add_model("GET", "/config", &OipDoor::config);
  add_model("GET", "/stats", &OipDoor::statistics);
  add_model("POST", "/infer", &OipDoor::infer);
}

}  // namespace quintet::host
