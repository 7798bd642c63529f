#include <CLI/CLI.hpp>

#include "cli/line.h"

namespace quintet::cli {

CLI::Option* add_list(CLI::App* command, const char* name, std::vector<std::string>& to,
                      const char* help, const char* type) {
  return command->add_option(name, to, help)->allow_extra_args(false)->type_name(type);
}

CLI::Option* add_input(CLI::App* command, std::vector<std::string>& to) {
  return add_list(command, "--input", to, kInputHelp, "EVENT=FILE");
}

void add_verify(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand(
      "verify", "The same answers under every pattern, and from a log folded anew");
  command->add_option("app", options->app, kAppHelp)->type_name("FILE");
  command->add_option("--data", options->data,
                      "instead: a log's directory, while nothing runs on it");
  add_list(command, "--input", options->inputs, kInputHelp, "EVENT=FILE");
  command->add_option("--patterns", options->patterns, "default: all that the application can have")
      ->delimiter(',')
      ->type_name("A,B");
  command
      ->add_option("--store", options->store,
                   "all on PostgreSQL, each pattern in a fresh schema: "
                   "postgres://USER@HOST:PORT/DATABASE; default: SQLite")
      ->type_name("URL");
  add_list(command, "--replicas", options->replicas,
           "processes of a service that share its work, in patterns where infer is a service",
           "infer=N");
  command->add_option("--events", options->events, "no more than these");
  command->add_option("--seed", options->seed, "of all that is left to chance; default 1");
  command->add_option("--duplicates", options->duplicates, "so many of the lines are sent twice")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
  command->add_option("--late", options->late, "so many are sent later than their place")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
  command->add_option("--kill", options->kills,
                      "so many times a process gets SIGKILL while events come");
  command->add_option("--train-at", options->train_at,
                      "after so many events its models are trained, and promoted");
  add_list(command, "--promote", options->promotions, "a model file, after so many events",
           "MODEL=FILE@EVENTS");
  command->add_option("--keep", options->keep, "leave logs, data and dumps here")->type_name("DIR");
  command->add_option("--report", options->report, "write a report")
      ->type_name("FILE.html|FILE.json");
  add_list(command, "--program", options->programs, "what runs a pattern, instead of this program",
           "PATTERN=PATH");
  command->footer(verify_footer());
  command->callback([options, &common, &status] { status = verify_command(common, *options); });
}

}  // namespace quintet::cli
