#include <CLI/CLI.hpp>

#include "cli/line.h"
#include "cli/options_file.h"
#include "host/service.h"

namespace quintet::cli {

namespace {

void add_store(CLI::App* command, std::string& url, std::string& schema) {
  command
      ->add_option(
          "--store", url,
          "keep the log on PostgreSQL: postgres://USER@HOST:PORT/DATABASE; the password is "
          "taken from PGPASSWORD or ~/.pgpass; default: SQLite in --data")
      ->type_name("URL");
  command
      ->add_option("--schema", schema,
                   "with --store: the schema there, to which a service adds _SERVICE; default: "
                   "quintet_APP")
      ->type_name("NAME");
}

void add_door(CLI::App* command, DoorOptions& options) {
  command->add_option("--host", options.host,
                      "address to listen on; any but loopback needs TLS and tokens");
  command->add_option("--port", options.port, "port; 0 for a free one")
      ->check(CLI::Range(0, 65535));
  command->add_option("--snapshot-every", options.snapshot_every,
                      "positions between two snapshots; 0: only when it ends");
  command
      ->add_option("--pseudonym-key", options.key_file,
                   "file with the 32 byte key of pseudonyms, for a new log; default: its own")
      ->type_name("FILE");
  command->add_option("--tls-certificate", options.certificate, "PEM file, with its chain")
      ->type_name("FILE");
  command->add_option("--tls-key", options.key, "PEM file")->type_name("FILE");
  command
      ->add_option("--tokens", options.tokens,
                   "who may use it, a line each: SCOPES SECRET; scopes are send, read, operate")
      ->type_name("FILE");
  command
      ->add_option("--traces", options.traces,
                   "send traces to this collector, as OTLP over HTTP; as http://127.0.0.1:4318")
      ->type_name("URL")
      ->envname("OTEL_EXPORTER_OTLP_ENDPOINT");
  command
      ->add_option("--trace-share", options.trace_share,
                   "share of the requests without a traceparent that are traced")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--client-rate", options.client_rate,
                   "requests and events that one client (its token, else its address) may send a "
                   "second; default: no limit")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--client-burst", options.client_burst,
                   "of these at once; default: those of two seconds")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--client-in-flight", options.client_in_flight,
                      "requests that one client may have under way; default: no limit");
  add_list(command, "--name", options.names, "a host name that clients use; may be repeated",
           "HOST");
}

// What the line has not said the file says.
Expected<void> take_options(CLI::App& command, const std::string& path) {
  TRY(const auto options, read_options_file(path));
  for (const FileOption& given : options) {
    CLI::Option* const option = command.get_option_no_throw("--" + given.name);
    if (option == nullptr || given.name == "config" || given.name == "help") {
      return invalid("there is no option " + given.name).at(given.place);
    }
    if (option->count() > 0) continue;
    if (given.values.size() > 1 && option->get_items_expected_max() == 1) {
      return invalid(given.name + " has one value").at(given.place);
    }
    try {
      option->add_result(given.values);
      option->run_callback();
    } catch (const CLI::Error& why) {
      return invalid(why.what()).at(given.place);
    }
  }
  return {};
}

}  // namespace

void add_run(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Run an application until it is told to stop");
  command->add_option("app", options->app, kAppHelp)->required()->type_name("FILE");
  command->add_option("--data", options->data, "directory of the log; default .quintet/APP");
  command->add_option("--pattern", options->pattern, "run under this pattern");
  add_list(command, "--replicas", options->replicas,
           "processes of a service that share its work; of infer", "infer=N");
  add_store(command, options->store, options->schema);
  add_door(command, options->door);
  command->footer(
      "Examples: quintet run app.yaml --port 8080\n"
      "          quintet run app.yaml --host 0.0.0.0 --name fraud.example.org --tokens tokens.txt "
      "\\\n"
      "            --tls-certificate site.crt --tls-key site.key");
  command->callback([options, &common, &status] { status = run_command(common, *options); });
}

void add_scale(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ScaleOptions>();
  CLI::App* command = app.add_subcommand(
      "scale", "Another number of processes of a service, while the application runs");
  command->add_option("data", options->data, "its directory, as quintet run says")
      ->required()
      ->type_name("DIR");
  command->add_option("count", options->count, "so many processes share infer's work")
      ->required()
      ->type_name("infer=N");
  command->footer(
      "Requests go on meanwhile, and the answers are the same. The number is kept: quintet run\n"
      "without --replicas has as many.\n"
      "Example: quintet scale .quintet/card-fraud infer=3");
  command->callback([options, &common, &status] { status = scale_command(common, *options); });
}

void add_restart(CLI::App& app, const Common& common, int& status) {
  auto data = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("restart", "Start all processes of a running application anew");
  command->add_option("data", *data, "its directory, as quintet run says")
      ->required()
      ->type_name("DIR");
  command->footer(
      "One after the other, and no request fails; a program that was replaced runs from then on.\n"
      "Example: quintet restart .quintet/card-fraud");
  command->callback([data, &common, &status] { status = restart_command(common, *data); });
}

void add_service(CLI::App& app, const Common& common, int& status) {
  const auto names = host::service_names();
  auto options = std::make_shared<ServiceOptions>();
  CLI::App* command =
      app.add_subcommand("service", "Run one service of an application, as a container would");
  command->add_option("name", options->name, "gateway, ingest, infer, results or train")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())));
  command
      ->add_option("--config", options->config,
                   "YAML with these options by their names; what stands on the line wins")
      ->type_name("FILE");
  command->add_option("--app", options->app, "the application file; for ingest")->type_name("FILE");
  command->add_option("--data", options->data, "directory of its store; default .quintet/NAME");
  add_store(command, options->store, options->schema);
  command->add_option("--application", options->application,
                      "with --store: the application's name, for its schema; ingest has it from "
                      "--app");
  command->add_option("--listen", options->listen, "where its API listens: HOST:PORT or unix:PATH");
  command->add_option("--replica", options->replica, "the number of this replica of infer")
      ->check(CLI::Range(1, 32));
  command->add_flag("--spare", options->spare,
                    "infer: be ready before any shard is held here, as one that is added");
  add_list(command, "--peer", options->peers, "another service; may be repeated", "NAME=ADDRESS");
  command
      ->add_option("--certificates", options->certificates,
                   "mutual TLS between services: a directory with ca.pem, cert.pem and key.pem")
      ->type_name("DIR");
  command->add_option("--listen-descriptor", options->door.descriptor,
                      "for gateway: accept on this socket, which whoever started it listens on");
  command->add_option(
      "--log-ahead", options->log_ahead,
      "ingest: positions that the log may be ahead of its outcomes; default 1000000");
  command->add_flag("--ends-with-input", options->ends_with_input,
                    "end once standard input is closed");
  add_door(command, options->door);
  command->footer(
      "Examples: quintet service ingest --app app.yaml --listen 127.0.0.1:7001 --peer "
      "train=127.0.0.1:7004\n"
      "          quintet service infer --data infer --listen 127.0.0.1:7002 --peer "
      "ingest=127.0.0.1:7001\n"
      "          quintet service gateway --config gateway.yaml");
  command->callback([options, command, &common, &status] {
    if (!options->config.empty()) {
      if (const auto taken = take_options(*command, options->config); !taken) {
        status = report_usage(common, taken.error());
        return;
      }
    }
    status = service_command(common, *options);
  });
}

}  // namespace quintet::cli
