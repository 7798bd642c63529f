#include <cstdio>

#include "base/json_in.h"
#include "cli/commands.h"
#include "host/http_client.h"
#include "host/workshop.h"

namespace quintet::cli {

namespace {

constexpr Micros kTimeout = 10 * kSecond;

struct Question {
  std::string method = "GET";
  std::string path = "/v1/models";
  std::string body;
};

Expected<Question> question_of(const ModelsOptions& options) {
  Question question;
  if (options.action == "list") return question;
  if (options.model.empty()) return invalid("say which model").at("model");
  question.path += "/" + options.model;
  if (options.action == "show") {
    if (options.version >= 0) question.path += "/versions/" + std::to_string(options.version);
    return question;
  }
  question.method = "POST";
  question.path += "/" + options.action;
  question.body = "{}";
  if (options.action == "promote") {
    if (options.version < 0) return invalid("say which version").at("version");
    question.body = "{\"version\":" + std::to_string(options.version) + "}";
  }
  return question;
}

Expected<host::Workshop::Answer> ask(const std::string& where, const Question& question) {
  if (where.starts_with("http")) {
    TRY(const host::Url url, host::parse_url(where));
    TRY(auto client, host::HttpClient::connect(url.host, url.port, kTimeout));
    host::ClientRequest request{question.method, question.path, {}, question.body};
    if (!question.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    TRY(auto response, client.ask(request));
    return host::Workshop::Answer{response.status, std::move(response.body)};
  }
  TRY(const auto workshop, host::Workshop::open(where, nullptr));
  return workshop->ask(question.method, question.path, question.body);
}

// A line a version: the model, the version, whether it is in force, its figures.
void print_list(const JsonValue& models) {
  for (auto model = models.first(); model; model = model.next()) {
    const std::string name(model.find("model").text());
    const auto in_force = model.find("in_force").as_int64();
    const auto versions = model.find("versions");
    if (versions.size() == 0) std::printf("%-20s has no version yet\n", name.c_str());
    for (auto version = versions.first(); version; version = version.next()) {
      const auto number = version.find("version").as_int64().value_or(0);
      std::printf("%-20s %4lld %-9s %s ", name.c_str(), static_cast<long long>(number),
                  in_force == number ? "in force" : "",
                  std::string(version.find("created_at").text()).c_str());
      auto metric = version.find("result").find("metrics").first();
      for (; metric; metric = metric.next()) {
        std::printf(" %s %.4f", std::string(metric.name()).c_str(),
                    metric.as_double().value_or(0));
      }
      std::printf("\n");
    }
  }
}

}  // namespace

int models_command(const Common& common, const ModelsOptions& options) {
  const auto question = question_of(options);
  if (!question) return report(common, question.error());
  const auto answer = ask(options.where, *question);
  if (!answer) return report(common, answer.error());
  const auto document = JsonDocument::parse(answer->body);
  if (answer->status != 200) {
    const std::string why(document ? document->root().find("detail").text() : answer->body);
    return report(common, answer->status == 404 ? not_found(why) : invalid(why));
  }
  if (document && !common.json && options.action == "list") {
    print_list(document->root().find("models"));
  } else {
    std::printf("%s\n", answer->body.c_str());
  }
  return kOk;
}

}  // namespace quintet::cli
