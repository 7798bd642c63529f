#include "learn/card.h"

#include "learn/json_writer.h"

namespace quintet::learn {
namespace {

void add_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).open_list();
  for (const std::string& text : texts) json.text(text);
  json.close_list();
}

void add_lineage(JsonWriter& json, const Lineage& lineage) {
  json.key("lineage").open_object();
  json.key("log_from").number(lineage.log_from);
  json.key("log_to").number(lineage.log_to);
  json.key("as_of").number(lineage.as_of);
  json.key("application").text(lineage.application);
  json.key("columns").open_object();
  for (const auto& [name, digest] : lineage.columns) json.key(name).text(digest);
  json.close_object();
  json.key("rows").text(lineage.rows);
  json.key("library").text(lineage.library);
  json.close_object();
}

void add_calibration(JsonWriter& json, const std::vector<CalibrationBin>& bins) {
  json.key("calibration").open_list();
  for (const CalibrationBin& bin : bins) {
    json.open_object();
    json.key("low").number(bin.low);
    json.key("high").number(bin.high);
    json.key("count").number(bin.count);
    json.key("mean_score").number(bin.mean_score);
    json.key("positive_share").number(bin.positive_share);
    json.close_object();
  }
  json.close_list();
}

// A number with as many digits as tell it from its neighbours.
std::string shown(double value) {
  return JsonWriter().number(value).take();
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
  JsonWriter json;
  json.open_object();
  json.key("model").text(card.model);
  json.key("version").number(card.version);
  json.key("digest").text(card.digest);
  json.key("type").text(card.type);
  json.key("objective").text(card.objective);
  json.key("label").text(card.label);
  add_texts(json, "inputs", card.inputs);
  add_texts(json, "outputs", card.outputs);
  json.key("metrics").open_object();
  for (const CardMetrics& metric : card.metrics) json.key(metric.name).number(metric.value);
  json.close_object();
  add_calibration(json, card.calibration);
  json.key("rows_train").number(card.rows_train);
  json.key("rows_holdout").number(card.rows_holdout);
  json.key("parameters").open_object();
  for (const auto& [name, value] : card.parameters) json.key(name).text(value);
  json.close_object();
  json.key("seed").number(card.seed);
  add_lineage(json, card.lineage);
  json.close_object();
  return json.take() + "\n";
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
  for (const CardMetrics& metric : card.metrics) add_row(out, metric.name, shown(metric.value));
  if (!card.calibration.empty()) {
    out += "\n## Calibration\n\n| score | rows | mean score | share of positives |\n";
    out += "|---|---|---|---|\n";
    for (const CalibrationBin& bin : card.calibration) {
      out += "| " + shown(bin.low) + " to " + shown(bin.high) + " | " + std::to_string(bin.count) +
             " | " + shown(bin.mean_score) + " | " + shown(bin.positive_share) + " |\n";
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
