// The command line. The only file that sees CLI11.
#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace {

using namespace quintet::cli;

constexpr const char* kInputHelp =
    "EVENT=FILE, CSV or NDJSON, .gz or not; may be given several times";
constexpr const char* kTokenHelp = "bearer token; default: the environment's QUINTET_TOKEN";

void add_check(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "Find every mistake in an application file");
  command->add_option("app", options->app, "the application file")->required();
  command->add_option("--input", options->inputs, kInputHelp);
  command->footer("Example: quintet check app.yaml --input transaction=sample.csv");
  command->callback([options, &common, &status] { status = check_command(common, *options); });
}

void add_backfill(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<BackfillOptions>();
  CLI::App* command =
      app.add_subcommand("backfill", "Fold files and write features, predictions and decisions");
  command->add_option("app", options->app, "the application file")->required();
  command->add_option("--input", options->inputs, kInputHelp)->required();
  command->add_option("--output", options->output,
                      "rows as CSV: FILE.csv, FILE.csv.gz or - ; without it only the digest");
  command->add_option("--model", options->models, "NAME=FILE: a model in force from the start");
  command->add_option("--from", options->from, "write only events at or after this time");
  command->add_option("--pseudonym-key", options->key_file, "file with the 32 byte key of a log");
  command->footer(
      "Example: quintet backfill app.yaml --input transaction=tx.csv.gz --output rows.csv");
  command->callback([options, &common, &status] { status = backfill_command(common, *options); });
}

void add_train(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand("train", "Train a model from files");
  command->add_option("app", options->app, "the application file")->required();
  command->add_option("--input", options->inputs, kInputHelp)->required();
  command->add_option("--model", options->model, "which model, if several are trained");
  command->add_option("--as-of", options->as_of, "labels as they were known at this time");
  command->add_option("--set", options->sets, "NAME=VALUE: over what stands under `train`");
  command->add_option("--output", options->output, "the model file; its card is written beside it");
  command->add_option("--store", options->store,
                      "a directory: import the files as its log, register the model and promote it "
                      "by the application's rule");
  command->footer("Example: quintet train app.yaml --input transaction=tx.csv.gz --set rounds=50");
  command->callback([options, &common, &status] { status = train_command(common, *options); });
}

void add_models(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App* command = app.add_subcommand("models", "List, show, promote and roll back models");
  command->add_option("where", options->where, "http://HOST:PORT, or the directory of a log")
      ->required();
  command->add_option("action", options->action, "list, show, promote or rollback")
      ->check(CLI::IsMember({"list", "show", "promote", "rollback"}));
  command->add_option("model", options->model, "its name");
  command->add_option("version", options->version, "its number; 0 takes the model out of force")
      ->check(CLI::NonNegativeNumber);
  command->footer("Example: quintet models http://localhost:8080 promote score 3");
  command->callback([options, &common, &status] { status = models_command(common, *options); });
}

void add_run(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Run an application until it is told to stop");
  command->add_option("app", options->app, "the application file")->required();
  command->add_option("--data", options->data, "directory of the log; default .quintet/APP");
  command->add_option("--host", options->host, "address to listen on");
  command->add_option("--port", options->port, "port; 0 for a free one")
      ->check(CLI::Range(0, 65535));
  command->add_option("--pattern", options->pattern, "run under this pattern");
  command->footer("Example: quintet run app.yaml --port 8080");
  command->callback([options, &common, &status] { status = run_command(common, *options); });
}

void add_send(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* command = app.add_subcommand("send", "Stream files into a running application");
  command->add_option("url", options->url, "where it runs, as http://127.0.0.1:8080")->required();
  command->add_option("--input", options->inputs, kInputHelp)->required();
  command->add_option("--app", options->app, "its file; by default it is asked for it");
  command->add_option("--output", options->output, "keep the results here, a line each (NDJSON)");
  command->add_option("--rate", options->rate, "events a second")->check(CLI::PositiveNumber);
  command->add_option("--limit", options->limit, "send no more than this");
  command->add_option("--patience", options->patience, "seconds without an answer; default 60")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--token", options->token, kTokenHelp);
  command->footer(
      "Example: quintet send http://127.0.0.1:8080 --input transaction=tx.csv.gz --rate 1000");
  command->callback([options, &common, &status] { status = send_command(common, *options); });
}

void add_test(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "Given events, expected columns and decisions");
  command->add_option("app", options->app, "the application file")->required();
  command->add_option("files", options->files, "default: tests/*.yaml beside the application");
  command->add_flag("--update", options->update, "write what is found into the files");
  command->footer("Example: quintet test app.yaml tests/limits.yaml");
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
  command->footer("Example: quintet new --from transactions.csv app.yaml");
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
  doctor->footer("Example: quintet doctor");
  doctor->callback([data, &common, &status] { status = doctor_command(common, *data); });
}

void add_explain(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand(
      "explain", "What a code of a complaint means, or how a column's value came about");
  command->add_option("what", options->what, "a code as QNT-0101, or the application file")
      ->required();
  command->add_option("id", options->id, "the event's id");
  command->add_option("column", options->column, "the column");
  command->add_option("--input", options->inputs, kInputHelp);
  command->add_option("--data", options->data, "a log's directory, while nothing runs on it");
  command->add_option("--event", options->event, "the event's type, where ids could be mixed up");
  command->add_option("--at", options->at, "as it would be after this position of the log");
  command->add_option("--limit", options->limit, "events shown of each window; default 50");
  command->footer(
      "Example: quintet explain QNT-0101\n"
      "Example: quintet explain app.yaml 4711 mean_7d --input transaction=tx.csv");
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
  command->add_option("--token", source.token, kTokenHelp);
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
  command->footer("Example: quintet results http://127.0.0.1:8080 --decision verdict:block");
  command->callback([options, words, &common, &status] {
    const auto rest = take_url(*words, options->source);
    if (!rest.empty()) options->id = rest.front();
    status = results_command(common, *options);
  });
}

void add_dead_letters(CLI::App& app, const Common& common, int& status) {
  auto options = std::make_shared<LettersOptions>();
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("dead-letters", "What was refused, and a second chance");
  command
      ->add_option("words", *words,
                   "URL or --data DIR, then list, show N, replay N or discard N")
      ->expected(0, 3);
  add_source(command, options->source);
  command->add_option("--code", options->code, "list: refused for this reason");
  command->add_flag("--all", options->all, "list: replayed and discarded ones too");
  command->add_option("--event", options->event_file,
                      "replay: a file with the event as JSON, - for stdin; default: the original");
  command->footer(
      "Example: quintet dead-letters http://127.0.0.1:8080 replay 3 --event fixed.json");
  command->callback([options, words, &common, &status] {
    const auto rest = take_url(*words, options->source);
    if (!rest.empty()) options->action = rest[0];
    if (rest.size() > 1) options->number = rest[1];
    status = dead_letters_command(common, *options);
  });
}

std::vector<Completable> completables(const CLI::App& app) {
  std::vector<Completable> found;
  for (const CLI::App* command : app.get_subcommands({})) {
    Completable one{command->get_name(), command->get_description(), {"--help"}, {}};
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        if (name != "help") one.options.push_back("--" + name);
      }
    }
    for (const CLI::App* word : command->get_subcommands({})) one.words.push_back(word->get_name());
    found.push_back(std::move(one));
  }
  return found;
}

void add_completion(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Completion for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example: eval \"$(quintet completion bash)\"");
  command->callback(
      [shell, &app, &status] { status = completion_command(*shell, completables(app)); });
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
  app.parse_complete_callback([&] { common.json = format == "json"; });
  add_check(app, common, status);
  add_backfill(app, common, status);
  add_train(app, common, status);
  add_models(app, common, status);
  add_run(app, common, status);
  add_send(app, common, status);
  add_results(app, common, status);
  add_dead_letters(app, common, status);
  add_test(app, common, status);
  add_new(app, common, status);
  add_diff(app, common, status);
  add_explain(app, common, status);
  add_descriptions(app, common, status);
  add_completion(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return status;
}
