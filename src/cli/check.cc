#include <algorithm>
#include <cstdio>

#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/input.h"

namespace quintet::cli {

namespace {

// Reads every line of the sample and says which are no events.
Expected<std::uint64_t> check_input(const Common& common, const app::Spec& spec,
                                    const std::string& input, std::uint64_t& bad) {
  TRY(const tool::InputFile file, tool::parse_input(input, spec));
  TRY(const auto source, tool::EventSource::open(spec, {file}, std::string(32, '\0')));
  std::uint64_t events = 0;
  BadLines bad_lines("");
  event::Event event;
  const auto on_bad = [&](const tool::BadLine& line) -> Expected<void> {
    ++bad;
    if (!common.json) {
      bad_lines.show(line.path, line.line, line.error.place(), line.error.message());
    }
    return {};
  };
  for (;;) {
    TRY(const bool any, source->next(event, on_bad));
    if (!any) return events;
    ++events;
  }
}

// All model files that the application names. Status 2 if one is not there, or cannot be read.
int check_model_files(const Common& common, const app::Spec& spec, const std::string& path,
                      const std::string& text) {
  int status = kOk;
  for (const app::ModelSpec& model : spec.models) {
    if (model.file.empty()) continue;
    const auto loaded = load_brought(model, path);
    if (loaded) continue;
    show(common, app::unusable_file(model, loaded.error().message()), path, text);
    const bool there =
        loaded.error().code() != Code::not_found && loaded.error().code() != Code::unavailable;
    status = std::max(status, there ? kFault : kUsage);
  }
  return status;
}

}  // namespace

int check_command(const Common& common, const CheckOptions& options) {
  const auto [spec, status, text] = load_app(common, options.app);
  if (spec == nullptr) return status;
  if (const int bad = check_model_files(common, *spec, options.app, text); bad != kOk) return bad;
  std::uint64_t bad = 0;
  for (const std::string& input : options.inputs) {
    const std::uint64_t before = bad;
    const auto events = check_input(common, *spec, input, bad);
    if (!events) return report(common, events.error());
    if (!common.json) {
      std::fprintf(stderr, "%s: %llu events, %llu bad lines\n", input.c_str(),
                   static_cast<unsigned long long>(*events),
                   static_cast<unsigned long long>(bad - before));
    }
  }
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("app", spec->app).field("digest", spec->digest);
    json.key("bad_lines").uint64(bad).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::size_t columns = 0;
    for (const app::RowPlan& plan : spec->rows) columns += plan.columns.size();
    std::printf("%s: ok: %zu events and tables, %zu columns, %zu models\n", options.app.c_str(),
                spec->events.size(), columns, spec->models.size());
  }
  return bad == 0 ? kOk : kFault;
}

}  // namespace quintet::cli
