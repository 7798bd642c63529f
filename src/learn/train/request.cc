#include "learn/train/request.h"

#include <algorithm>
#include <cmath>

#include "app/vocabulary.h"
#include "base/json_out.h"
#include "learn/document.h"
#include "learn/model.h"

namespace quintet::learn {
namespace {

constexpr std::string_view kKeys[] = {
    "type", "objective", "model",     "version",    "label",   "features", "rounds",
    "seed", "nthread",   "num_class", "parameters", "metrics", "lineage",  "segment_rounds"};

constexpr std::string_view kObjectives[] = {"binary:logistic",   "reg:squarederror",
                                            "reg:absoluteerror", "reg:logistic",
                                            "count:poisson",     "multi:softprob"};

template <class List>
bool has(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Expected<void> take_text(const Place& root, std::string_view key, std::string& to) {
  if (!root.has(key)) return {};
  TRY(const Place place, root.member(key));
  TRY(to, place.text());
  return {};
}

template <class Int>
Expected<void> take_integer(const Place& root, std::string_view key, Int& to, std::int64_t least,
                            std::int64_t most) {
  if (!root.has(key)) return {};
  TRY(const Place place, root.member(key));
  TRY(const std::int64_t number, place.integer(least, most));
  to = static_cast<Int>(number);
  return {};
}

Expected<void> take_texts(const Place& root, std::string_view key, std::vector<std::string>& to) {
  if (!root.has(key)) return {};
  TRY(const Place place, root.member(key));
  TRY(const auto places, place.list());
  for (const Place& item : places) {
    TRY(const std::string_view text, item.text());
    to.emplace_back(text);
  }
  return {};
}

Expected<std::string> text_of(const Place& place) {
  if (const auto* truth = std::get_if<bool>(&place.value().is))
    return std::string(*truth ? "1" : "0");
  if (std::holds_alternative<double>(place.value().is)) {
    TRY(const double number, place.number());
    if (!std::isfinite(number)) return place.wrong("is not finite");
    std::string digits;
    JsonWriter(digits).real(number);
    return digits;
  }
  TRY(const std::string_view text, place.text());
  return std::string(text);
}

Expected<void> take_parameters(const Place& root, Request& request) {
  if (!root.has("parameters")) return {};
  TRY(const Place place, root.member("parameters"));
  const auto* members = std::get_if<Value::Members>(&place.value().is);
  if (members == nullptr) return place.wrong("is not an object");
  for (const auto& [name, value] : *members) {
    if (app::find_parameter(request.type, name) == nullptr)
      return place.wrong("has \"" + name + "\", which " + request.type + " cannot take");
    TRY(const Place member, place.member(name));
    TRY(std::string text, text_of(member));
    request.parameters.emplace_back(name, std::move(text));
  }
  std::sort(request.parameters.begin(), request.parameters.end());
  return {};
}

Expected<void> take_lineage(const Place& root, Lineage& lineage) {
  if (!root.has("lineage")) return {};
  TRY(const Place place, root.member("lineage"));
  TRY_DO(take_integer(place, "log_from", lineage.log_from, 0, INT64_MAX));
  TRY_DO(take_integer(place, "log_to", lineage.log_to, 0, INT64_MAX));
  TRY_DO(take_integer(place, "as_of", lineage.as_of, INT64_MIN, INT64_MAX));
  TRY_DO(take_text(place, "application", lineage.application));
  if (!place.has("columns")) return {};
  TRY(const Place columns, place.member("columns"));
  const auto* members = std::get_if<Value::Members>(&columns.value().is);
  if (members == nullptr) return columns.wrong("is not an object");
  for (const auto& [name, value] : *members) {
    TRY(const Place member, columns.member(name));
    TRY(const std::string_view digest, member.text());
    lineage.columns.emplace_back(name, digest);
  }
  return {};
}

Expected<void> check_kind(const Place& root, const Request& request) {
  TRY(const Place type, root.member("type"));
  if (request.type != "xgboost" && request.type != "linear") {
    return type.wrong("is neither xgboost nor linear, the types that can be trained");
  }
  TRY(const Place objective, root.member("objective"));
  const bool linear = request.type == "linear";
  const std::size_t known = linear ? 2 : std::size(kObjectives);
  if (!has(std::span(kObjectives).first(known), request.objective)) {
    return objective.wrong("is \"" + request.objective + "\", for which " + request.type +
                           " cannot be trained");
  }
  return {};
}

Expected<void> check_metrics(const Place& root, const Request& request) {
  const std::string_view task = request.objective == "binary:logistic"    ? "binary"
                                : request.objective.starts_with("multi:") ? "multiclass"
                                                                          : "regression";
  for (const std::string& metric : request.metrics) {
    const std::string_view its = task_of_metric(metric);
    TRY(const Place place, root.member("metrics"));
    if (its.empty()) return place.wrong("has \"" + metric + "\", which is no metric");
    if (its != task) return place.wrong("has \"" + metric + "\", which is for " + std::string(its));
  }
  return {};
}

}  // namespace

Expected<Request> read_request(std::string_view json) {
  TRY(const Value document, read_json(json, JsonFloats::float64));
  const Place root(document);
  const auto* members = std::get_if<Value::Members>(&document.is);
  if (members == nullptr) return invalid("the request is not an object");
  for (const auto& [name, value] : *members) {
    if (!has(kKeys, name)) return invalid("the request has an unknown key \"" + name + "\"");
  }
  Request request;
  for (const std::string_view key : {"type", "objective", "features"}) TRY_DO(root.member(key));
  TRY_DO(take_text(root, "type", request.type));
  TRY_DO(take_text(root, "objective", request.objective));
  TRY_DO(check_kind(root, request));
  TRY_DO(take_text(root, "model", request.model));
  TRY_DO(take_text(root, "label", request.label));
  TRY_DO(take_integer(root, "version", request.version, 0, INT64_MAX));
  TRY_DO(take_texts(root, "features", request.features));
  if (request.features.empty()) return invalid("the request names no features");
  TRY_DO(take_integer(root, "rounds", request.rounds, 1, kMaxTrees));
  TRY_DO(take_integer(root, "segment_rounds", request.segment_rounds, 1, kMaxTrees));
  TRY_DO(take_integer(root, "seed", request.seed, 0, INT64_MAX));
  TRY_DO(take_integer(root, "nthread", request.nthread, 1, 1'024));
  TRY_DO(take_integer(root, "num_class", request.num_class, 0, kMaxClasses));
  TRY_DO(take_parameters(root, request));
  TRY_DO(take_texts(root, "metrics", request.metrics));
  TRY_DO(check_metrics(root, request));
  if (request.metrics.empty()) request.metrics = default_metrics(request.objective);
  TRY_DO(take_lineage(root, request.lineage));
  return request;
}

}  // namespace quintet::learn
