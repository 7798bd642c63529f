// Commands to an application of several processes that runs on this machine.
#include <chrono>
#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"
#include "host/control.h"

namespace quintet::cli {

namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Expected<void> check_directory(const std::string& data) {
  if (data.find("://") == std::string::npos) return {};
  return invalid(
      "give the directory of the application, on the machine where it runs, not its URL");
}

}  // namespace

int scale_command(const Common& common, const ScaleOptions& options) {
  if (const auto is = check_directory(options.data); !is) return report_usage(common, is.error());
  const auto count = host::read_replica_count(options.count);
  if (!count) return report_usage(common, count.error());
  const auto begin = std::chrono::steady_clock::now();
  if (!common.quiet) std::fprintf(stderr, "replicas are started or ended, and shards move\n");
  const auto before = host::ask_replicas(options.data, {"infer", *count});
  if (!before) return report(common, before.error());
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("service", "infer").key("before").uint64(*before);
    json.key("replicas").uint64(*count).key("seconds").real(seconds_since(begin)).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("infer has %u replicas (%u before), after %.1f s\n", *count, *before,
                seconds_since(begin));
  }
  return kOk;
}

int restart_command(const Common& common, const std::string& data) {
  if (const auto is = check_directory(data); !is) return report_usage(common, is.error());
  const auto begin = std::chrono::steady_clock::now();
  if (!common.quiet) std::fprintf(stderr, "processes are started anew, one after the other\n");
  if (const auto done = host::ask_restart(data); !done) return report(common, done.error());
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("seconds").real(seconds_since(begin)).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("all processes are new, after %.1f s\n", seconds_since(begin));
  }
  return kOk;
}

}  // namespace quintet::cli
