#include <cstdio>

#include "base/json_in.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "host/workshop.h"
#include "tool/door.h"

namespace quintet::cli {

namespace {

// The state is folded again from the log before it answers.
constexpr Micros kPatience = 6 * kHour;

Expected<std::string> ask(const EraseOptions& options, const std::string& body) {
  if (options.where.find("://") != std::string::npos) {
    tool::Door door = door_of(options.where, options.access);
    door.timeout = kPatience;
    TRY(auto response, tool::ask(door, "POST", "/v1/erase", body));
    return std::move(response.body);
  }
  TRY(const auto workshop, host::Workshop::open(options.where, nullptr));
  auto answer = workshop->ask("POST", "/v1/erase", body);
  if (answer.status / 100 != 2) return tool::error_of({answer.status, {}, std::move(answer.body)});
  return std::move(answer.body);
}

}  // namespace

int erase_command(const Common& common, const EraseOptions& options) {
  if (options.value.empty() == options.subject.empty()) {
    return report_usage(common, invalid("say who: either --value or --subject"));
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (options.subject.empty()) {
    json.field("value", options.value);
  } else {
    json.field("subject", options.subject);
  }
  json.end_object();
  const auto answer = ask(options, body);
  if (!answer) return report(common, answer.error());
  if (common.json) {
    std::printf("%s\n", answer->c_str());
    return kOk;
  }
  const auto document = JsonDocument::parse(*answer);
  if (!document || !document->root().is(JsonKind::object)) {
    return report_usage(common, unavailable(options.where + " answers, but not as an application"));
  }
  std::printf("subject %s is erased at position %s\n",
              std::string(document->root().find("subject").text()).c_str(),
              std::string(document->root().find("position").text()).c_str());
  return kOk;
}

}  // namespace quintet::cli
