#include "host/run.h"

#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"

namespace quintet::cli {

int run_command(const Common& common, const RunOptions& options) {
  const auto spec = load_app(common, options.app, options.pattern);
  if (spec == nullptr) return kFault;
  host::RunSettings settings;
  settings.spec = spec;
  settings.data_directory = options.data.empty() ? ".quintet/" + spec->app : options.data;
  settings.address = options.host;
  settings.port = static_cast<std::uint16_t>(options.port);
  settings.on_ready = [&](const std::string& url) {
    if (common.json) {
      std::string out;
      JsonWriter json(out);
      json.begin_object().field("url", url).field("data", settings.data_directory).end_object();
      std::printf("%s\n", out.c_str());
    } else {
      std::printf("%s is ready at %s (data in %s)\n", spec->app.c_str(), url.c_str(),
                  settings.data_directory.c_str());
    }
    std::fflush(stdout);
  };
  if (const auto result = host::run(settings); !result) return report(common, result.error());
  return kOk;
}

}  // namespace quintet::cli
