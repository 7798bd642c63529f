#include "tool/train.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/civil.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "host/workshop.h"
#include "stage/training.h"

namespace quintet::cli {

namespace {

// The named model, or the only one that is trained here.
Expected<int> chosen_model(const app::Spec& spec, const std::string& name) {
  int chosen = -1;
  for (const app::ModelSpec& model : spec.models) {
    if (!name.empty() ? model.name != name : !model.train) continue;
    if (chosen >= 0) return invalid("several models are trained here: say which").at("--model");
    chosen = model.index;
  }
  if (chosen < 0) {
    return not_found(name.empty() ? "no model of the application is trained"
                                  : "the application has no model " + name);
  }
  if (!spec.models[static_cast<std::size_t>(chosen)].train) {
    return invalid("the model " + name + " has no `train`").at("--model");
  }
  return chosen;
}

// So that a place that cannot be written to is found before the work, not after it.
Expected<void> check_writable(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const std::string where = folder.empty() ? "." : folder.string();
  if (::access(where.c_str(), W_OK | X_OK) == 0 && !std::filesystem::is_directory(path)) return {};
  return unavailable(
             "cannot write " + path + ": " +
             (std::filesystem::is_directory(path) ? "it is a directory" : std::strerror(errno)))
      .at("--output");
}

Expected<tool::TrainOptions> options_of(const TrainOptions& options,
                                        std::shared_ptr<const app::Spec> spec) {
  tool::TrainOptions result;
  result.spec = spec;
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *spec));
    result.inputs.push_back(std::move(file));
  }
  TRY(result.model, chosen_model(*spec, options.model));
  result.rules = stage::rules_of(spec->models[static_cast<std::size_t>(result.model)]);
  for (const std::string& set : options.sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos) return invalid("write NAME=VALUE, as rounds=50").at("--set");
    const std::string_view text = set;
    TRY_DO(stage::set_rule(result.rules, text.substr(0, equals), text.substr(equals + 1)));
  }
  const app::ModelSpec& model = spec->models[static_cast<std::size_t>(result.model)];
  if (auto known = stage::check_parameters(model, result.rules); !known) {
    return std::move(known).error().at("--set");
  }
  if (!options.as_of.empty()) {
    const auto as_of = parse_time(options.as_of, spec->utc_offset_minutes);
    if (!as_of) return Error(as_of.error()).at("--as-of");
    result.as_of = *as_of;
  }
  result.now = SystemClock().wall();
  result.pseudonym_key = std::string(32, '\0');
  return result;
}

// "round 25 of 100, logloss 0.01" on stderr, over itself on a terminal and each 25th elsewhere.
bool show_progress(std::string_view line) {
  const auto document = JsonDocument::parse(line);
  if (!document) return true;
  const auto round = document->root().find("round").as_int64();
  const auto of = document->root().find("of").as_int64();
  const auto value = document->root().find("train").as_double();
  if (!round || !of || (*round % 25 != 0 && *round != *of)) return true;
  const std::string metric(document->root().find("metric").text());
  std::fprintf(stderr, "train: round %lld of %lld, %s %.6f\n", static_cast<long long>(*round),
               static_cast<long long>(*of), metric.c_str(), value.value_or(0));
  return true;
}

void print_table(const std::string& metrics) {
  const auto document = JsonDocument::parse(metrics);
  if (!document) return;
  std::printf("%-24s %12s %12s\n", "on the holdout", "model", "plain guess");
  const auto plain = document->root().find("baseline");
  for (auto metric = document->root().find("metrics").first(); metric; metric = metric.next()) {
    const std::string name(metric.name());
    std::printf("%-24s %12.6f %12.6f\n", name.c_str(), metric.as_double().value_or(0),
                plain.find(name).as_double().value_or(0));
  }
  for (auto why = document->root().find("unmeasured").first(); why; why = why.next()) {
    std::printf("not measured: %s\n", std::string(why.text()).c_str());
  }
}

void print_report(const Common& common, const tool::TrainReport& report,
                  const std::string& output) {
  if (common.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("model", output).key("events").uint64(report.events);
    json.key("refused").uint64(report.refused).key("bad_lines").uint64(report.bad_lines);
    json.field("as_of", format_time(report.as_of));
    json.key("result").raw(report.trained.metrics.substr(0, report.trained.metrics.find('\n')));
    json.end_object();
    std::printf("%s\n", text.c_str());
    return;
  }
  print_table(report.trained.metrics);
  std::printf(
      "%llu rows learned from, %llu judged on, labels as of %s\n"
      "the model is in %s, its card beside it\n",
      static_cast<unsigned long long>(report.rows_train),
      static_cast<unsigned long long>(report.rows_holdout), format_time(report.as_of).c_str(),
      output.c_str());
}

// Through the log of a directory: what `quintet run` on it would have learned.
Expected<host::TrainRun> train_in_store(const TrainOptions& options,
                                        const tool::TrainOptions& prepared, bool quiet,
                                        const tool::EventSource::OnBad& on_bad) {
  const std::string folder = std::filesystem::path(options.app).parent_path();
  TRY(const auto workshop, host::Workshop::open(options.store, prepared.spec, folder));
  TRY(const auto source,
      tool::EventSource::open(*prepared.spec, prepared.inputs, workshop->pseudonym_key()));
  const auto next = [&](event::Event& out) { return source->next(out, on_bad); };
  const auto on_refused = [&](const Error& why) { (void)on_bad({"", 0, why, source->line()}); };
  TRY_DO(workshop->import({next, on_refused}));
  host::TrainOrder order;
  order.model = prepared.spec->models[static_cast<std::size_t>(prepared.model)].name;
  order.as_of = prepared.as_of;
  for (const std::string& set : options.sets) {
    const std::size_t equals = set.find('=');
    order.rules.emplace_back(set.substr(0, equals), set.substr(equals + 1));
  }
  std::int64_t shown = 0;
  return workshop->train(order, [&](const host::TrainRun& run) {
    if (quiet || run.round == shown) return;
    shown = run.round;
    std::fprintf(stderr, "train: round %lld of %lld\n", static_cast<long long>(run.round),
                 static_cast<long long>(run.rounds));
  });
}

int print_run(const Common& common, const host::TrainRun& run) {
  if (run.state == host::TrainRun::State::failed) return report(common, invalid(run.error));
  if (common.json) {
    std::printf("%s\n", host::to_json(run).c_str());
    return kOk;
  }
  print_table(run.metrics);
  std::printf("version %u of %s is registered and %s: %s\n", run.version, run.model.c_str(),
              run.promoted ? "in force" : "not in force", run.reason.c_str());
  return kOk;
}

}  // namespace

int train_command(const Common& common, const TrainOptions& options) {
  const auto loaded = load_app(common, options.app);
  if (loaded.spec == nullptr) return loaded.status;
  auto prepared = options_of(options, loaded.spec);
  if (!prepared) return report_usage(common, prepared.error());
  BadLines bad_lines("refused: ");
  const auto on_bad = [&](const tool::BadLine& bad) -> Expected<void> {
    bad_lines.show(bad.path, bad.line, bad.error.place(), bad.error.message());
    return {};
  };
  if (!options.store.empty()) {
    const auto run = train_in_store(options, *prepared, common.quiet, on_bad);
    return run ? print_run(common, *run) : report(common, run.error());
  }
  const app::ModelSpec& model = loaded.spec->models[static_cast<std::size_t>(prepared->model)];
  const bool linear = model.type == app::ModelType::linear;
  const std::string output =
      options.output.empty() ? model.name + (linear ? ".json" : ".ubj") : options.output;
  if (const auto can = check_writable(output); !can) return report_usage(common, can.error());
  prepared->directory = output + ".training";
  SystemClock clock;
  tool::Progress progress(
      "train", common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic, clock);
  const auto result = tool::train(*prepared, progress, on_bad,
                                  common.quiet ? host::OnProgressLine() : show_progress);
  host::remove_training(prepared->directory);
  if (!result) return report(common, result.error());
  const auto stem = std::filesystem::path(output).replace_extension();
  for (const auto& [path, bytes] :
       {std::pair(output, &result->trained.bytes),
        std::pair(stem.string() + ".card.json", &result->trained.card),
        std::pair(stem.string() + ".card.md", &result->trained.card_text)}) {
    if (const auto written = write_file(path, *bytes); !written) {
      return report(common, written.error());
    }
  }
  print_report(common, *result, output);
  return kOk;
}

}  // namespace quintet::cli
