#include "learn/card.h"

#include "base/json_out.h"

namespace quintet::learn {
namespace {

void add_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void add_lineage(JsonWriter& json, const Lineage& lineage) {
  json.key("lineage").begin_object();
  json.key("log_from").int64(lineage.log_from);
  json.key("log_to").int64(lineage.log_to);
  json.key("as_of").int64(lineage.as_of);
  json.key("application").text(lineage.application);
  json.key("columns").begin_object();
  for (const auto& [name, digest] : lineage.columns) json.key(name).text(digest);
  json.end_object();
  json.key("rows").text(lineage.rows);
  json.key("library").text(lineage.library);
  json.end_object();
}

void add_calibration(JsonWriter& json, const std::vector<CalibrationBin>& bins) {
  json.key("calibration").begin_array();
  for (const CalibrationBin& bin : bins) {
    json.begin_object();
    json.key("low").real(bin.low);
    json.key("high").real(bin.high);
    json.key("count").uint64(bin.count);
    json.key("mean_score").real(bin.mean_score);
    json.key("positive_share").real(bin.positive_share);
    json.end_object();
  }
  json.end_array();
}

// A number with as many digits as tell it from its neighbours.
std::string digits_of(double value) {
  std::string out;
  JsonWriter(out).real(value);
  return out;
}

// Text in a table's cell or in a line of its own: what Markdown would read as its own is escaped.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>#|!").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += ", ";
    out += plain(text);
  }
  return out;
}

void add_row(std::string& out, std::string_view name, std::string_view value) {
  out += "| " + plain(name) + " | " + std::string(value) + " |\n";
}

}  // namespace

std::string to_json(const Card& card) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("model").text(card.model);
  json.key("version").int64(card.version);
  json.key("digest").text(card.digest);
  json.key("type").text(card.type);
  json.key("objective").text(card.objective);
  json.key("label").text(card.label);
  add_texts(json, "inputs", card.inputs);
  add_texts(json, "outputs", card.outputs);
  json.key("metrics").begin_object();
  for (const CardMetrics& metric : card.metrics) json.key(metric.name).real(metric.value);
  json.end_object();
  add_calibration(json, card.calibration);
  json.key("rows_train").uint64(card.rows_train);
  json.key("rows_holdout").uint64(card.rows_holdout);
  json.key("parameters").begin_object();
  for (const auto& [name, value] : card.parameters) json.key(name).text(value);
  json.end_object();
  json.key("seed").uint64(card.seed);
  add_lineage(json, card.lineage);
  json.end_object();
  return out + "\n";
}

std::string to_markdown(const Card& card) {
  std::string out = "# Model " + plain(card.model) + ", version " + std::to_string(card.version) +
                    "\n\n| what | value |\n|---|---|\n";
  add_row(out, "digest", card.digest);
  add_row(out, "type", plain(card.type));
  add_row(out, "objective", plain(card.objective));
  add_row(out, "label", plain(card.label));
  add_row(out, "inputs", joined(card.inputs));
  add_row(out, "outputs", joined(card.outputs));
  add_row(out, "training rows", std::to_string(card.rows_train));
  add_row(out, "holdout rows", std::to_string(card.rows_holdout));
  out += "\n## On the holdout\n\n| metric | value |\n|---|---|\n";
  for (const CardMetrics& metric : card.metrics) add_row(out, metric.name, digits_of(metric.value));
  if (!card.calibration.empty()) {
    out += "\n## Calibration\n\n| score | rows | mean score | share of positives |\n";
    out += "|---|---|---|---|\n";
    for (const CalibrationBin& bin : card.calibration) {
      out += "| " + digits_of(bin.low) + " to " + digits_of(bin.high) + " | " +
             std::to_string(bin.count) + " | " + digits_of(bin.mean_score) + " | " +
             digits_of(bin.positive_share) + " |\n";
    }
  }
  out += "\n## How it was trained\n\n| parameter | value |\n|---|---|\n";
  for (const auto& [name, value] : card.parameters) add_row(out, name, plain(value));
  add_row(out, "seed", std::to_string(card.seed));
  const Lineage& lineage = card.lineage;
  out += "\n## From what\n\n| what | value |\n|---|---|\n";
  add_row(out, "log", std::to_string(lineage.log_from) + " to " + std::to_string(lineage.log_to));
  add_row(out, "labels as of", std::to_string(lineage.as_of) + " us since 1970 UTC");
  add_row(out, "application", lineage.application);
  add_row(out, "rows", lineage.rows);
  add_row(out, "library", plain(lineage.library));
  for (const auto& [name, digest] : lineage.columns) add_row(out, "column " + name, digest);
  return out;
}

}  // namespace quintet::learn
