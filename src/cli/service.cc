#include <cstdio>
#include <filesystem>

#include "base/json_out.h"
#include "cli/commands.h"
#include "host/service.h"
#include "host/shard_table.h"

namespace quintet::cli {

namespace {

Expected<host::ServiceSettings> settings_of(const ServiceOptions& options) {
  host::ServiceSettings settings;
  settings.name = options.name;
  settings.data_directory = options.data.empty() ? ".quintet/" + options.name : options.data;
  settings.listen = options.listen;
  settings.replica = static_cast<host::ReplicaId>(options.replica);
  settings.spare = options.spare;
  settings.snapshot_every = options.door.snapshot_every;
  TRY(settings.traces, tracer_settings_of(options.door));
  settings.certificates = options.certificates;
  settings.log_ahead = options.log_ahead;
  settings.ends_with_input = options.ends_with_input;
  TRY(settings.door, door_settings_of(options.door));
  TRY(settings.pseudonym_key, pseudonym_key_of(options.door));
  for (const std::string& peer : options.peers) {
    const std::size_t equals = peer.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == peer.size()) {
      return invalid("write NAME=ADDRESS, as ingest=ingest.internal:7000").at("--peer");
    }
    settings.peers[peer.substr(0, equals)] = peer.substr(equals + 1);
  }
  for (const std::string_view peer : host::peers_of(options.name)) {
    if (settings.peers.count(std::string(peer)) == 0) {
      return invalid(options.name + " needs --peer " + std::string(peer) + "=ADDRESS");
    }
  }
  const bool gateway = options.name == "gateway";
  if (settings.listen.empty() && !gateway) return invalid(options.name + " needs --listen");
  return settings;
}

Expected<void> put_store(const ServiceOptions& options, host::ServiceSettings& settings) {
  if (options.store.empty() || options.name == "gateway") return {};
  const std::string application =
      settings.spec != nullptr ? settings.spec->app : options.application;
  if (application.empty()) {
    return invalid("--store needs --application NAME: the schema is named after it");
  }
  TRY(const std::string url, store_url_of(options.store));
  TRY_DO(check_schema(options.store, options.schema));
  settings.store = store::location_at(url, options.schema, application, options.name);
  return {};
}

void say_ready(const Common& common, const std::string& name, const std::string& where) {
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("service", name).field("at", where).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s is ready at %s\n", name.c_str(), where.c_str());
  }
  std::fflush(stdout);
}

}  // namespace

int service_command(const Common& common, const ServiceOptions& options) {
  auto settings = settings_of(options);
  if (!settings) return report_usage(common, settings.error());
  if (options.name == "ingest") {
    if (options.app.empty()) return report_usage(common, invalid("ingest needs --app"));
    // What is ready is told on stdout, and nothing else.
    Common said = common;
    said.json = false;
    const auto loaded = load_app(said, options.app, "microservices");
    if (loaded.spec == nullptr) return loaded.status;
    settings->spec = loaded.spec;
    settings->app_directory = std::filesystem::path(options.app).parent_path();
  }
  if (const auto put = put_store(options, *settings); !put)
    return report_usage(common, put.error());
  settings->on_ready = [&](const std::string& where) { say_ready(common, options.name, where); };
  if (const auto result = host::run_service(*std::move(settings)); !result) {
    Common said = common;
    said.json = false;
    return report_usage(said, result.error());
  }
  return kOk;
}

}  // namespace quintet::cli
