#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "host/metrics.h"

namespace quintet::host {

namespace {

struct ProcessFacts {
  double cpu_seconds = 0, resident = 0, virtual_size = 0, threads = 0, started_ticks = 0;
};

// Fields of /proc/self/stat by their number in proc(5); the name in field 2 may hold spaces, so
// counting begins after its last parenthesis.
ProcessFacts read_facts() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  if (end == text.npos) return {};
  std::istringstream fields(text.substr(end + 1));
  const double tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFacts facts;
  std::string field;
  for (int number = 3; fields >> field && number <= 24; ++number) {
    const double value = std::strtod(field.c_str(), nullptr);
    if (number == 14 || number == 15) facts.cpu_seconds = facts.cpu_seconds + value / tick;
    if (number == 20) facts.threads = value;
    if (number == 22) facts.started_ticks = value / tick;
    if (number == 23) facts.virtual_size = value;
    if (number == 24) facts.resident = value * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  return facts;
}

double count_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (!directory) return 0;
  double count = -1;  // the directory itself
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count;
}

double boot_time() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
    std::getline(file, word);
  }
  return 0;
}

}  // namespace

void Metrics::add_process_metrics() {
  Gauge& resident = gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  Gauge& virtual_size = gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  Gauge& open = gauge("process_open_fds", "Number of open file descriptors.");
  Gauge& most = gauge("process_max_fds", "Maximum number of open file descriptors.");
  Gauge& threads = gauge("process_threads", "Number of threads.");
  Gauge& start = gauge("process_start_time_seconds",
                       "Start time of the process since the Unix epoch in seconds.");
  counter_from("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {},
               [] { return read_facts().cpu_seconds; });
  before_text([&resident, &virtual_size, &open, &most, &threads, &start] {
    const ProcessFacts facts = read_facts();
    resident.set(facts.resident);
    virtual_size.set(facts.virtual_size);
    threads.set(facts.threads);
    open.set(count_descriptors());
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) most.set(static_cast<double>(limit.rlim_cur));
    start.set(boot_time() + facts.started_ticks);
  });
}

}  // namespace quintet::host
