#include "tool/doctor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "base/civil.h"
#include "base/limits.h"
#include "event/types.h"
#include "host/limits.h"
#include "pattern/topology.h"
#include "store/location.h"
#include "store/postgres.h"

namespace quintet::tool {

namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kLittleDisk = 1024 * kMegabyte;
constexpr rlim_t kFewFiles = 4096;
constexpr int kSyncs = 10;
constexpr Micros kSlowSync = 50'000;

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void add(std::vector<Finding>& out, std::string name, std::string value) {
  out.push_back({std::move(name), std::move(value), Finding::State::fact, {}});
}

void judge(std::vector<Finding>& out, std::string name, std::string value, const std::string& hint,
           const bool good) {
  out.push_back({std::move(name), std::move(value),
                 good ? Finding::State::good : Finding::State::bad, good ? "" : hint});
}

void examine_build(std::vector<Finding>& out) {
  add(out, "quintet", "0.1.0");
  add(out, "semantics version", std::to_string(kSemanticsVersion));
  add(out, "shards, key hash", std::to_string(kShardCount) + ", " + std::string(kKeyHashName));
  std::string patterns;
  for (const auto name : pattern::pattern_names()) {
    patterns.append(patterns.empty() ? "" : ", ").append(name);
  }
  add(out, "patterns", patterns);
  add(out, "compiler", __VERSION__);
  const host::HttpLimits limits;
  add(out, "limits of the door",
      std::to_string(limits.connections) + " connections, body " +
          std::to_string(limits.whole_body) + " bytes, line " + std::to_string(kMaxEventBytes) +
          " bytes, " + std::to_string(limits.headers) + " headers");
}

void examine_machine(std::vector<Finding>& out) {
  utsname names{};
  if (uname(&names) == 0) {
    add(out, "system", std::string(names.sysname) + " " + names.release + " " + names.machine);
  }
  add(out, "processors", std::to_string(std::thread::hardware_concurrency()));
  const auto pages = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES)));
  const auto page = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PAGESIZE)));
  add(out, "memory", std::to_string(pages * page / kMegabyte) + " MiB");
  const std::string memory = first_line("/sys/fs/cgroup/memory.max");
  const std::string cpu = first_line("/sys/fs/cgroup/cpu.max");
  if (!memory.empty() || !cpu.empty()) {
    add(out, "cgroup", "memory.max " + memory + ", cpu.max " + cpu);
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    judge(out, "open files", std::to_string(files.rlim_cur),
          "each connection needs one: ulimit -n " + std::to_string(kFewFiles),
          files.rlim_cur >= host::HttpLimits{}.connections + 64);
  }
}

// The nearest folder that is there.
std::string existing(std::string path) {
  while (!path.empty() && access(path.c_str(), F_OK) != 0) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    path.resize(slash);
  }
  return path.empty() ? "/" : path;
}

// How long one durable write takes; negative if it cannot be written.
Micros sync_time(const std::string& folder, Clock& clock) {
  std::string path = folder + "/.quintet-doctor-XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) return -1;
  unlink(path.c_str());
  const Micros begin = clock.steady();
  bool good = true;
  for (int i = 0; i < kSyncs; ++i) {
    good = good && write(file, "quintet", 7) == 7 && fdatasync(file) == 0;
  }
  const Micros took = (clock.steady() - begin) / kSyncs;
  close(file);
  return good ? took : -1;
}

void examine_disk(std::vector<Finding>& out, const std::string& data, Clock& clock) {
  const std::string folder = existing(data);
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) == 0) {
    const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    judge(out, "free disk at " + folder, std::to_string(free / kMegabyte) + " MiB",
          "a log grows; give it at least 1 GiB", free >= kLittleDisk);
  }
  const Micros took = sync_time(folder, clock);
  judge(out, "durable write", took < 0 ? "impossible" : std::to_string(took) + " us",
        took < 0 ? folder + " cannot be written to"
                 : "commits are slow on this disk; events wait for them",
        took >= 0 && took < kSlowSync);
}

void examine_server(std::vector<Finding>& out, const std::string& url) {
  const auto facts = store::look_at_postgres(url);
  if (!facts) {
    judge(out, "store on PostgreSQL", facts.error().message(), "docs/reference/store.md", false);
    return;
  }
  judge(out, "store on PostgreSQL", facts->place + ", server " + facts->version, "", true);
  judge(out, "its schemas", facts->may_create ? "may be made" : "must be made by somebody else",
        "CREATE SCHEMA ... AUTHORIZATION, by whoever may, unless they are there",
        facts->may_create);
  for (const std::string& less : facts->shortfall) {
    judge(out, "it promises less", less, "docs/reference/store.md", false);
  }
}

}  // namespace

std::vector<Finding> examine(const std::string& data, const std::string& given, Clock& clock) {
  std::vector<Finding> out;
  examine_build(out);
  examine_machine(out);
  const Micros now = clock.wall();
  judge(out, "clock", format_time(now), "the clock is wrong: events would be refused as too early",
        year_of(now) >= 2024);
  examine_disk(out, data, clock);
  std::string url = given;
  if (url.empty()) {
    const auto location = store::location_of(data);
    if (!location) judge(out, "store", location.error().message(), "put it right", false);
    if (location) url = location->url;
  }
  if (!url.empty()) examine_server(out, url);
  return out;
}

}  // namespace quintet::tool
