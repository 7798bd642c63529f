#include <cstdio>
#include <filesystem>

#include "base/decimal.h"
#include "base/json_in.h"
#include "cli/commands.h"
#include "host/model_files.h"
#include "host/workshop.h"
#include "tool/door.h"

namespace quintet::cli {

namespace {

// A number, or none if it was left out.
Expected<std::optional<std::int64_t>> version_of(const ModelsOptions& options) {
  if (options.argument.empty()) return std::optional<std::int64_t>();
  const auto number = parse_int64(options.argument);
  if (!number || *number < 0 || *number > INT32_MAX) {
    return invalid("a version is a number, this is \"" + options.argument + "\"").at("version");
  }
  return std::optional(*number);
}

Expected<tool::DoorRequest> import_of(const ModelsOptions& options) {
  if (options.argument.empty()) return invalid("say which file").at("file");
  tool::DoorRequest request;
  request.method = "POST";
  const std::string name = std::filesystem::path(options.argument).filename();
  request.target = "/v1/models/" + tool::percent_encode(options.model) +
                   "/versions?file=" + tool::percent_encode(name);
  TRY(request.body, host::read_model_file(options.argument));
  request.content_type = "application/octet-stream";
  return request;
}

Expected<tool::DoorRequest> question_of(const ModelsOptions& options) {
  tool::DoorRequest question;
  question.target = "/v1/models";
  if (options.action == "list") return question;
  if (options.model.empty()) return invalid("say which model").at("model");
  if (options.action == "import") return import_of(options);
  question.target += "/" + tool::percent_encode(options.model);
  TRY(const auto version, version_of(options));
  if (options.action == "show") {
    if (version) question.target += "/versions/" + std::to_string(*version);
    return question;
  }
  question.method = "POST";
  question.target += "/" + options.action;
  question.body = "{}";
  if (options.action == "promote") {
    if (!version) return invalid("say which version").at("version");
    question.body = "{\"version\":" + std::to_string(*version) + "}";
  }
  return question;
}

bool is_url(const std::string& where) {
  return where.find("://") != std::string::npos;
}

// What a directory answers is what the door of an application on it would.
Expected<std::string> ask(const ModelsOptions& options, const tool::DoorRequest& question) {
  if (is_url(options.where)) {
    TRY(auto response, tool::ask(door_of(options.where, options.access), question));
    return std::move(response.body);
  }
  TRY(const auto workshop, host::Workshop::open(options.where, nullptr));
  auto answer = workshop->ask(question.method, question.target, question.body);
  if (answer.status / 100 != 2) return tool::error_of({answer.status, {}, std::move(answer.body)});
  return std::move(answer.body);
}

std::string text(const JsonValue& object, const char* name) {
  return std::string(object.find(name).text());
}

// The version, whether it is in force, its figures.
void print_version(const std::string& model, const JsonValue& version, bool in_force) {
  std::printf("%-20s %4lld %-9s %s ", model.c_str(),
              static_cast<long long>(version.find("version").as_int64().value_or(0)),
              in_force ? "in force" : "", text(version, "created_at").c_str());
  if (const auto file = version.find("imported_from")) {
    std::printf(" imported from %s", std::string(file.text()).c_str());
  }
  auto metric = version.find("result").find("metrics").first();
  for (; metric; metric = metric.next()) {
    std::printf(" %s %.4f", std::string(metric.name()).c_str(), metric.as_double().value_or(0));
  }
  std::printf("\n");
}

void print_model(const JsonValue& model) {
  const std::string name = text(model, "model");
  const auto in_force = model.find("in_force").as_int64();
  const auto versions = model.find("versions");
  if (versions.size() == 0) std::printf("%-20s has no version yet\n", name.c_str());
  for (auto version = versions.first(); version; version = version.next()) {
    print_version(name, version, in_force == version.find("version").as_int64());
  }
  for (auto change = model.find("promotions").first(); change; change = change.next()) {
    const auto version = change.find("version").as_int64().value_or(0);
    const std::string what = version == 0 ? "none" : "version " + std::to_string(version);
    std::printf("%-20s %s in force after position %s: %s\n", "", what.c_str(),
                text(change, "position").c_str(), text(change, "reason").c_str());
  }
}

void print_training(const JsonValue& result, const JsonValue& card) {
  std::printf("%-24s %12s %12s\n", "on the holdout", "model", "plain guess");
  for (auto metric = result.find("metrics").first(); metric; metric = metric.next()) {
    const std::string name(metric.name());
    std::printf("%-24s %12.6f %12.6f\n", name.c_str(), metric.as_double().value_or(0),
                result.find("baseline").find(name).as_double().value_or(0));
  }
  std::printf("%s rows learned from, %s judged on, label %s\nparameters",
              text(result, "rows_train").c_str(), text(result, "rows_holdout").c_str(),
              text(card, "label").c_str());
  for (auto one = card.find("parameters").first(); one; one = one.next()) {
    std::printf(" %s=%s", std::string(one.name()).c_str(), std::string(one.text()).c_str());
  }
  std::printf("\n");
}

void print_whole(const JsonValue& version) {
  print_version(text(version, "model"), version, version.find("in_force").as_bool() == true);
  const JsonValue result = version.find("result"), card = version.find("card");
  if (const auto from = card.find("imported")) {
    std::printf("imported from %s, sha256 %s\nobjective %s\n", text(from, "file").c_str(),
                text(from, "sha256").c_str(), text(card, "objective").c_str());
  } else {
    print_training(result, card);
  }
  std::printf("inputs");
  for (auto input = card.find("inputs").first(); input; input = input.next()) {
    std::printf(" %s", std::string(input.text()).c_str());
  }
  std::printf("\ndigest %s\n", text(version, "digest").c_str());
}

void print_import(const ModelsOptions& options, const JsonValue& answer) {
  const auto version = static_cast<long long>(answer.find("version").as_int64().value_or(0));
  std::printf("%s is version %lld of %s%s\n", options.argument.c_str(), version,
              options.model.c_str(), answer.find("registered").as_bool() == true ? "" : " already");
  std::printf("next: quintet models %s promote %s %lld\n", options.where.c_str(),
              options.model.c_str(), version);
}

void print_change(const JsonValue& answer) {
  const auto version = answer.find("in_force").as_int64().value_or(0);
  const std::string what = version == 0 ? "no version" : "version " + std::to_string(version);
  std::printf("%s: %s is in force after position %lld (%s)\n", text(answer, "model").c_str(),
              what.c_str(), static_cast<long long>(answer.find("position").as_int64().value_or(0)),
              text(answer, "reason").c_str());
}

}  // namespace

int models_command(const Common& common, const ModelsOptions& options) {
  const auto question = question_of(options);
  if (!question) return report_usage(common, question.error());
  const auto answer = ask(options, *question);
  if (!answer) return report(common, answer.error());
  const auto document = JsonDocument::parse(*answer);
  if (common.json) {
    std::printf("%s\n", answer->c_str());
    return kOk;
  }
  if (!document || !document->root().is(JsonKind::object)) {
    return report_usage(common, unavailable(options.where + " answers, but not as an application"));
  }
  const JsonValue root = document->root();
  if (options.action == "list") {
    for (auto model = root.find("models").first(); model; model = model.next()) print_model(model);
  } else if (options.action == "import") {
    print_import(options, root);
  } else if (options.action != "show") {
    print_change(root);
  } else if (options.argument.empty()) {
    print_model(root);
  } else {
    print_whole(root);
  }
  return kOk;
}

}  // namespace quintet::cli
