#include "learn/linear.h"

#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/json_out.h"
#include "learn/document.h"
#include "learn/trees.h"

namespace quintet::learn {
namespace {

std::string canonical_digest(const LinearParts& parts) {
  std::string bytes;
  ByteWriter to(bytes);
  to.text("quintet linear 1");
  to.u8(parts.logistic ? 1 : 0);
  to.f64(parts.bias);
  to.varint(parts.inputs.size());
  for (const LinearInput& input : parts.inputs) {
    to.text(input.name);
    to.f64(input.weight);
    to.f64(input.missing);
  }
  return sha256_hex(bytes);
}

Expected<double> finite(const Place& place, std::string_view key) {
  TRY(const Place at, place.member(key));
  TRY(const double number, at.number());
  if (!std::isfinite(number)) return at.wrong("is not finite");
  return number;
}

}  // namespace

std::shared_ptr<const Linear> Linear::make(LinearParts parts) {
  check(!parts.inputs.empty(), "a linear model without inputs");
  // A negative zero does not survive the file; it must not be in the digest either.
  parts.bias = parts.bias + 0.0;
  for (LinearInput& input : parts.inputs) {
    input.weight = input.weight + 0.0;
    input.missing = input.missing + 0.0;
  }
  Face face;
  face.type = "linear";
  face.objective = parts.logistic ? "binary:logistic" : "reg:squarederror";
  for (const LinearInput& input : parts.inputs) face.features.push_back(input.name);
  face.outputs = {parts.logistic ? "probability" : "value"};
  face.digest = canonical_digest(parts);
  return std::shared_ptr<const Linear>(new Linear(std::move(face), std::move(parts)));
}

void Linear::score_one(const float* row, float* out) const {
  double margin = parts_.bias;
  for (std::size_t i = 0; i < parts_.inputs.size(); ++i) {
    const LinearInput& input = parts_.inputs[i];
    const double x = std::isnan(row[i]) ? input.missing : row[i];
    margin = margin + input.weight * x;
  }
  out[0] = static_cast<float>(margin);
  apply_link(parts_.logistic ? Link::logistic : Link::identity, 1, out);
}

Expected<LinearParts> read_linear(std::string_view json) {
  TRY(const Value document, read_json(json, JsonFloats::float64));
  const Place root(document);
  TRY(const Place version, root.member("quintet_linear"));
  TRY_DO(version.integer(1, 1));
  LinearParts parts;
  TRY(const Place link, root.member("link"));
  TRY(const std::string_view word, link.text());
  if (word != "logistic" && word != "identity")
    return link.wrong("is neither logistic nor identity");
  parts.logistic = word == "logistic";
  TRY(parts.bias, finite(root, "bias"));
  TRY(const Place list, root.member("inputs"));
  TRY(const auto inputs, list.list());
  if (inputs.empty()) return list.wrong("is empty");
  if (inputs.size() > kMaxFeatures) return exhausted("the model has more inputs than the limit");
  for (const Place& place : inputs) {
    LinearInput input;
    TRY(const Place name, place.member("name"));
    TRY(input.name, name.text());
    TRY(input.weight, finite(place, "weight"));
    if (place.has("missing")) {
      TRY(input.missing, finite(place, "missing"));
    }
    parts.inputs.push_back(std::move(input));
  }
  return parts;
}

std::string to_json(const LinearParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("quintet_linear").int64(1);
  json.key("link").text(parts.logistic ? "logistic" : "identity");
  json.key("bias").real(parts.bias);
  json.key("inputs").begin_array();
  for (const LinearInput& input : parts.inputs) {
    json.begin_object();
    json.key("name").text(input.name);
    json.key("weight").real(input.weight);
    json.key("missing").real(input.missing);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace quintet::learn
