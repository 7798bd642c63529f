// The command line: this file and those named cli/line_*.cc see CLI11, no other.
#include <CLI/CLI.hpp>

#include "app/profile.h"
#include "base/text.h"
#include "cli/line.h"
#include "pattern/topology.h"

namespace {

using namespace quintet::cli;

void add_access(CLI::App* command, Access& access) {
  command->add_option("--token", access.token,
                      "bearer token; default: the environment's QUINTET_TOKEN");
  command->add_option("--ca", access.ca_file, "trust these authorities (PEM); for https")
      ->type_name("FILE");
}

void add_check(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "Find every mistake in an application file");
  command->add_option("app", options->app, kAppHelp)->required()->type_name("FILE");
  add_input(command, options->inputs);
  command->footer("Example: quintet check app.yaml --input transaction=sample.csv");
  command->callback([options, &common, &status] { status = check_command(common, *options); });
}

void add_backfill(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<BackfillOptions>();
  CLI::App* command =
      app.add_subcommand("backfill", "Fold files and write features, predictions and decisions");
  command->add_option("app", options->app, kAppHelp)->required()->type_name("FILE");
  add_input(command, options->inputs)->required();
  command
      ->add_option("--output", options->output,
                   "rows as CSV: FILE.csv, FILE.csv.gz or - ; without it only the digest")
      ->type_name("FILE");
  add_list(command, "--model", options->models, "a model in force from the start", "NAME=FILE");
  command->add_option("--from", options->from, "write only events at or after this time");
  command->add_option("--pseudonym-key", options->key_file, "file with the 32 byte key of a log");
  command->footer(
      "Example: quintet backfill app.yaml --input transaction=tx.csv.gz --output rows.csv");
  command->callback([options, &common, &status] { status = backfill_command(common, *options); });
}

void add_train(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand("train", "Train a model from files");
  command->add_option("app", options->app, kAppHelp)->required()->type_name("FILE");
  add_input(command, options->inputs)->required();
  command->add_option("--model", options->model, "which model, if several are trained");
  command->add_option("--as-of", options->as_of, "labels as they were known at this time");
  add_list(command, "--set", options->sets, "over what stands under `train`", "NAME=VALUE");
  command->add_option("--output", options->output, "the model file; its card is written beside it");
  command->add_option("--store", options->store,
                      "a directory: import the files as its log, register the model and promote it "
                      "by the application's rule");
  command->footer(
      "Examples: quintet train app.yaml --input transaction=tx.csv.gz --set rounds=50\n"
      "          quintet train app.yaml --input transaction=tx.csv.gz --store .quintet/app");
  command->callback([options, &common, &status] { status = train_command(common, *options); });
}

void add_models(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App* command =
      app.add_subcommand("models", "List, show, promote, roll back and import models");
  command->add_option("where", options->where, "its URL, or the directory of a log")->required();
  command->add_option("action", options->action, "list, show, promote, rollback or import")
      ->check(CLI::IsMember({"list", "show", "promote", "rollback", "import"}));
  command->add_option("model", options->model, "its name");
  command
      ->add_option("version", options->argument,
                   "its number, 0 takes the model out of force; import: a model file")
      ->type_name("NUMBER|FILE");
  add_access(command, options->access);
  command->footer(
      "Examples: quintet models http://localhost:8080\n"
      "          quintet models http://localhost:8080 promote score 3\n"
      "          quintet models http://localhost:8080 import score model.ubj\n"
      "          quintet models .quintet/card-fraud show score 3");
  command->callback([options, &common, &status] { status = models_command(common, *options); });
}

void add_erase(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<EraseOptions>();
  CLI::App* command = app.add_subcommand("erase", "Erase a person from a log");
  command->add_option("where", options->where, "its URL, or the directory of a log")->required();
  command->add_option("--value", options->value, "who, as it stands in events")->type_name("TEXT");
  command->add_option("--subject", options->subject, "who, by pseudonym")->type_name("PSEUDONYM");
  add_access(command, options->access);
  command->footer("Example: quintet erase http://localhost:8080 --value C-1029");
  command->callback([options, &common, &status] { status = erase_command(common, *options); });
}

void add_send(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* command = app.add_subcommand("send", "Stream files into a running application");
  command->add_option("url", options->url, "where it runs, as http://127.0.0.1:8080")->required();
  add_input(command, options->inputs)->required();
  command->add_option("--app", options->app,
                      "its file; by default it is asked for it, which a token for `send` "
                      "alone may not");
  command->add_option("--output", options->output, "keep the results here, a line each (NDJSON)");
  command->add_option("--session", options->session,
                      "name of this sending: the same again goes on behind what was answered");
  command->add_option("--rate", options->rate, "events a second")->check(CLI::PositiveNumber);
  command->add_option("--limit", options->limit, "send no more than this");
  command->add_option("--patience", options->patience, "seconds without an answer; default 60")
      ->check(CLI::NonNegativeNumber);
  add_access(command, options->access);
  command->footer(
      "Example: quintet send http://127.0.0.1:8080 --input transaction=tx.csv.gz --rate 1000");
  command->callback([options, &common, &status] { status = send_command(common, *options); });
}

void add_test(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "Given events, expected columns and decisions");
  command->add_option("app", options->app, kAppHelp)->required()->type_name("FILE");
  command->add_option("files", options->files, "default: tests/*.yaml beside the application");
  command->add_flag("--update", options->update, "write what is found into the files");
  command->footer(
      "A test is a file of events and of what is expected for their ids:\n"
      "  given:\n"
      "    - payment: {id: p1, at: 2024-03-01T10:00:00Z, card: c, amount: 20.00}\n"
      "    - payment: {id: p2, at: 2024-03-01T10:05:00Z, card: c, amount: -1}\n"
      "  expect:\n"
      "    p1: {spent_1d: 20.00, verdict: approve}    # what is not named is not compared\n"
      "    p2: refused\n"
      "A file without `expect` gets what was found by --update. An id given again is ID/2; the\n"
      "models that the application names under `file` are in force, trained ones are not.\n"
      "Examples: quintet test app.yaml tests/limits.yaml\n"
      "          quintet test app.yaml --update");
  command->callback([options, &common, &status] { status = test_command(common, *options); });
}

void add_new(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<NewOptions>();
  CLI::App* command = app.add_subcommand("new", "Write a first application file");
  command->add_option("file", options->file, "the file to write; - for stdout")->required();
  command->add_option("--from", options->from, "look at this CSV file and describe its columns");
  command->add_option("--template", options->template_name,
                      "blank, fraud, maintenance or chargebacks");
  command->add_flag("--replace", options->replace, "write over an existing file");
  command->footer(
      "Examples: quintet new --from transactions.csv app.yaml\n"
      "          quintet new --template fraud app.yaml");
  command->callback([options, &common, &status] { status = new_command(common, *options); });
}

void add_diff(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command = app.add_subcommand("diff", "What changes when one file replaces another");
  command->add_option("old", options->before, "the file in force")->required();
  command->add_option("new", options->after, "the file to come")->required();
  command->add_option("--kept", options->kept, "how far back the log reaches, as 90d");
  command->footer("Example: quintet diff app.yaml next.yaml --kept 90d");
  command->callback([options, &common, &status] { status = diff_command(common, *options); });
}

void add_descriptions(CLI::App& app, const Common& common, int& status) {
  auto word = std::make_shared<std::string>();
  CLI::App* schema = app.add_subcommand("schema", "The JSON Schema of application files");
  schema->footer("Example: quintet schema > app.schema.json");
  schema->callback([&common, &status] { status = schema_command(common); });

  CLI::App* functions = app.add_subcommand("functions", "What expressions can call");
  functions->add_option("name", *word, "one function; \"markdown\": the whole reference page");
  functions->footer("Example: quintet functions round");
  functions->callback([word, &common, &status] { status = functions_command(common, *word); });

  auto pattern = std::make_shared<std::string>("monolithic");
  CLI::App* show = app.add_subcommand("show", "The places and links of a pattern, as Mermaid");
  show->add_option("--pattern", *pattern, "the pattern's name; default monolithic");
  show->footer("Example: quintet show --pattern monolithic");
  show->callback([pattern, &common, &status] { status = show_command(common, *pattern); });

  auto data = std::make_shared<std::string>();
  CLI::App* doctor = app.add_subcommand("doctor", "This build and this machine, for bug reports");
  doctor->add_option("--data", *data, "the directory of the log; default .quintet");
  auto store = std::make_shared<std::string>();
  doctor->add_option("--store", *store, "a PostgreSQL server that a log would use")
      ->type_name("URL");
  doctor->footer(
      "Examples: quintet doctor\n"
      "          quintet doctor --store postgres://quintet@db.example.org/quintet");
  doctor->callback(
      [data, store, &common, &status] { status = doctor_command(common, *data, *store); });
}

void add_explain(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand(
      "explain",
      "What a code of a complaint means, how a column's value came about, or what a pattern is");
  command->add_option("what", options->what, "a code as QNT-0101, or the application file");
  command->add_option("--pattern", options->pattern,
                      "the places and links of this pattern, as Mermaid; the same as quintet show");
  command->add_option("id", options->id, "the event's id");
  command->add_option("column", options->column, "the column");
  add_input(command, options->inputs);
  command->add_option("--data", options->data, "a log's directory, while nothing runs on it");
  command->add_option("--event", options->event, "the event's type, where ids could be mixed up");
  command->add_option("--at", options->at, "as it would be after this position of the log");
  command->add_option("--limit", options->limit, "events shown of each window; default 50");
  command->footer(
      "Examples: quintet explain QNT-0101\n"
      "          quintet explain --pattern microservices\n"
      "          quintet explain app.yaml 4711 mean_7d --input transaction=tx.csv\n"
      "          quintet explain app.yaml 4711 mean_7d --data .quintet/app --at 90000");
  command->callback([options, &common, &status] { status = explain_command(common, *options); });
}

// "http://..." among the words is the place; what is left are the command's own words.
std::vector<std::string> take_url(const std::vector<std::string>& words, Source& source) {
  std::vector<std::string> rest;
  for (const std::string& word : words) {
    if (source.url.empty() && word.find("://") != std::string::npos) {
      source.url = word;
    } else {
      rest.push_back(word);
    }
  }
  return rest;
}

void add_source(CLI::App* command, Source& source) {
  command->add_option("--data", source.data, "a log's directory, while nothing runs on it");
  add_access(command, source.access);
}

void add_results(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ResultsOptions>();
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("results", "Read results, a line each (NDJSON)");
  command->add_option("words", *words, "URL or --data DIR, then an event's id or @POSITION")
      ->expected(0, 2);
  add_source(command, options->source);
  command->add_option("--event", options->event, "of this event type");
  command->add_option("--decision", options->decision, "decided so, as verdict:block");
  command->add_option("--from", options->from, "from this position on");
  command->add_option("--limit", options->limit, "no more than this");
  command->add_flag("--digest", options->digest, "one digest over all of them instead");
  command->footer(
      "Examples: quintet results http://127.0.0.1:8080 --decision verdict:block\n"
      "          quintet results --data .quintet/card-fraud 4711");
  command->callback([options, words, &common, &status] {
    const auto rest = take_url(*words, options->source);
    if (!rest.empty()) options->id = rest.front();
    status = results_command(common, *options);
  });
}

void add_views(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ViewsOptions>();
  CLI::App* command = app.add_subcommand("views", "Read a view of a running application (CSV)");
  command->add_option("url", options->url, "where it runs");
  command->add_option("view", options->name, "the view; left out: what views there are");
  add_access(command, options->access);
  command->add_option("--from", options->from, "buckets that begin at this time or later");
  command->add_option("--to", options->to, "and before this time");
  command->add_option("--where", options->where, "KEY=VALUE of a key of the view");
  command->footer("Example: quintet views http://127.0.0.1:8080 blocked --where terminal_id=7");
  command->callback([options, &common, &status] { status = views_command(common, *options); });
}

void add_dead_letters(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<LettersOptions>();
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("dead-letters", "What was refused, and a second chance");
  command
      ->add_option("words", *words, "URL or --data DIR, then list, show N, replay N or discard N")
      ->expected(0, 3);
  add_source(command, options->source);
  command->add_option("--code", options->code, "list: refused for this reason");
  command->add_flag("--all", options->all, "list: replayed and discarded ones too");
  command->add_option("--event", options->event_file,
                      "replay: a file with the event as JSON, - for stdin; default: the original");
  command->footer(
      "Examples: quintet dead-letters http://127.0.0.1:8080\n"
      "          quintet dead-letters http://127.0.0.1:8080 replay 3 --event fixed.json");
  command->callback([options, words, &common, &status] {
    const auto rest = take_url(*words, options->source);
    if (!rest.empty()) options->action = rest[0];
    if (rest.size() > 1) options->number = rest[1];
    status = dead_letters_command(common, *options);
  });
}

std::vector<std::string> texts(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

// The values of an option, or the words of a command (`option` empty), where they are few.
std::vector<std::string> words_of(const std::string& command, const std::string& option) {
  if (option == "--format") return {"text", "json"};
  if (option == "--pattern" || option == "--patterns")
    return texts(quintet::pattern::pattern_names());
  if (option == "--template") return texts(quintet::app::template_names());
  if (!option.empty()) return {};
  if (command == "models") return {"list", "show", "promote", "rollback", "import"};
  if (command == "dead-letters") return {"list", "show", "replay", "discard"};
  if (command == "completion") return {"bash", "zsh", "fish"};
  return {};
}

std::vector<Completable::Option> options_of(const CLI::App& command) {
  std::vector<Completable::Option> found;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      found.push_back({"--" + name, option->get_items_expected_max() != 0,
                       words_of(command.get_name(), "--" + name)});
    }
  }
  return found;
}

std::vector<Completable> completables(const CLI::App& app) {
  std::vector<Completable> found;
  for (const CLI::App* command : app.get_subcommands({})) {
    found.push_back({command->get_name(), command->get_description(), options_of(*command),
                     words_of(command->get_name(), "")});
  }
  return found;
}

void add_completion(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Completion for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples: eval \"$(quintet completion bash)\"\n"
      "          quintet completion fish > ~/.config/fish/completions/quintet.fish");
  command->callback([shell, &app, &status] {
    status = completion_command(*shell, completables(app), options_of(app));
  });
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

void add_help(CLI::App& app, const Common& common, int& status) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("help", "How a command is used");
  command->add_option("command", *name, "its name; without it the list of commands");
  command->footer("Example: quintet help train");
  command->callback([name, &app, &common, &status] {
    const CLI::App* const asked = name->empty() ? &app : find_command(app, *name);
    if (asked == nullptr) {
      status =
          report_usage(common, quintet::not_found("there is no command " + quintet::shown(*name)));
      return;
    }
    const std::string called = asked == &app ? "quintet" : "quintet " + *name;
    std::fputs(app.get_formatter()->make_help(asked, called, CLI::AppFormatMode::Normal).c_str(),
               stdout);
  });
}

// The first word that should be a command and is none.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--format") {
      ++i;
      continue;
    }
    if (words[i].starts_with('-')) continue;
    if (find_command(app, words[i]) != nullptr) return {};
    return words[i];
  }
  return {};
}

int report_wrong_line(const CLI::App& app, Common common, const std::vector<std::string>& words,
                      std::string why) {
  const auto chosen = app.get_subcommands();
  std::string help = "quintet ";
  if (!chosen.empty()) help += chosen.front()->get_name() + " ";
  if (const std::string word = unknown_command(app, words); !word.empty()) {
    std::vector<std::string_view> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    const auto near = quintet::nearest(word, names);
    why = "there is no command " + quintet::shown(word) +
          (near ? "; did you mean " + std::string(*near) + "?" : std::string());
  } else if (words.empty()) {
    why = "say what to do";
  }
  // The line was not read to its end, so what it says of the format may not have been seen.
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    common.json = common.json || (words[i] == "--format" && words[i + 1] == "json");
  }
  report_usage(common, quintet::invalid(why));
  if (!common.json) std::fprintf(stderr, "help: %s--help\n", help.c_str());
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Quintet: one AI application, five architecture patterns", "quintet");
  Common common;
  int status = kOk;
  std::string format = "text";
  app.add_option("--format", format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("-q,--quiet", common.quiet, "no progress");
  app.set_version_flag("--version", "quintet 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "First steps: quintet new --from YOUR.csv app.yaml\n"
      "             quintet check app.yaml\n"
      "             quintet run app.yaml\n"
      "Exit status: 0 ok, 1 the application or its data is at fault, 2 the command line or the "
      "machine");
  app.parse_complete_callback([&] { common.json = format == "json"; });
  add_new(app, common, status);
  add_check(app, common, status);
  add_test(app, common, status);
  add_diff(app, common, status);
  add_backfill(app, common, status);
  add_train(app, common, status);
  add_run(app, common, status);
  add_scale(app, common, status);
  add_restart(app, common, status);
  add_service(app, common, status);
  add_send(app, common, status);
  add_results(app, common, status);
  add_views(app, common, status);
  add_verify(app, common, status);
  add_dead_letters(app, common, status);
  add_models(app, common, status);
  add_erase(app, common, status);
  add_explain(app, common, status);
  add_descriptions(app, common, status);
  add_completion(app, status);
  add_help(app, common, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return report_wrong_line(app, common, {argv + 1, argv + argc}, error.what());
  }
  return status;
}
