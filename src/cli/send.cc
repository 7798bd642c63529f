#include "tool/send.h"

#include <cstdio>

#include "base/json_in.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/door.h"

namespace quintet::cli {

namespace {

Expected<tool::SendOptions> options_of(const SendOptions& options,
                                       std::shared_ptr<const app::Spec> spec) {
  tool::SendOptions result;
  result.spec = std::move(spec);
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *result.spec));
    result.inputs.push_back(std::move(file));
  }
  result.url = options.url;
  const tool::Door door = door_of(options.url, options.access);
  result.token = door.token;
  result.ca_file = door.ca_file;
  result.output = options.output;
  result.session = options.session;
  result.rate = options.rate;
  result.limit = options.limit;
  result.patience = static_cast<Micros>(options.patience * static_cast<double>(kSecond));
  return result;
}

void say(const Common& common, const tool::SendReport& sent, std::FILE* out) {
  const double seconds = static_cast<double>(sent.took) / static_cast<double>(kSecond);
  if (common.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("acknowledged").uint64(sent.acknowledged).key("refused");
    json.uint64(sent.refused).key("skipped").uint64(sent.skipped);
    json.key("reconnects").uint64(sent.reconnects);
    json.key("seconds").real(seconds).end_object();
    std::fprintf(out, "%s\n", text.c_str());
    return;
  }
  std::fprintf(out, "%llu acknowledged, %llu refused in %.1f s",
               static_cast<unsigned long long>(sent.acknowledged),
               static_cast<unsigned long long>(sent.refused), seconds);
  if (sent.reconnects != 0) {
    std::fprintf(out, ", %llu new connections", static_cast<unsigned long long>(sent.reconnects));
  }
  std::fprintf(out, "%s\n", sent.refused == 0 ? "" : "; quintet dead-letters shows the refused");
}

}  // namespace

int send_command(const Common& common, const SendOptions& options) {
  std::shared_ptr<const app::Spec> spec;
  if (options.app.empty()) {
    auto running = tool::application_of(door_of(options.url, options.access));
    if (!running) {
      const bool forbidden = running.error().message() == "the token does not allow this";
      return report(common, forbidden ? invalid("the token may not read the application file that "
                                                "runs there; say which it is: --app FILE")
                                      : running.error());
    }
    spec = *std::move(running);
  } else {
    const auto loaded = load_app(common, options.app);
    if (loaded.spec == nullptr) return loaded.status;
    spec = loaded.spec;
  }
  const auto prepared = options_of(options, spec);
  if (!prepared) return report_usage(common, prepared.error());
  SystemClock clock;
  tool::Progress progress(
      "send", common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic, clock);
  BadLines bad_lines("refused: ");
  const auto sent =
      tool::send(*prepared, progress, clock,
                 [&](const std::string& path, std::uint64_t line, const std::string& answer) {
                   const auto document = JsonDocument::parse(answer);
                   const JsonValue error = document ? document->root().find("error") : JsonValue();
                   const std::string why(error.find("detail").text());
                   bad_lines.show(path, line, std::string(error.find("field").text()),
                                  why.empty() ? answer : why);
                 });
  if (!sent) return report(common, sent.error());
  say(common, *sent, options.output == "-" ? stderr : stdout);
  return sent->refused == 0 ? kOk : kFault;
}

}  // namespace quintet::cli
