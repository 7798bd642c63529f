#include "tool/doctor.h"

#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"

namespace quintet::cli {

namespace {

std::string_view name_of(tool::Finding::State state) {
  switch (state) {
    case tool::Finding::State::fact: return "fact";
    case tool::Finding::State::good: return "good";
    case tool::Finding::State::bad: return "bad";
  }
  return "";
}

void print_json(const std::vector<tool::Finding>& findings) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const tool::Finding& finding : findings) {
    json.begin_object().field("name", finding.name).field("value", finding.value);
    json.field("state", name_of(finding.state));
    if (!finding.hint.empty()) json.field("hint", finding.hint);
    json.end_object();
  }
  json.end_array();
  std::printf("%s\n", out.c_str());
}

}  // namespace

int doctor_command(const Common& common, const std::string& data, const std::string& store) {
  SystemClock clock;
  const auto url = store_url_of(store);
  if (!url) return report_usage(common, url.error());
  const auto findings = tool::examine(data.empty() ? ".quintet" : data, *url, clock);
  bool good = true;
  for (const tool::Finding& finding : findings) {
    good = good && finding.state != tool::Finding::State::bad;
    if (common.json) continue;
    const bool bad = finding.state == tool::Finding::State::bad;
    const char* mark = bad ? "BAD" : finding.state == tool::Finding::State::good ? "ok" : "";
    std::printf("%-4s %-28s %s\n", mark, finding.name.c_str(), finding.value.c_str());
    if (bad) std::printf("%-4s %-28s help: %s\n", "", "", finding.hint.c_str());
  }
  if (common.json) print_json(findings);
  return good ? kOk : kUsage;
}

}  // namespace quintet::cli
