#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/json_out.h"
#include "cli/commands.h"

namespace quintet::cli {

Expected<std::string> read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return not_found(path + ": " + std::strerror(errno));
  std::string text;
  char buffer[65536];
  std::size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, got);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return unavailable(path + ": " + std::strerror(errno));
  return text;
}

std::shared_ptr<const app::Spec> load_app(const Common& common, const std::string& path,
                                          const std::string& pattern) {
  const auto text = read_file(path);
  if (!text) {
    report(common, text.error());
    return nullptr;
  }
  const app::Loaded loaded = app::load(*text, pattern);
  const bool color = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  for (const app::Diagnostic& diagnostic : loaded.diagnostics) {
    if (common.json) {
      std::printf("%s\n", app::render_json(diagnostic, path).c_str());
    } else {
      std::fprintf(stderr, "%s\n", app::render(diagnostic, path, *text, color).c_str());
    }
  }
  return loaded.spec;
}

std::string token_of(const std::string& given) {
  const char* const kept = std::getenv("QUINTET_TOKEN");
  return given.empty() && kept != nullptr ? kept : given;
}

int report(const Common& common, const Error& error) {
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("error", error.message()).field("code", name_of(error.code()));
    if (!error.place().empty()) json.field("place", error.place());
    if (!error.id().empty()) json.field("id", error.id());
    json.end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::fprintf(stderr, "error: %s%s%s\n", error.place().c_str(),
                 error.place().empty() ? "" : ": ", error.message().c_str());
  }
  const bool fault = error.code() == Code::invalid || error.code() == Code::conflict ||
                     error.code() == Code::broken;
  return fault ? kFault : kUsage;
}

}  // namespace quintet::cli
