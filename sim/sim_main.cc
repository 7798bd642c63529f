// quintet-sim --seeds FROM:COUNT [--retain] [--coverage] [--verbose] [--stop]: runs seeds, one in
// sixteen twice to see that it gives the same trace, and ends with 'N passed, N failed'. --retain:
// each removes old log, not a few alone. --stop: at the first seed that fails.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/run.h"

namespace quintet::sim {
namespace {

constexpr std::uint64_t kTwiceEvery = 16;  // seeds
constexpr std::uint64_t kProgressEvery = 500;

struct Arguments {
  std::uint64_t first = 1, count = 1;
  bool verbose = false, coverage = false, stop = false, retain = false;
};

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
      char* rest = nullptr;
      out.first = std::strtoull(argv[++i], &rest, 10);
      if (*rest == ':') out.count = std::strtoull(rest + 1, &rest, 10);
      if (*rest != '\0' || out.count == 0) return false;
    } else if (std::strcmp(argv[i], "--verbose") == 0) {
      out.verbose = true;
    } else if (std::strcmp(argv[i], "--stop") == 0) {
      out.stop = true;
    } else if (std::strcmp(argv[i], "--retain") == 0) {
      out.retain = true;
    } else if (std::strcmp(argv[i], "--coverage") == 0) {
      out.coverage = true;
    } else {
      return false;
    }
  }
  return true;
}

void show(std::uint64_t seed, const Verdict& verdict) {
  std::printf("seed %llu: %zu requests, %llu positions, %d restarts, trace %016llx: %s\n",
              static_cast<unsigned long long>(seed), verdict.requests,
              static_cast<unsigned long long>(verdict.positions), verdict.restarts,
              static_cast<unsigned long long>(verdict.trace.high),
              verdict.faults.empty() ? "ok" : "FAILED");
  if (verdict.faults.empty()) return;
  std::printf("    %s\n", verdict.options.c_str());
  for (const std::string& fault : verdict.faults) std::printf("    %.600s\n", fault.c_str());
}

int run(const Arguments& arguments) {
  std::map<std::string, Sites::Count> sites;
  std::uint64_t failed = 0, positions = 0;
  for (std::uint64_t n = 0; n < arguments.count; ++n) {
    const std::uint64_t seed = arguments.first + n;
    const Verdict verdict = run_seed(seed, arguments.retain);
    if (seed % kTwiceEvery == 0 && run_seed(seed, arguments.retain).trace != verdict.trace) {
      std::printf("seed %llu gave another trace the second time\n",
                  static_cast<unsigned long long>(seed));
      ++failed;
      continue;
    }
    if (!verdict.faults.empty()) ++failed;
    if (!verdict.faults.empty() || arguments.verbose) show(seed, verdict);
    if (!verdict.faults.empty() && arguments.stop) {
      std::printf("0 passed, 1 failed\n");
      return 1;
    }
    positions += verdict.positions;
    for (const auto& [name, count] : verdict.sites) {
      sites[name].asked += count.asked;
      sites[name].taken += count.taken;
    }
    if ((n + 1) % kProgressEvery == 0) {
      std::fprintf(stderr, "%llu seeds, %llu failed\n", static_cast<unsigned long long>(n + 1),
                   static_cast<unsigned long long>(failed));
    }
  }
  std::printf(
      "%llu seeds from %llu, %llu positions\n", static_cast<unsigned long long>(arguments.count),
      static_cast<unsigned long long>(arguments.first), static_cast<unsigned long long>(positions));
  for (const auto& [name, count] : sites) {
    if (count.taken == 0 || arguments.coverage) {
      std::printf(
          "    %-45s %9llu of %llu%s\n", name.c_str(), static_cast<unsigned long long>(count.taken),
          static_cast<unsigned long long>(count.asked), count.taken == 0 ? "  (never)" : "");
    }
  }
  std::printf("%llu passed, %llu failed\n",
              static_cast<unsigned long long>(arguments.count - failed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace quintet::sim

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  quintet::sim::Arguments arguments;
  if (!quintet::sim::parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "quintet-sim --seeds FROM:COUNT [--retain] [--coverage] [--verbose] [--stop]\n");
    return 2;
  }
  return quintet::sim::run(arguments);
}
