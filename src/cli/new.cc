// quintet new, and quintet diff beside it: the beginning of a file and its changes.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/diff.h"
#include "app/load.h"
#include "app/profile.h"
#include "app/reading.h"
#include "app/vocabulary.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "expr/number.h"
#include "tool/input.h"

namespace quintet::cli {

namespace {

constexpr std::size_t kProfiledLines = 200'000;
constexpr std::size_t kProfiledBytes = std::size_t{256} << 20;

// "data/Transactions 2018.csv.gz" -> "Transactions 2018"
std::string stem_of(const std::string& path) {
  std::string name = path.substr(path.find_last_of('/') + 1);
  return name.substr(0, name.find('.'));
}

// What was read as CSV and clearly is none, or cannot be an event.
Expected<void> check_csv(const std::string& path, const std::string& header,
                         const app::Profile& profile) {
  const std::size_t lines = profile.rows + profile.unread;
  const bool alone = profile.columns.size() == 1 && profile.unread * 10 > lines;
  if (header.starts_with('{') || header.starts_with('[')) {
    return invalid(path + " is JSON: a first file is made from CSV with a header line");
  }
  if (lines > 3 && (alone || profile.unread * 2 > lines)) {
    return invalid(path + " is no CSV with a header line: " + std::to_string(profile.unread) +
                   " of " + std::to_string(lines) + " lines do not fit its first line, which has " +
                   std::to_string(profile.columns.size()) +
                   (profile.columns.size() == 1 ? " column" : " columns"));
  }
  if (profile.columns.size() > app::kMaxNamed) {
    return invalid(path + " has " + std::to_string(profile.columns.size()) +
                   " columns, an event has at most " + std::to_string(app::kMaxNamed) +
                   " fields: leave some out, as `cut -d, -f1-1000` does");
  }
  return {};
}

Expected<std::string> first_from(const Common& common, const NewOptions& options) {
  std::string_view line;
  TRY(auto reader, tool::LineReader::open(options.from));
  TRY(const bool any, reader->next(line));
  if (!any) return invalid(options.from + " is empty: a CSV file needs a header line");
  // Once more, now that it is known how quoted cells end.
  const char separator = app::guess_separator(line);
  TRY(reader, tool::LineReader::open(options.from, separator));
  TRY_DO(reader->next(line));
  const std::string header(line);
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  while (texts.size() < kProfiledLines && bytes < kProfiledBytes) {
    TRY(const bool more, reader->next(line));
    if (!more) break;
    if (line.empty()) continue;
    bytes += line.size();
    texts.emplace_back(line);
  }
  const std::vector<std::string_view> lines(texts.begin(), texts.end());
  auto seen = app::profile(header, lines);
  if (!seen) return std::move(seen).error().during(options.from + ":1");
  const app::Profile profile = *std::move(seen);
  if (auto csv = check_csv(options.from, header, profile); !csv) return std::move(csv).error();
  if (!common.quiet && !common.json) {
    std::fprintf(stderr, "looked at %zu lines of %s: %zu columns\n", profile.rows,
                 options.from.c_str(), profile.columns.size());
    if (profile.unread != 0) {
      std::fprintf(stderr,
                   "left out %zu lines: no UTF-8, a quote that is not closed, or too many cells\n",
                   profile.unread);
    }
    if (profile.rows == 0) {
      std::fprintf(stderr, "without a row every column is taken for text\n");
    }
  }
  const std::string name = options.file == "-" || options.file == "app.yaml"
                               ? stem_of(options.from)
                               : stem_of(options.file);
  return app::first_application(profile, name);
}

Expected<std::string> text_of(const Common& common, const NewOptions& options) {
  if (!options.from.empty()) return first_from(common, options);
  const std::string name = options.file == "-" ? options.template_name : stem_of(options.file);
  std::string text = app::from_template(options.template_name, name);
  if (!text.empty()) return text;
  std::string known;
  for (const auto template_name : app::template_names()) {
    known.append(known.empty() ? "" : ", ").append(template_name);
  }
  return not_found("there is no template \"" + options.template_name + "\"; there are " + known);
}

Expected<void> write_new(const std::string& path, const std::string& text, bool replace) {
  struct stat there {};
  if (!replace && ::stat(path.c_str(), &there) == 0) {
    return conflict(path + " is there already; --replace writes over it");
  }
  return write_file(path, text);
}

// The schema that the first line of the file names, for editors; of an older build it is made anew.
void write_schema_beside(const std::string& file) {
  const std::string path = (std::filesystem::path(file).parent_path() / "app.schema.json").string();
  const std::string schema = app::schema_json();
  if (std::filesystem::exists(path)) {
    const auto there = read_file(path);
    if (!there || there->find("\"title\": \"Quintet application\"") == std::string::npos) return;
  }
  (void)write_file(path, schema);
}

}  // namespace

int new_command(const Common& common, const NewOptions& options) {
  const auto text = text_of(common, options);
  if (!text) return report(common, text.error());
  const app::Loaded loaded = app::load(*text);
  if (loaded.spec == nullptr) {
    std::string why = "the file made is not accepted";
    for (const auto& diagnostic : loaded.diagnostics) why += "; " + diagnostic.message;
    return report(common, broken(why));
  }
  if (options.file == "-") {
    std::fputs(text->c_str(), stdout);
    return kOk;
  }
  if (const auto written = write_new(options.file, *text, options.replace); !written) {
    return report_usage(common, written.error());
  }
  write_schema_beside(options.file);
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("file", options.file).field("app", loaded.spec->app).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s is written and checked\n", options.file.c_str());
    if (!common.quiet) {
      std::fprintf(stderr, "next: quintet run %s\n", options.file.c_str());
    }
  }
  return kOk;
}

int diff_command(const Common& common, const DiffOptions& options) {
  const auto before = load_app(common, options.before);
  const auto after = load_app(common, options.after);
  if (before.spec == nullptr || after.spec == nullptr) {
    return std::max(before.status, after.status);
  }
  Micros kept = 0;
  if (!options.kept.empty()) {
    event::Arena arena;
    const auto value = event::value_of_text(event::Type::of(event::Kind::duration), options.kept,
                                            event::InputRules{}, 0, arena);
    if (!value) return report_usage(common, Error(value.error()).at("--kept"));
    kept = value->as_int64();
  }
  const app::Difference difference = app::compare(*before.spec, *after.spec, kept);
  if (common.json) {
    std::printf("%s\n", app::to_json(difference).c_str());
  } else {
    std::printf("%s", app::to_text(difference).c_str());
  }
  return kOk;
}

}  // namespace quintet::cli
