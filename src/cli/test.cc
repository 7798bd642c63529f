#include <dirent.h>

#include <algorithm>
#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/cases.h"

namespace quintet::cli {

namespace {

// tests/*.yaml beside the application, sorted.
std::vector<std::string> files_beside(const std::string& app) {
  const std::size_t slash = app.find_last_of('/');
  const std::string folder = (slash == app.npos ? "" : app.substr(0, slash + 1)) + "tests";
  std::vector<std::string> files;
  DIR* const open = opendir(folder.c_str());
  if (open == nullptr) return files;
  while (const dirent* entry = readdir(open)) {
    const std::string name = entry->d_name;
    if (name.ends_with(".yaml")) files.push_back(folder + "/" + name);
  }
  closedir(open);
  std::sort(files.begin(), files.end());
  return files;
}

void say(const Common& common, const std::string& path, const tool::CaseReport& found) {
  if (!common.json) {
    for (const tool::Mismatch& miss : found.mismatches) {
      std::printf("%s:%d: %s: %s\n  expected %s\n  got      %s\n", path.c_str(), miss.line,
                  miss.id.c_str(), miss.name.c_str(), miss.expected.c_str(), miss.actual.c_str());
    }
    std::printf("%s: %s: %zu events, %zu values, %zu differ\n", path.c_str(),
                found.mismatches.empty() ? "ok" : "FAILED", found.events, found.values,
                found.mismatches.size());
    return;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("file", path).key("events").uint64(found.events);
  json.key("values").uint64(found.values).key("mismatches").begin_array();
  for (const tool::Mismatch& miss : found.mismatches) {
    json.begin_object().key("line").int64(miss.line).field("id", miss.id);
    json.field("name", miss.name).field("expected", miss.expected);
    json.field("actual", miss.actual).end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", out.c_str());
}

Expected<void> replace_file(const std::string& path, const std::string& text) {
  const std::string next = path + ".new";
  std::FILE* file = std::fopen(next.c_str(), "wb");
  if (file == nullptr) return unavailable("cannot write " + next);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written || std::rename(next.c_str(), path.c_str()) != 0) {
    return exhausted("cannot write all of " + path);
  }
  return {};
}

Expected<bool> one_file(const Common& common, const tool::CaseOptions& options,
                        const std::string& path, bool update) {
  TRY(const std::string text, read_file(path));
  auto ran = tool::run_cases(options, text);
  if (!ran) return std::move(ran).error().during(path);
  if (update && ran->updated != text) {
    TRY_DO(replace_file(path, ran->updated));
    std::fprintf(stderr, "%s is updated: %zu values differed\n", path.c_str(),
                 ran->mismatches.size());
    ran = tool::run_cases(options, ran->updated);
    if (!ran) return std::move(ran).error().during(path);
    if (ran->mismatches.empty()) return true;
  }
  say(common, path, *ran);
  return ran->mismatches.empty();
}

}  // namespace

int test_command(const Common& common, const TestOptions& options) {
  const auto loaded = load_app(common, options.app);
  if (loaded.spec == nullptr) return loaded.status;
  const auto files = options.files.empty() ? files_beside(options.app) : options.files;
  if (files.empty()) {
    return report(
        common, not_found("there are no tests; put them into tests/*.yaml beside " + options.app));
  }
  tool::CaseOptions cases{loaded.spec, {}};
  for (const app::ModelSpec& model : loaded.spec->models) {
    if (model.file.empty()) continue;
    auto brought = load_brought(model, options.app);
    if (!brought) return report(common, brought.error());
    cases.models.emplace_back(model.name, *std::move(brought));
  }
  int status = kOk;
  for (const std::string& file : files) {
    const auto good = one_file(common, cases, file, options.update);
    if (!good) {
      status = std::max(status, report(common, good.error()));
    } else if (!*good) {
      status = std::max(status, kFault);
    }
  }
  return status;
}

}  // namespace quintet::cli
