#include "base/json_out.h"
#include "tool/patterns.h"

namespace quintet::tool {

namespace {

constexpr std::size_t kShownText = 200;  // bytes of a value for people

std::string shortened(std::string text) {
  if (text.size() <= kShownText) return text;
  text.resize(kShownText);
  return text + "...";
}

void write_fields(JsonWriter& json, const std::vector<Differing>& fields) {
  json.key("fields").begin_array();
  for (const Differing& one : fields) {
    json.begin_object().field("field", one.field);
    json.field("a", one.a).field("b", one.b).end_object();
  }
  json.end_array();
}

// What a line is about beside its key: the event's id, and where it stands in the log.
void write_place(JsonWriter& json, const SectionDifference& section) {
  const auto line = JsonDocument::parse(section.line_a.empty() ? section.line_b : section.line_a);
  if (!line) return;
  for (const char* name : {"id", "position"}) {
    if (const JsonValue value = line->root().find(name)) json.key(name).raw(value.source());
  }
}

void write_section(JsonWriter& json, const SectionDifference& section) {
  json.begin_object().field("section", section.section);
  json.key("lines_a").uint64(section.lines_a).key("lines_b").uint64(section.lines_b);
  json.key("different").uint64(section.different);
  json.key("only_a").uint64(section.only_a).key("only_b").uint64(section.only_b);
  if (!section.equal()) {
    json.key("first").begin_object().field("key", section.key);
    write_place(json, section);
    write_fields(json, section.fields);
    json.end_object();
  }
  json.end_object();
}

// Of the run at this index: is all as in the first, and as it was replied?
bool equal(const PatternsReport& report, std::size_t index) {
  if (report.runs[index].rest.replies_differ != 0) return false;
  for (const PatternsComparison& one : report.comparisons) {
    if (one.other == index) return one.equal();
  }
  return true;
}

void write_run(JsonWriter& json, const PatternsReport& report, std::size_t index) {
  const PatternFigures& run = report.runs[index];
  json.begin_object().field("pattern", run.pattern).key("events").uint64(run.sent);
  json.key("refused").uint64(run.refused);
  json.key("results").uint64(lines_of(run, "result"));
  json.key("views").uint64(lines_of(run, "view"));
  json.key("letters").uint64(lines_of(run, "letter"));
  json.key("models").uint64(versions_in(run));
  json.key("promotions").uint64(lines_of(run, "promotions"));
  json.key("kills").uint64(run.kills).key("reconnects").uint64(run.reconnects);
  json.key("seconds").real(run.seconds).field("digest", run.rest.dump.digest);
  json.key("equal").boolean(equal(report, index));
  json.key("replies_differ").uint64(run.rest.replies_differ);
  if (run.rest.replies_differ != 0) {
    json.key("first_reply").begin_object().key("position").uint64(run.rest.reply_position);
    write_fields(json, run.rest.reply_fields);
    json.end_object();
  }
  json.end_object();
}

void write_asked(JsonWriter& json, const PatternsReport& report) {
  const PatternsOptions& asked = report.asked;
  json.field("app", asked.spec->app).field("app_digest", asked.spec->digest);
  json.key("inputs").begin_array();
  for (const InputFile& file : asked.inputs) json.text(file.event_type + "=" + file.path);
  json.end_array().key("events").uint64(report.events);
  json.field("store", asked.store_url.empty() ? "sqlite" : asked.store_url);
  if (asked.infer_replicas > 0) json.key("infer_replicas").uint64(asked.infer_replicas);
  json.key("seed").uint64(asked.disturbance.seed);
  json.key("duplicates").real(asked.disturbance.duplicates);
  json.key("late").real(asked.disturbance.late).key("kills").uint64(asked.kills);
  if (asked.train_at) json.key("train_at").uint64(*asked.train_at);
  json.key("promotions").begin_array();
  for (const ModelSwitch& one : asked.switches) {
    json.text(one.model + "=" + one.file + "@" + std::to_string(one.at));
  }
  json.end_array();
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

void append_table(std::string& out, const PatternsReport& report) {
  std::vector<std::vector<std::string>> rows = {{"pattern", "events", "refused", "results", "views",
                                                 "letters", "models", "seconds", "equal",
                                                 "digest"}};
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const PatternFigures& run = report.runs[i];
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f", run.seconds);
    const auto lines = [&](const char* section) { return std::to_string(lines_of(run, section)); };
    rows.push_back({run.pattern, std::to_string(run.sent), std::to_string(run.refused),
                    lines("result"), lines("view"), lines("letter"),
                    std::to_string(versions_in(run)), seconds,
                    report.runs.size() < 2 ? "-"
                    : equal(report, i)     ? "yes"
                                           : "NO",
                    run.rest.dump.digest});
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[column].size());
      line += padded(row[column], width) + "  ";
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
}

void append_fields(std::string& out, const std::vector<Differing>& fields) {
  for (const Differing& one : fields) {
    out += "    " + (one.field.empty() ? std::string("all of it") : one.field) + ": " +
           shortened(one.a) + " | " + shortened(one.b) + "\n";
  }
}

void append_section(std::string& out, const SectionDifference& section) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  write_place(json, section);
  json.end_object();
  out += "  " + section.section + ": " + std::to_string(section.different) + " differ of " +
         std::to_string(section.lines_a) + " | " + std::to_string(section.lines_b);
  if (section.only_a + section.only_b != 0) {
    out += ", " + std::to_string(section.only_a) + " | " + std::to_string(section.only_b) +
           " stand on one side alone";
  }
  out += "; the first: " + shortened(section.key) + " " + text + "\n";
  append_fields(out, section.fields);
}

}  // namespace

std::string to_json(const PatternsReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("equal").boolean(report.equal());
  write_asked(json, report);
  json.key("patterns").begin_array();
  for (std::size_t i = 0; i < report.runs.size(); ++i) write_run(json, report, i);
  json.end_array().key("comparisons").begin_array();
  for (const PatternsComparison& one : report.comparisons) {
    json.begin_object().field("a", report.runs[0].pattern);
    json.field("b", report.runs[one.other].pattern).key("equal").boolean(one.equal());
    json.key("sections").begin_array();
    for (const SectionDifference& section : one.sections) write_section(json, section);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out;
}

std::string to_text(const PatternsReport& report) {
  std::string out;
  append_table(out, report);
  for (const PatternFigures& run : report.runs) {
    if (run.rest.replies_differ == 0) continue;
    out += run.pattern + ": " + std::to_string(run.rest.replies_differ) +
           " replies are not what stands there now; the first: position " +
           std::to_string(run.rest.reply_position) + "\n";
    append_fields(out, run.rest.reply_fields);
  }
  for (const PatternsComparison& one : report.comparisons) {
    if (one.equal()) continue;
    out += report.runs[0].pattern + " | " + report.runs[one.other].pattern + "\n";
    for (const SectionDifference& section : one.sections) {
      if (!section.equal()) append_section(out, section);
    }
  }
  out += !report.equal()          ? "the answers differ\n"
         : report.runs.size() < 2 ? "one pattern alone: there is nothing to compare it with\n"
                                  : "the answers are equal\n";
  return out;
}

}  // namespace quintet::tool
