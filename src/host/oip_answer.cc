#include "host/oip_answer.h"

#include <charconv>
#include <cmath>

#include "base/json_out.h"
#include "base/text.h"

namespace quintet::host {

namespace {

template <class N>
void append_number(std::string& out, N value) {
  char text[40];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// An output and where its values lie in a row.
struct Place {
  const OipOutput* output;
  std::size_t offset;
  bool binary;
};

Expected<std::vector<Place>> places_of(const OipRequest& request, const OipSignature& signature) {
  std::vector<Place> places;
  places.reserve(request.outputs.empty() ? signature.outputs.size() : request.outputs.size());
  std::size_t offset = 0;
  if (request.outputs.empty()) {
    for (const OipOutput& output : signature.outputs) {
      places.push_back({&output, offset, request.binary_output});
      offset += output.width;
    }
  }
  for (const OipWish& wish : request.outputs) {
    offset = 0;
    auto found = signature.outputs.begin();
    for (; found != signature.outputs.end() && found->name != wish.name; ++found) {
      offset += found->width;
    }
    if (found == signature.outputs.end()) {
      return invalid("the model has no output " + shown(wish.name));
    }
    places.push_back({&*found, offset, wish.binary.value_or(request.binary_output)});
  }
  return places;
}

struct Values {
  const std::vector<float>& all;
  std::size_t rows, stride;
};

void append_json_data(std::string& out, const Values& values, const Place& place) {
  out += ",\"data\":[";
  for (std::size_t row = 0; row < values.rows; ++row) {
    for (std::size_t i = 0; i < place.output->width; ++i) {
      if (row + i > 0) out.push_back(',');
      append_number(out, values.all[row * values.stride + place.offset + i]);
    }
  }
  out.push_back(']');
}

void append_binary(std::string& out, const Values& values, const Place& place) {
  for (std::size_t row = 0; row < values.rows; ++row) {
    out.append(reinterpret_cast<const char*>(&values.all[row * values.stride + place.offset]),
               place.output->width * sizeof(float));
  }
}

void append_output(std::string& out, const Values& values, const Place& place) {
  out += "{\"name\":";
  append_json_text(out, place.output->name);
  out += ",\"datatype\":\"FP32\",\"shape\":[";
  append_number(out, values.rows);
  out.push_back(',');
  append_number(out, place.output->width);
  out.push_back(']');
  if (place.binary) {
    out += ",\"parameters\":{\"binary_data_size\":";
    append_number(out, values.rows * place.output->width * sizeof(float));
    out.push_back('}');
  } else {
    append_json_data(out, values, place);
  }
  out.push_back('}');
}

void append_tensor(std::string& out, std::string_view name, std::size_t width) {
  out += "{\"name\":";
  append_json_text(out, name);
  out += ",\"datatype\":\"FP32\",\"shape\":[-1,";
  append_number(out, width);
  out += "]}";
}

void append_config_tensor(std::string& out, std::string_view name, std::size_t width) {
  out += "{\"name\":";
  append_json_text(out, name);
  out += ",\"data_type\":\"TYPE_FP32\",\"dims\":[-1,";
  append_number(out, width);
  out += "]}";
}

void append_count(std::string& out, std::string_view name, std::uint64_t count,
                  std::uint64_t nanos) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":{\"count\":";
  append_number(out, count);
  out += ",\"ns\":";
  append_number(out, nanos);
  out.push_back('}');
}

}  // namespace

Expected<HttpResponse> infer_answer(const OipRequest& request, const OipSignature& signature,
                                    std::size_t rows, const std::vector<float>& all) {
  TRY(const std::vector<Place> places, places_of(request, signature));
  for (const float value : all) {
    if (!std::isfinite(value)) return broken("the model's answer is no finite number");
  }
  const Values values{all, rows, rows == 0 ? 0 : all.size() / rows};
  HttpResponse response = json_response(200, "{\"model_name\":");
  std::string& out = response.body;
  out.reserve(256 + 12 * all.size());
  append_json_text(out, signature.name);
  out += ",\"model_version\":";
  append_json_text(out, signature.version);
  if (request.id) {
    out += ",\"id\":";
    append_json_text(out, *request.id);
  }
  out += ",\"outputs\":[";
  bool binary = false;
  for (const Place& place : places) {
    if (&place != &places.front()) out.push_back(',');
    append_output(out, values, place);
    binary |= place.binary;
  }
  out += "]}";
  if (!binary) return response;
  response.headers.emplace_back("Inference-Header-Content-Length", std::to_string(out.size()));
  response.content_type = "application/octet-stream";
  for (const Place& place : places) {
    if (place.binary) append_binary(out, values, place);
  }
  return response;
}

std::string server_metadata() {
  return R"({"name":"quintet","version":"0.1.0",)"
         R"("extensions":["binary_tensor_data","statistics","model_configuration"]})";
}

std::string model_metadata(const OipSignature& signature,
                           const std::vector<std::string>& versions) {
  std::string out = "{\"name\":";
  append_json_text(out, signature.name);
  out += ",\"versions\":[";
  for (const std::string& version : versions) {
    if (out.back() != '[') out.push_back(',');
    append_json_text(out, version);
  }
  out += "],\"platform\":";
  append_json_text(out, signature.platform);
  out += ",\"inputs\":[";
  append_tensor(out, "input", signature.columns.size());
  out += "],\"outputs\":[";
  for (const OipOutput& output : signature.outputs) {
    if (out.back() != '[') out.push_back(',');
    append_tensor(out, output.name, output.width);
  }
  out += "]}";
  return out;
}

std::string model_config(const OipSignature& signature) {
  std::string out = "{\"name\":";
  append_json_text(out, signature.name);
  out += ",\"platform\":";
  append_json_text(out, signature.platform);
  out += ",\"backend\":\"quintet\",\"max_batch_size\":0,\"input\":[";
  append_config_tensor(out, "input", signature.columns.size());
  out += "],\"output\":[";
  for (const OipOutput& output : signature.outputs) {
    if (out.back() != '[') out.push_back(',');
    append_config_tensor(out, output.name, output.width);
  }
  out += "]}";
  return out;
}

std::string model_statistics(const std::vector<OipCounts>& models) {
  std::string out = "{\"model_stats\":[";
  for (const OipCounts& model : models) {
    if (out.back() != '[') out.push_back(',');
    out += "{\"name\":";
    append_json_text(out, model.name);
    out += ",\"version\":";
    append_json_text(out, model.version);
    out += ",\"last_inference\":";
    append_number(out, model.last_millis);
    out += ",\"inference_count\":";
    append_number(out, model.rows);
    out += ",\"execution_count\":";
    append_number(out, model.requests);
    out += ",\"inference_stats\":{";
    append_count(out, "success", model.requests, model.nanos);
    append_count(out, "fail", model.failures, model.failure_nanos);
    append_count(out, "queue", model.requests, 0);
    append_count(out, "compute_input", model.requests, 0);
    append_count(out, "compute_infer", model.requests, model.nanos);
    append_count(out, "compute_output", model.requests, 0);
    append_count(out, "cache_hit", 0, 0);
    append_count(out, "cache_miss", 0, 0);
    out += "},\"batch_stats\":[]}";
  }
  out += "]}";
  return out;
}

}  // namespace quintet::host
