#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/json_out.h"
#include "cli/commands.h"
#include "host/model_files.h"

namespace quintet::cli {

namespace {
constexpr std::uint64_t kShownLines = 10;
}

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

Expected<void> write_file(const std::string& path, std::string_view bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return unavailable("cannot write " + path + ": " + std::strerror(errno));
  const bool good = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !good) {
    return unavailable("cannot write all of " + path + ": " + std::strerror(errno));
  }
  return {};
}

Expected<std::shared_ptr<const learn::Model>> load_brought(const app::ModelSpec& model,
                                                           const std::string& app) {
  const std::string path = host::path_of(model, std::filesystem::path(app).parent_path());
  auto bytes = host::read_model_file(path);
  if (!bytes) return std::move(bytes).error().during("model " + model.name);
  return host::load_model_file(model, {model.file, *std::move(bytes), model.sha256});
}

void show(const Common& common, const app::Diagnostic& diagnostic, const std::string& path,
          const std::string& text) {
  const char* const no_color = std::getenv("NO_COLOR");
  const bool color = isatty(STDERR_FILENO) != 0 && (no_color == nullptr || no_color[0] == '\0');
  if (common.json) {
    std::printf("%s\n", app::render_json(diagnostic, path).c_str());
  } else {
    std::fprintf(stderr, "%s\n", app::render(diagnostic, path, text, color).c_str());
  }
}

LoadedApp load_app(const Common& common, const std::string& path, const std::string& pattern) {
  const auto text = read_file(path);
  if (!text) return {nullptr, report_usage(common, text.error()), {}};
  const app::Loaded loaded = app::load(*text, pattern);
  for (const app::Diagnostic& diagnostic : loaded.diagnostics) {
    show(common, diagnostic, path, *text);
  }
  return {loaded.spec, loaded.spec == nullptr ? kFault : kOk, *text};
}

BadLines::~BadLines() {
  if (count_ <= kShownLines) return;
  std::fprintf(stderr, "and %llu more\n", static_cast<unsigned long long>(count_ - kShownLines));
}

void BadLines::show(const std::string& path, std::uint64_t line, const std::string& field,
                    const std::string& why) {
  if (++count_ > kShownLines) return;
  const std::string place = path.empty() ? "" : path + ":" + std::to_string(line) + ": ";
  std::fprintf(stderr, "%s%s%s%s%s\n", place.c_str(), doing_.c_str(), field.c_str(),
               field.empty() ? "" : ": ", why.c_str());
}

tool::Door door_of(const std::string& url, const Access& access) {
  tool::Door door;
  door.url = url;
  door.token = access.token;
  door.ca_file = access.ca_file;
  const char* const kept = std::getenv("QUINTET_TOKEN");
  if (door.token.empty() && kept != nullptr) door.token = kept;
  return door;
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

int report_usage(const Common& common, const Error& error) {
  report(common, error);
  return kUsage;
}

}  // namespace quintet::cli
