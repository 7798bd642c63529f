#include "host/metrics_merge.h"

#include <map>
#include <string_view>

namespace quintet::host {

namespace {

struct Family {
  std::string head;  // HELP and TYPE, of the first page that has it
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> samples;  // by service
};

// "# HELP name text" or "# TYPE name kind": the name.
std::string_view named_in(std::string_view line) {
  constexpr std::size_t kBefore = sizeof "# HELP " - 1;
  if (line.size() < kBefore) return {};
  line.remove_prefix(kBefore);
  return line.substr(0, line.find(' '));
}

void read_page(const MetricsPage& page, std::map<std::string, Family, std::less<>>& families) {
  Family* family = nullptr;
  std::string_view rest = page.text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty()) continue;
    if (line.starts_with("# ")) {
      Family& found = families[std::string(named_in(line))];
      const bool fresh = found.samples.empty() || found.samples.back().first != page.service;
      if (family != &found && fresh) found.samples.push_back({page.service, {}});
      family = &found;
      if (found.samples.size() == 1) found.head += std::string(line) + "\n";
    } else if (family != nullptr) {
      family->samples.back().second.push_back(line);
    }
  }
}

// name{a="b"} 1 or name 1, with one more label.
void append_with_label(std::string& out, std::string_view sample, std::string_view service) {
  const std::size_t brace = sample.find('{');
  const std::size_t name = std::min(brace, sample.find(' '));
  out += sample.substr(0, name);
  out += "{service=\"";
  out += service;
  out += '"';
  if (name == brace) {
    out += ',';
    out += sample.substr(brace + 1);
  } else {
    out += '}';
    out += sample.substr(name);
  }
}

}  // namespace

std::string merge_metrics(const std::vector<MetricsPage>& pages) {
  std::map<std::string, Family, std::less<>> families;
  for (const MetricsPage& page : pages) read_page(page, families);
  std::string out;
  for (const auto& [name, family] : families) {
    out += family.head;
    for (const auto& [service, samples] : family.samples) {
      for (const std::string_view sample : samples) {
        if (family.samples.size() > 1 && service != pages.front().service) {
          append_with_label(out, sample, service);
        } else {
          out += sample;
        }
        out += '\n';
      }
    }
  }
  return out;
}

}  // namespace quintet::host
