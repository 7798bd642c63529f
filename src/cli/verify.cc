#include "tool/verify.h"

#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/progress.h"

namespace quintet::cli {

namespace {

void print(const tool::VerifyReport& report) {
  for (const std::string& fault : report.faults) std::printf("differs: %s\n", fault.c_str());
  std::printf("positions %llu to %llu, %llu results, %zu parts of snapshots\n",
              static_cast<unsigned long long>(report.first),
              static_cast<unsigned long long>(report.last),
              static_cast<unsigned long long>(report.results), report.snapshots);
  if (report.erased_since > 0) {
    std::printf("%llu results were decided with what was erased since\n",
                static_cast<unsigned long long>(report.erased_since));
  }
  if (report.before_base > 0) {
    std::printf("%llu results are older than the log's base and were only read\n",
                static_cast<unsigned long long>(report.before_base));
  }
  std::printf("results  %s\nstate    %s\n", report.results_digest.c_str(),
              report.state_digest.c_str());
  std::printf("%s\n", report.holds() ? "what was recorded equals a fold of the log"
                                     : "what was recorded is not a fold of the log");
}

void print_json(const tool::VerifyReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("holds").boolean(report.holds());
  json.key("first").uint64(report.first).key("last").uint64(report.last);
  json.key("results").uint64(report.results).key("different").uint64(report.different);
  json.key("erased_since").uint64(report.erased_since);
  json.key("before_base").uint64(report.before_base);
  json.key("snapshots").uint64(report.snapshots);
  json.field("results_digest", report.results_digest).field("state_digest", report.state_digest);
  json.key("faults").begin_array();
  for (const std::string& fault : report.faults) json.text(fault);
  json.end_array().end_object();
  std::printf("%s\n", out.c_str());
}

}  // namespace

int verify_command(const Common& common, const VerifyOptions& options) {
  if (options.data.empty() == options.app.empty()) {
    return report_usage(common, invalid("say which application, or --data and a log's directory"));
  }
  if (options.data.empty()) return verify_patterns_command(common, options);
  const auto log = tool::StoredLog::open(options.data);
  if (!log) return report(common, log.error());
  SystemClock clock;
  const bool quiet = common.quiet || common.json;
  tool::Progress progress(
      "verify", quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic, clock);
  const auto found =
      tool::verify(**log, [&](Position done, Position last) { progress.at(done, last, done); });
  if (!found) return report(common, found.error());
  progress.finish(found->last);
  if (common.json) {
    print_json(*found);
  } else {
    print(*found);
  }
  return found->holds() ? kOk : kFault;
}

}  // namespace quintet::cli
