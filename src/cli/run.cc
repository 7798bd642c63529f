#include "host/run.h"

#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/json_out.h"
#include "base/seal.h"
#include "cli/commands.h"
#include "host/run_services.h"
#include "host/shard_table.h"
#include "host/tokens.h"
#include "store/postgres.h"
#include "tool/progress.h"

namespace quintet::cli {

namespace {

constexpr std::uint64_t kShownCount = 1024;

// 0 if it is not given: as many as there were.
Expected<host::ReplicaId> replicas_of(const RunOptions& options, const app::Spec& spec) {
  host::ReplicaId count = 0;
  for (const std::string& one : options.replicas) {
    auto given = host::read_replica_count(one);
    if (!given) return std::move(given).error().at("--replicas");
    if (spec.pattern == "monolithic") {
      return invalid("the monolithic pattern has one process: --replicas is for microservices")
          .at("--replicas");
    }
    count = *given;
  }
  return count;
}

Expected<host::RunSettings> settings_of(const RunOptions& options,
                                        std::shared_ptr<const app::Spec> spec) {
  host::RunSettings settings;
  settings.data_directory = options.data.empty() ? ".quintet/" + spec->app : options.data;
  TRY(settings.infer_replicas, replicas_of(options, *spec));
  settings.spec = std::move(spec);
  settings.app_directory = std::filesystem::path(options.app).parent_path();
  settings.snapshot_every = options.door.snapshot_every;
  TRY(settings.traces, tracer_settings_of(options.door));
  TRY(settings.door, door_settings_of(options.door));
  settings.tokens_path = options.door.tokens;
  TRY(settings.pseudonym_key, pseudonym_key_of(options.door));
  settings.pseudonym_key_path = options.door.key_file;
  TRY(settings.store_url, store_url_of(options.store));
  TRY_DO(check_schema(options.store, options.schema));
  settings.store_schema = options.schema;
  return settings;
}

void say_ready(const Common& common, const host::RunSettings& settings, const std::string& url,
               const host::StartFigures& start) {
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("url", url).field("data", settings.data_directory);
    if (!settings.store_url.empty()) json.field("store", settings.store_url);
    json.key("start").begin_object().key("snapshot").uint64(start.from_snapshot);
    json.key("folded").uint64(start.folded).key("seconds").real(start.seconds).end_object();
    json.end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s is ready at %s (data in %s)\n", settings.spec->app.c_str(), url.c_str(),
                settings.data_directory.c_str());
    if (!common.quiet && !settings.store_url.empty()) {
      std::fprintf(stderr, "log and outcomes at %s, keys in %s alone\n", settings.store_url.c_str(),
                   settings.data_directory.c_str());
    }
    if (!common.quiet && start.seconds > 0) {
      std::fprintf(stderr, "state after %.3f s: %llu positions from a snapshot, %llu folded\n",
                   start.seconds, static_cast<unsigned long long>(start.from_snapshot),
                   static_cast<unsigned long long>(start.folded));
    }
    if (!common.quiet && settings.door.tokens.empty()) {
      std::fprintf(stderr, "next: quintet send %s --input EVENT=FILE.csv\nCtrl-C ends it\n",
                   url.c_str());
    }
  }
  std::fflush(stdout);
}

}  // namespace

Expected<host::DoorSettings> door_settings_of(const DoorOptions& options) {
  host::DoorSettings door;
  door.address = options.host;
  door.port = static_cast<std::uint16_t>(options.port);
  door.descriptor = options.descriptor;
  door.names = options.names;
  door.client_limits = {options.client_rate, options.client_burst, options.client_in_flight};
  if (options.certificate.empty() != options.key.empty()) {
    return invalid("TLS needs both --tls-certificate and --tls-key");
  }
  if (!options.certificate.empty()) door.tls = {options.certificate, options.key};
  if (!options.tokens.empty()) {
    TRY(const std::string text, read_file(options.tokens));
    auto tokens = host::parse_tokens(text);
    if (!tokens) return std::move(tokens).error().during(options.tokens);
    door.tokens = *std::move(tokens);
  }
  return door;
}

Expected<host::TracerSettings> tracer_settings_of(const DoorOptions& options) {
  if (options.traces.empty()) return host::TracerSettings();
  auto good = host::check_collector(options.traces);
  // Who gave it there may not know the option.
  if (!good) return std::move(good).error().at("--traces (or OTEL_EXPORTER_OTLP_ENDPOINT)");
  return host::TracerSettings{options.traces, options.trace_share, {}};
}

Expected<std::string> store_url_of(const std::string& url) {
  if (url.empty()) return url;
  auto parts = store::split_password(url);
  if (!parts) return std::move(parts).error().at("--store");
  // Programs that this one starts need it too, and must not show it in their command lines.
  if (!parts->password.empty()) ::setenv("PGPASSWORD", parts->password.c_str(), 1);
  return parts->url;
}

Expected<void> check_schema(const std::string& store, const std::string& schema) {
  if (schema.empty()) return {};
  if (store.empty())
    return invalid("it names a place on a server: --store is needed").at("--schema");
  auto good = store::check_schema_name(schema);
  if (!good) return std::move(good).error().at("--schema " + schema);
  return {};
}

Expected<std::string> pseudonym_key_of(const DoorOptions& options) {
  if (options.key_file.empty()) return std::string();
  auto key = read_file(options.key_file);
  if (key && key->size() != kSealKeyBytes) {
    return Error(Code::invalid, options.key_file + ": a pseudonym key has 32 bytes");
  }
  return key;
}

int run_command(const Common& common, const RunOptions& options) {
  const auto loaded = load_app(common, options.app, options.pattern);
  if (loaded.spec == nullptr) return loaded.status;
  auto settings = settings_of(options, loaded.spec);
  if (!settings) return report_usage(common, settings.error());
  SystemClock clock;
  std::optional<tool::Progress> folding;
  folding.emplace("fold the log",
                  common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic,
                  clock);
  settings->progress = [&](std::uint64_t done, std::uint64_t last) {
    // Blocks have any length; the count only has to be near.
    if (folding) folding->at(done, last, done / kShownCount * kShownCount);
  };
  settings->on_ready = [&](const std::string& url, const host::StartFigures& start) {
    folding.reset();
    say_ready(common, *settings, url, start);
  };
  const auto topology = pattern::find_pattern(loaded.spec->pattern);
  if (!topology) return report(common, topology.error());
  const auto result = topology->places().size() == 1
                          ? host::run(*settings)
                          : host::run_services(*topology, *settings, options.app);
  if (!result) return report_usage(common, result.error());
  return kOk;
}

}  // namespace quintet::cli
