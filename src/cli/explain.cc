#include <algorithm>
#include <cstdio>

#include "base/civil.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "tool/window_story.h"

namespace quintet::cli {

namespace {

std::string time_text(Micros time) {
  return time == kNoTime || !is_time(time) ? "the beginning" : format_time(time);
}

void print(const tool::WindowStory& window) {
  std::printf("\n%s = %s\n", window.aggregate.c_str(), window.value.c_str());
  if (window.timed) {
    std::printf("  window: after %s, up to %s\n", time_text(window.after).c_str(),
                time_text(window.until).c_str());
  }
  if (!window.why_empty.empty()) std::printf("  empty: %s\n", window.why_empty.c_str());
  std::size_t widest_id = 0, widest_value = 0;
  for (std::size_t i = 0; i < window.entries.size(); ++i) {
    widest_id = std::max(widest_id, window.ids[i].size());
    widest_value = std::max(widest_value, window.entries[i].value.size());
  }
  for (std::size_t i = 0; i < window.entries.size(); ++i) {
    const feature::WindowEntry& entry = window.entries[i];
    std::printf("  %-3s %-27s @%-8llu %-*s  %*s%s%s\n", entry.inside ? "in" : "out",
                time_text(entry.time).c_str(), static_cast<unsigned long long>(entry.position),
                static_cast<int>(widest_id), window.ids[i].c_str(), static_cast<int>(widest_value),
                entry.value.c_str(), entry.why.empty() ? "" : "  ", entry.why.c_str());
  }
}

void print(const tool::ColumnStory& story) {
  std::printf("%s %s @%llu, %s\n%s\n  = %s\n", story.event_type.c_str(), story.id.c_str(),
              static_cast<unsigned long long>(story.position), time_text(story.time).c_str(),
              story.definition.c_str(), story.value.c_str());
  if (story.at != story.position) {
    std::printf("as it would be after position %llu\n", static_cast<unsigned long long>(story.at));
  }
  for (const auto& [name, value] : story.reads) {
    std::printf("  %s = %s\n", name.c_str(), value.c_str());
  }
  for (const tool::WindowStory& window : story.windows) print(window);
}

void write(JsonWriter& json, const tool::WindowStory& window) {
  json.begin_object().field("aggregate", window.aggregate);
  json.key("value").raw(window.value);
  if (window.timed) {
    json.field("after", time_text(window.after)).field("until", time_text(window.until));
  }
  if (!window.why_empty.empty()) json.field("empty", window.why_empty);
  json.key("entries").begin_array();
  for (std::size_t i = 0; i < window.entries.size(); ++i) {
    const feature::WindowEntry& entry = window.entries[i];
    json.begin_object().field("id", window.ids[i]).key("position").uint64(entry.position);
    json.field("time", time_text(entry.time)).key("inside").boolean(entry.inside);
    if (!entry.why.empty()) json.field("why", entry.why);
    json.field("value", entry.value).end_object();
  }
  json.end_array().end_object();
}

void print_json(const tool::ColumnStory& story) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("event", story.event_type).field("id", story.id);
  json.key("position").uint64(story.position).key("at").uint64(story.at);
  json.field("time", time_text(story.time)).field("column", story.column);
  json.field("definition", story.definition).key("value").raw(story.value);
  json.key("reads").begin_object();
  for (const auto& [name, value] : story.reads) json.key(name).raw(value);
  json.end_object().key("windows").begin_array();
  for (const tool::WindowStory& window : story.windows) write(json, window);
  json.end_array().end_object();
  std::printf("%s\n", out.c_str());
}

}  // namespace

int explain_command(const Common& common, const ExplainOptions& options) {
  if (!options.pattern.empty()) {
    if (options.what.empty()) return show_command(common, options.pattern);
    return report_usage(common, invalid("a pattern is explained without an application or a code"));
  }
  if (options.what.empty()) {
    return report_usage(common, invalid("write a code as QNT-0101, an application file, or "
                                        "--pattern NAME"));
  }
  const bool is_code = options.id.empty() && options.inputs.empty() && options.data.empty();
  if (is_code && !options.what.ends_with(".yaml") && !options.what.ends_with(".yml")) {
    return explain_code_command(common, options.what);
  }
  tool::StoryOptions story;
  if (options.column.empty() || options.inputs.empty() == options.data.empty()) {
    return report_usage(
        common, invalid("write: quintet explain app.yaml EVENT_ID COLUMN, and either --input "
                        "EVENT=FILE or --data DIR"));
  }
  const auto loaded = load_app(common, options.what);
  if (loaded.spec == nullptr) return loaded.status;
  story.spec = loaded.spec;
  for (const std::string& input : options.inputs) {
    auto file = tool::parse_input(input, *story.spec);
    if (!file) return report_usage(common, file.error());
    story.inputs.push_back(*std::move(file));
  }
  story.data = options.data;
  story.id = options.id;
  story.column = options.column;
  story.event_type = options.event;
  story.at = options.at;
  story.limit = options.limit;
  const auto told = tool::tell(story);
  if (!told) return report(common, told.error());
  if (common.json) {
    print_json(*told);
  } else {
    print(*told);
  }
  return kOk;
}

}  // namespace quintet::cli
