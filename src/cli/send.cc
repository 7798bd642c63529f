#include "tool/send.h"

#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/door.h"

namespace quintet::cli {

namespace {

constexpr std::uint64_t kShownLines = 10;

Expected<tool::SendOptions> options_of(const SendOptions& options,
                                       std::shared_ptr<const app::Spec> spec) {
  tool::SendOptions result;
  result.spec = std::move(spec);
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *result.spec));
    result.inputs.push_back(std::move(file));
  }
  result.url = options.url;
  result.token = token_of(options.token);
  result.output = options.output;
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
    json.uint64(sent.refused).key("reconnects").uint64(sent.reconnects);
    json.key("seconds").real(seconds).end_object();
    std::fprintf(out, "%s\n", text.c_str());
    return;
  }
  std::fprintf(out, "%llu acknowledged, %llu refused in %.1f s\n",
               static_cast<unsigned long long>(sent.acknowledged),
               static_cast<unsigned long long>(sent.refused), seconds);
}

}  // namespace

int send_command(const Common& common, const SendOptions& options) {
  std::shared_ptr<const app::Spec> spec;
  if (options.app.empty()) {
    auto running = tool::application_of({options.url, token_of(options.token)});
    if (!running) return report(common, running.error());
    spec = *std::move(running);
  } else {
    spec = load_app(common, options.app);
    if (spec == nullptr) return kFault;
  }
  const auto prepared = options_of(options, spec);
  if (!prepared) return report(common, prepared.error());
  SystemClock clock;
  tool::Progress progress(
      "send", common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic, clock);
  std::uint64_t shown = 0;
  const auto sent = tool::send(
      *prepared, progress, clock,
      [&](const std::string& path, std::uint64_t line, const std::string& answer) {
        if (++shown > kShownLines) return;
        std::fprintf(stderr, "%s:%llu: refused: %s\n", path.c_str(),
                     static_cast<unsigned long long>(line), answer.c_str());
      });
  if (!sent) return report(common, sent.error());
  say(common, *sent, options.output == "-" ? stderr : stdout);
  return sent->refused == 0 ? kOk : kFault;
}

}  // namespace quintet::cli
