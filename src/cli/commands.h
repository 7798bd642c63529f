// The commands, as functions of plain options. cli/quintet_main.cc turns the command line into
// them. Each returns the exit status: 0 ok, 1 the application's or the data's fault, 2 usage or
// environment. Results go to stdout, progress and complaints to stderr.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/load.h"
#include "base/expected.h"
#include "host/front_door.h"
#include "host/tracer.h"
#include "learn/model.h"
#include "tool/door.h"

namespace quintet::cli {

inline constexpr int kOk = 0;
inline constexpr int kFault = 1;
inline constexpr int kUsage = 2;

// What every command knows.
struct Common {
  bool json = false;   // --format json
  bool quiet = false;  // no progress
};

// How a running application is reached.
struct Access {
  std::string token;    // bearer token; empty: the environment's QUINTET_TOKEN
  std::string ca_file;  // for https: PEM; empty: the authorities that the system trusts
};
tool::Door door_of(const std::string& url, const Access& access);

struct CheckOptions {
  std::string app;
  std::vector<std::string> inputs;  // EVENT=FILE: type-checked against the file
};
int check_command(const Common& common, const CheckOptions& options);

struct BackfillOptions {
  std::string app;
  std::vector<std::string> inputs;
  std::string output;
  std::vector<std::string> models;  // NAME=FILE
  std::string from;                 // a time; empty: all
  std::string key_file;             // pseudonym key; empty: a fixed one for files
};
int backfill_command(const Common& common, const BackfillOptions& options);

struct TrainOptions {
  std::string app;
  std::vector<std::string> inputs;  // EVENT=FILE
  std::string model;                // by name; empty: the only one that is trained
  std::string as_of;                // a time; empty: as soon as the newest label is known
  std::vector<std::string> sets;    // NAME=VALUE, over what stands under `train`
  std::string output;               // the model file; its card is written beside it
  std::string store;                // directory of a log: import the files, register, promote
};
int train_command(const Common& common, const TrainOptions& options);

struct ModelsOptions {
  std::string where;  // URL of a running application, or its directory
  Access access;
  std::string action = "list";  // list, show, promote, rollback, import
  std::string model;
  std::string argument;  // promote: the version; show: the one whose card; import: the file
};
int models_command(const Common& common, const ModelsOptions& options);

struct EraseOptions {
  std::string where;  // URL of a running application, or its directory
  Access access;
  std::string value;    // as it stands in events
  std::string subject;  // or its pseudonym
};
int erase_command(const Common& common, const EraseOptions& options);

struct DoorOptions {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string certificate, key;              // PEM files; both or none
  std::string tokens;                        // file of tokens with their scopes
  std::string key_file;                      // pseudonym key of a new log; empty: one is made
  std::vector<std::string> names;            // the host names that clients use
  std::uint64_t snapshot_every = 200'000;    // positions; 0: only when it ends
  double client_rate = 0, client_burst = 0;  // requests and events; 0: no limit, twice the rate
  std::uint64_t client_in_flight = 0;        // requests; 0: no limit
  int descriptor = -1;                       // of a socket that listens; -1: none
  std::string traces;                        // URL of a collector; empty: none
  double trace_share = 1;                    // of the requests that bring no traceparent
};
Expected<host::DoorSettings> door_settings_of(const DoorOptions& options);
Expected<host::TracerSettings> tracer_settings_of(const DoorOptions& options);
// Empty if none is given.
// The URL without its password, which becomes PGPASSWORD of this process and its children.
Expected<std::string> store_url_of(const std::string& url);
// Whether --schema can be what it is given as, beside this --store.
Expected<void> check_schema(const std::string& store, const std::string& schema);
Expected<std::string> pseudonym_key_of(const DoorOptions& options);

struct RunOptions {
  std::string app;
  std::string data;  // directory; empty: .quintet/APP beside the file
  std::string pattern;
  std::string store;                  // postgres://...; empty: SQLite in the directory
  std::string schema;                 // there; empty: quintet_APP
  std::vector<std::string> replicas;  // SERVICE=N
  DoorOptions door;
};
int run_command(const Common& common, const RunOptions& options);

struct ScaleOptions {
  std::string data;   // directory of the running application
  std::string count;  // SERVICE=N
};
int scale_command(const Common& common, const ScaleOptions& options);
// All its processes anew.
int restart_command(const Common& common, const std::string& data);

struct ServiceOptions {
  std::string name;
  std::string app;          // ingest
  std::string data;         // directory; empty: .quintet/NAME
  std::string store;        // postgres://...; empty: SQLite in the directory
  std::string schema;       // there, with `_SERVICE` behind it; empty: quintet_APP
  std::string application;  // with `store`: whose schema it is; ingest knows it from `app`
  std::string listen;
  int replica = 1;                 // of infer
  bool spare = false;              // of infer: ready without shards
  std::vector<std::string> peers;  // NAME=ADDRESS
  std::string certificates;        // directory; empty: no TLS between services
  DoorOptions door;                // gateway
  std::uint64_t log_ahead = 0;     // ingest; 0: the usual
  std::string config;              // file of options; they are taken before the command begins
  bool ends_with_input = false;
};
int service_command(const Common& common, const ServiceOptions& options);

struct SendOptions {
  std::string url;
  std::vector<std::string> inputs;
  std::string app;  // empty: the one that runs there
  std::string output;
  Access access;
  std::string session;
  double rate = 0;
  std::uint64_t limit = 0;
  double patience = 60;  // seconds
};
int send_command(const Common& common, const SendOptions& options);

// Where a log is: behind a URL, or in a directory that no process holds.
struct Source {
  std::string url, data;
  Access access;
};
struct ResultsOptions {
  Source source;
  std::string id;  // empty: all; "@12": of a position
  std::string event;
  std::string decision;     // NAME:VALUE
  std::uint64_t from = 0;   // 0: the first that is kept
  std::uint64_t limit = 0;  // 0: all
  bool digest = false;
};
int results_command(const Common& common, const ResultsOptions& options);

struct ViewsOptions {
  std::string url;
  Access access;
  std::string name;                // empty: lists the views
  std::string from, to;            // begins of buckets
  std::vector<std::string> where;  // KEY=VALUE
};
int views_command(const Common& common, const ViewsOptions& options);

struct VerifyOptions {
  std::string app;                    // run under several patterns and compared; or:
  std::string data;                   // directory of a log that no process holds
  std::vector<std::string> inputs;    // EVENT=FILE; the rest goes with these
  std::vector<std::string> patterns;  // empty: all that the application can have
  std::string store;                  // postgres://...; empty: SQLite
  std::vector<std::string> replicas;  // SERVICE=N
  std::uint64_t events = 0;           // 0: all
  std::uint64_t seed = 1;
  double duplicates = 0, late = 0;  // percent
  std::uint64_t kills = 0;
  std::uint64_t train_at = 0;           // 0: nothing is trained
  std::vector<std::string> promotions;  // MODEL=FILE@EVENTS
  std::string keep;                     // a directory; empty: nothing is kept
  std::string report;                   // a file; empty: none
  std::vector<std::string> programs;    // PATTERN=PATH
};
// Status kFault if anything differs: from a fold of the log, or between patterns.
int verify_command(const Common& common, const VerifyOptions& options);
int verify_patterns_command(const Common& common, const VerifyOptions& options);
// What is compared, and what is not.
std::string verify_footer();

struct LettersOptions {
  Source source;
  std::string action = "list";  // show, replay, discard
  std::string number;           // of all but list
  std::string code;
  std::string event_file;  // for replay: the event as JSON; - for stdin
  bool all = false;        // closed ones too
};
int dead_letters_command(const Common& common, const LettersOptions& options);

struct TestOptions {
  std::string app;
  std::vector<std::string> files;  // empty: tests/*.yaml beside the application
  bool update = false;             // writes what was found into the files
};
int test_command(const Common& common, const TestOptions& options);

struct NewOptions {
  std::string file;  // to write; "-" for stdout
  std::string from;  // a CSV file to look at
  std::string template_name = "blank";
  bool replace = false;  // an existing file too
};
int new_command(const Common& common, const NewOptions& options);

struct DiffOptions {
  std::string before, after;
  std::string kept;  // how far back the log reaches, as 90d; empty: all of it is there
};
int diff_command(const Common& common, const DiffOptions& options);

int schema_command(const Common& common);
int functions_command(const Common& common, const std::string& name);
int show_command(const Common& common, const std::string& pattern);
// The text of a diagnostic's code.
int explain_code_command(const Common& common, const std::string& code);
// How a column's value came about; with `what` alone, the text of that code.
struct ExplainOptions {
  std::string what;     // the application file, or a code
  std::string pattern;  // in place of all else
  std::string id, column;
  std::vector<std::string> inputs;
  std::string data;
  std::string event;
  std::uint64_t at = 0;  // 0: where the event came
  std::size_t limit = 50;
};
int explain_command(const Common& common, const ExplainOptions& options);
int doctor_command(const Common& common, const std::string& data, const std::string& store);

// What a shell needs to complete a line: cli/quintet_main.cc reads it from the command line's own
// description.
struct Completable {
  std::string name, description;
  struct Option {
    std::string name;  // "--input"
    bool takes_value = false;
    std::vector<std::string> words;  // its values, where they are few
  };
  std::vector<Option> options;
  std::vector<std::string> words;  // further words it takes: "list", "show"
};
// `global`: the options that stand before any command and behind it.
int completion_command(const std::string& shell, const std::vector<Completable>& commands,
                       const std::vector<Completable::Option>& global);

// --- shared by the commands ---

// The file's text, or an error that names it.
Expected<std::string> read_file(const std::string& path);
// Writes the whole file, or says why it cannot.
Expected<void> write_file(const std::string& path, std::string_view bytes);

// Loads and prints every diagnostic. Without a spec the status says whose fault it is: that of the
// file's content (1), or that it cannot be read (2).
struct LoadedApp {
  std::shared_ptr<const app::Spec> spec;
  int status = kOk;
  std::string text;
};
// Prints one, of the application file `path` with this text.
void show(const Common& common, const app::Diagnostic& diagnostic, const std::string& path,
          const std::string& text);
LoadedApp load_app(const Common& common, const std::string& path, const std::string& pattern = {});

// The model that the application, in the file `app`, names under `file`, read and checked here.
Expected<std::shared_ptr<const learn::Model>> load_brought(const app::ModelSpec& model,
                                                           const std::string& app);

// What of the bad lines of inputs is shown: the first ten, then how many more there were.
class BadLines {
 public:
  // `doing`: "refused: ", or nothing.
  explicit BadLines(std::string doing) : doing_(std::move(doing)) {}
  ~BadLines();
  void show(const std::string& path, std::uint64_t line, const std::string& field,
            const std::string& why);

 private:
  std::string doing_;
  std::uint64_t count_ = 0;
};
// "error: ..." on stderr, or {"error": ...} on stdout with --format json. Gives the exit status
// that fits the error's code.
int report(const Common& common, const Error& error);
// The same of something that was asked for in a wrong way, or that this machine cannot give: 2.
int report_usage(const Common& common, const Error& error);

}  // namespace quintet::cli
