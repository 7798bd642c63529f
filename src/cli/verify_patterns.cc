#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/decimal.h"
#include "base/seal.h"
#include "cli/commands.h"
#include "host/loop.h"
#include "host/shard_table.h"
#include "host/supervisor.h"
#include "pattern/topology.h"
#include "store/postgres.h"
#include "tool/patterns.h"

namespace quintet::cli {

namespace {

namespace fs = std::filesystem;

// The directory of a verification: kept where it was asked for, else taken away at the end.
class Folder {
 public:
  static Expected<std::unique_ptr<Folder>> open(const std::string& keep) {
    std::string path = keep;
    std::error_code failed;
    if (keep.empty()) {
      path = (fs::temp_directory_path(failed) / "quintet-verify-XXXXXX").string();
      if (failed || ::mkdtemp(path.data()) == nullptr) {
        return unavailable("there is no temporary directory");
      }
    } else {
      fs::create_directories(path, failed);
      if (failed) return unavailable(path + ": " + failed.message());
      if (!fs::is_empty(path, failed)) return conflict(path + " is not empty");
    }
    return std::unique_ptr<Folder>(new Folder(path, !keep.empty()));
  }
  ~Folder() { remove(); }
  // Under another name first: what goes on meanwhile finds no place to write to.
  void remove() const {
    if (kept_) return;
    std::error_code ignored;
    const std::string gone = path_ + "-gone";
    fs::rename(path_, gone, ignored);
    fs::remove_all(gone, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  Folder(std::string path, bool kept) : path_(std::move(path)), kept_(kept) {}
  std::string path_;
  bool kept_;
};

// The schemas of a verification: taken away at the end, unless the directory that knows them is
// kept.
class Schemas {
 public:
  Schemas(const tool::PatternsOptions& options, bool kept)
      : url_(options.store_url), names_(tool::schemas_of(options)), kept_(kept) {}
  ~Schemas() { remove(); }
  void remove() const {
    if (url_.empty() || kept_) return;
    const auto dropped = store::drop_schemas(url_, names_);
    if (dropped) return;
    std::fprintf(stderr, "warning: schemas as %s are left: %s\n", names_.front().c_str(),
                 dropped.error().message().c_str());
  }

 private:
  const std::string url_;
  const std::vector<std::string> names_;
  const bool kept_;
};

// Ctrl-C and SIGTERM end the application under way, in order, and then this program by the same
// signal.
class Interrupts {
 public:
  Interrupts(tool::Endable& endable, const Folder& folder, const Schemas& schemas) {
    loop_.on_termination([&](int number) {
      endable.end();
      schemas.remove();
      folder.remove();
      std::signal(number, SIG_DFL);
      std::raise(number);
    });
    loop_.start("interrupts");
  }

 private:
  host::Loop loop_;
};

bool is_pattern(const std::string& name) {
  return pattern::find_pattern(name).has_value();
}

// Those of this build that the application's file is right for.
Expected<std::vector<std::string>> patterns_of(const VerifyOptions& options,
                                               const std::string& text) {
  std::vector<std::string> out = options.patterns;
  for (const std::string& name : out) {
    TRY_DO(pattern::find_pattern(name));
    if (app::load(text, name).spec == nullptr) {
      return invalid("the application cannot run under " + name + "; quintet run --pattern " +
                     name + " says why");
    }
  }
  if (!out.empty()) return out;
  for (const std::string_view name : pattern::pattern_names()) {
    if (app::load(text, name).spec != nullptr) out.emplace_back(name);
  }
  return out;
}

Expected<tool::ModelSwitch> parse_promotion(const std::string& text, const app::Spec& spec) {
  const std::size_t equals = text.find('='), at = text.rfind('@');
  const auto count = parse_int64(at == text.npos ? std::string() : text.substr(at + 1));
  if (equals == text.npos || !count || *count < 0 || at < equals) {
    return invalid("--promote " + text + ": write MODEL=FILE@EVENTS");
  }
  tool::ModelSwitch out;
  out.model = text.substr(0, equals);
  out.file = text.substr(equals + 1, at - equals - 1);
  out.at = static_cast<std::uint64_t>(*count);
  const bool known = std::any_of(spec.models.begin(), spec.models.end(),
                                 [&](const auto& model) { return model.name == out.model; });
  if (!known) {
    return not_found("--promote " + text + ": there is no model \"" + out.model + "\"");
  }
  // Not after all the events before it.
  if (const auto there = read_file(out.file); !there) {
    return Error(there.error()).at("--promote " + text);
  }
  return out;
}

// The server is there, and each pattern can have a schema that is new.
Expected<std::string> store_of(const VerifyOptions& options) {
  TRY(const std::string url, store_url_of(options.store));
  if (url.empty()) return url;
  auto facts = store::look_at_postgres(url);
  if (!facts) return std::move(facts).error().at("--store");
  if (facts->may_create) return url;
  return invalid("each pattern gets a schema of its own, and this role may make none at " +
                 facts->place)
      .at("--store");
}

// 0: as many as a pattern has by itself.
Expected<host::ReplicaId> replicas_of(const VerifyOptions& options,
                                      const std::vector<std::string>& patterns) {
  host::ReplicaId count = 0;
  for (const std::string& one : options.replicas) {
    auto given = host::read_replica_count(one);
    if (!given) return std::move(given).error().at("--replicas " + one);
    count = *given;
  }
  for (const std::string& name : patterns) {
    TRY(const auto topology, pattern::find_pattern(name));
    if (count == 0 || tool::has_infer_alone(topology)) return count;
  }
  return invalid("infer is a service of its own in none of the patterns").at("--replicas");
}

Expected<tool::PatternsOptions> prepare(const VerifyOptions& options,
                                        std::shared_ptr<const app::Spec> spec) {
  tool::PatternsOptions out;
  out.app = options.app;
  out.spec = std::move(spec);
  if (options.inputs.empty()) return invalid("--input is required");
  if (!options.report.empty() && !options.report.ends_with(".html") &&
      !options.report.ends_with(".json")) {
    return invalid("--report " + options.report + ": the name must end in .html or .json");
  }
  for (const std::string& input : options.inputs) {
    TRY(auto file, tool::parse_input(input, *out.spec));
    out.inputs.push_back(std::move(file));
  }
  TRY(const std::string text, read_file(options.app));
  TRY(out.patterns, patterns_of(options, text));
  TRY(out.infer_replicas, replicas_of(options, out.patterns));
  TRY(const std::string self, host::own_program());
  for (const std::string& name : out.patterns) out.programs[name] = self;
  for (const std::string& one : options.programs) {
    const std::size_t equals = one.find('=');
    if (equals == one.npos || !is_pattern(one.substr(0, equals))) {
      return invalid("--program " + one + ": write PATTERN=PATH");
    }
    out.programs[one.substr(0, equals)] = one.substr(equals + 1);
  }
  out.events = options.events;
  out.disturbance = {options.seed, options.duplicates, options.late};
  out.kills = options.kills;
  for (const std::string& one : options.promotions) {
    TRY(auto promotion, parse_promotion(one, *out.spec));
    out.switches.push_back(std::move(promotion));
  }
  if (options.train_at != 0) out.train_at = options.train_at;
  TRY(out.store_url, store_of(options));
  out.schema = "quintet_verify_" + to_hex(random_bytes(6));
  return out;
}

}  // namespace

std::string verify_footer() {
  return "Each pattern runs by itself on the same input, sent as one ordered session, and is "
         "dumped\n"
         "at rest. Compared are: what became of each line that was sent (position and id, or why "
         "it\n"
         "was refused), every result (features, predictions, decisions, reasons, errors, model\n"
         "versions) as it was replied and as it stands, the labels of every event (value, and "
         "where\n"
         "and when it became known), every line of every view, every dead letter with its "
         "original,\n"
         "every model version with its digest, figures and card, and the promotions.\n"
         "Not compared: " +
         std::string(tool::kLeftOut) +
         ".\n"
         "With --store each pattern gets schemas that are new, quintet_verify_ID_NUMBER, and they "
         "are\n"
         "removed at the end, but for --keep.\n"
         "Examples: quintet verify app.yaml --input transaction=tx.csv.gz --events 100000\n"
         "          quintet verify app.yaml --input transaction=tx.csv --duplicates 1 --late 2 \\\n"
         "            --kill 3 --train-at 50000 --report report.html\n"
         "          quintet verify app.yaml --input transaction=tx.csv --kill 2 \\\n"
         "            --promote score=one.ubj@20000 --promote score=two.ubj@60000\n"
         "          quintet verify app.yaml --input transaction=tx.csv --replicas infer=3 \\\n"
         "            --store postgres://quintet@db.example.org/quintet\n"
         "          quintet verify --data .quintet/card-fraud";
}

int verify_patterns_command(const Common& common, const VerifyOptions& options) {
  const auto loaded = load_app(common, options.app);
  if (loaded.spec == nullptr) return loaded.status;
  auto prepared = prepare(options, loaded.spec);
  if (!prepared) return report_usage(common, prepared.error());
  const auto folder = Folder::open(options.keep);
  if (!folder) return report_usage(common, folder.error());
  prepared->directory = (*folder)->path();
  tool::Endable endable;
  const Schemas schemas(*prepared, !options.keep.empty());
  const Interrupts interrupts(endable, **folder, schemas);
  SystemClock clock;
  const auto mode = common.quiet ? tool::Progress::Mode::quiet : tool::Progress::Mode::automatic;
  const auto found = tool::verify_patterns(*prepared, endable, mode, clock);
  if (!found) return report(common, found.error());
  if (common.json) {
    std::printf("%s\n", tool::to_json(*found).c_str());
  } else {
    std::printf("%s", tool::to_text(*found).c_str());
  }
  if (!options.report.empty()) {
    const bool page = options.report.ends_with(".html");
    const auto written =
        write_file(options.report, page ? tool::to_html(*found) : tool::to_json(*found) + "\n");
    if (!written) return report_usage(common, written.error());
  }
  return found->equal() ? kOk : kFault;
}

}  // namespace quintet::cli
