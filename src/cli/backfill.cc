#include "tool/backfill.h"

#include <cstdio>

#include "base/civil.h"
#include "base/json_out.h"
#include "cli/commands.h"

namespace quintet::cli {

namespace {

constexpr std::uint64_t kShownLines = 10;

Expected<tool::BackfillOptions> options_of(const BackfillOptions& options,
                                           std::shared_ptr<const app::Spec> spec) {
  tool::BackfillOptions result;
  result.spec = spec;
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *spec));
    result.inputs.push_back(std::move(file));
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
    TRY(const std::string bytes, read_file(given.substr(equals + 1)));
    TRY(auto loaded,
        learn::read_model({model->type == app::ModelType::linear ? "linear" : "xgboost", bytes,
                           model->input_names}));
    result.models.emplace_back(name, std::move(loaded));
  }
  if (!options.from.empty()) {
    TRY(result.from, parse_time(options.from, spec->utc_offset_minutes));
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
  const auto spec = load_app(common, options.app);
  if (spec == nullptr) return kFault;
  const auto prepared = options_of(options, spec);
  if (!prepared) return report(common, prepared.error());
  SystemClock clock;
  tool::Progress progress(
      "backfill", common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic,
      clock);
  std::uint64_t shown = 0;
  const auto result =
      tool::backfill(*prepared, progress, [&](const tool::BadLine& bad) -> Expected<void> {
        if (++shown <= kShownLines) {
          std::fprintf(stderr, "%s:%llu: refused: %s: %s\n", bad.path.c_str(),
                       static_cast<unsigned long long>(bad.line), bad.error.place().c_str(),
                       bad.error.message().c_str());
        }
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
    std::fprintf(out, "%llu events: %llu written, %llu repeated, %llu refused, %llu bad lines\n"
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
