#include "tool/backfill.h"

#include <sys/stat.h>

#include <cstdio>

#include "base/civil.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "host/model_files.h"

namespace quintet::cli {

namespace {

// Pipes and devices may have any name.
bool is_rows_file(const std::string& path) {
  struct stat there {};
  return path.empty() || path == "-" || path.ends_with(".csv") || path.ends_with(".csv.gz") ||
         (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode));
}

// The models that come with the application file, where --model says nothing else.
Expected<void> add_brought(const app::Spec& spec, const std::string& app,
                           tool::BackfillOptions& result) {
  for (const app::ModelSpec& model : spec.models) {
    const bool given = std::any_of(result.models.begin(), result.models.end(),
                                   [&](const auto& one) { return one.first == model.name; });
    if (given || model.file.empty()) continue;
    TRY(auto loaded, load_brought(model, app));
    result.models.emplace_back(model.name, std::move(loaded));
  }
  return {};
}

Expected<tool::BackfillOptions> options_of(const BackfillOptions& options,
                                           std::shared_ptr<const app::Spec> spec) {
  tool::BackfillOptions result;
  result.spec = spec;
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *spec));
    result.inputs.push_back(std::move(file));
  }
  if (!is_rows_file(options.output)) {
    return invalid(options.output +
                   ": rows are written as CSV: the name must end in .csv or "
                   ".csv.gz, or be - for stdout")
        .at("--output");
  }
  result.output = options.output;
  for (const std::string& given : options.models) {
    const std::size_t equals = given.find('=');
    const std::string name = given.substr(0, equals);
    const auto model = std::find_if(spec->models.begin(), spec->models.end(),
                                    [&](const auto& m) { return m.name == name; });
    if (equals == std::string::npos || model == spec->models.end()) {
      return not_found("--model " + given + ": expected NAME=FILE with a model of the application");
    }
    TRY(std::string bytes, host::read_model_file(given.substr(equals + 1)));
    auto loaded = host::load_model_file(*model, {given.substr(equals + 1), std::move(bytes), {}});
    if (!loaded) return Error(loaded.error()).at("--model");
    result.models.emplace_back(name, *std::move(loaded));
  }
  TRY_DO(add_brought(*spec, options.app, result));
  if (!options.from.empty()) {
    const auto from = parse_time(options.from, spec->utc_offset_minutes);
    if (!from) return Error(from.error()).at("--from");
    result.from = *from;
  }
  // Files that are only folded leave no pseudonyms behind, so any key serves.
  result.pseudonym_key = std::string(32, '\0');
  if (!options.key_file.empty()) {
    TRY(result.pseudonym_key, read_file(options.key_file));
  }
  return result;
}

}  // namespace

int backfill_command(const Common& common, const BackfillOptions& options) {
  const auto loaded = load_app(common, options.app);
  if (loaded.spec == nullptr) return loaded.status;
  const auto prepared = options_of(options, loaded.spec);
  if (!prepared) return report_usage(common, prepared.error());
  SystemClock clock;
  tool::Progress progress(
      "backfill", common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic,
      clock);
  BadLines bad_lines("refused: ");
  const auto result =
      tool::backfill(*prepared, progress, [&](const tool::BadLine& bad) -> Expected<void> {
        bad_lines.show(bad.path, bad.line, bad.error.place(), bad.error.message());
        return {};
      });
  if (!result) return report(common, result.error());
  std::FILE* out = options.output == "-" ? stderr : stdout;
  if (common.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("events").uint64(result->events).key("written").uint64(result->written);
    json.key("repeated").uint64(result->repeated).key("refused").uint64(result->refused);
    json.key("bad_lines").uint64(result->bad_lines).field("digest", result->digest);
    json.field("state_digest", result->state_digest).end_object();
    std::fprintf(out, "%s\n", text.c_str());
  } else {
    std::fprintf(out,
                 "%llu events: %llu written, %llu repeated, %llu refused, %llu bad lines\n"
                 "digest of the outcomes: %s\n",
                 static_cast<unsigned long long>(result->events),
                 static_cast<unsigned long long>(result->written),
                 static_cast<unsigned long long>(result->repeated),
                 static_cast<unsigned long long>(result->refused),
                 static_cast<unsigned long long>(result->bad_lines), result->digest.c_str());
  }
  return result->bad_lines + result->refused == 0 ? kOk : kFault;
}

}  // namespace quintet::cli
