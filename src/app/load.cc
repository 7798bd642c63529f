#include "app/load.h"

#include <algorithm>

#include "app/draft.h"
#include "base/civil.h"

namespace quintet::app {
namespace {

// What this version can run. The one place to relax when a pattern arrives.
std::string_view missing_pattern(std::string_view pattern) {
  if (pattern == "monolithic" || pattern == "microservices") return {};
  if (pattern == "event-driven") return "the bus comes in a later version";
  if (pattern == "lambda") return "batch and speed layers come in a later version";
  return "functions with their state in a store come in a later version";
}

void load_pattern(Draft& draft, const Reading& top, std::string_view override_with) {
  draft.spec.pattern = "monolithic";
  if (top.has("pattern")) draft.spec.pattern = top.text("pattern");
  if (!override_with.empty()) {
    draft.spec.pattern = override_with;
    const bool known =
        std::find(kPatternWords.begin(), kPatternWords.end(), override_with) != kPatternWords.end();
    if (!known) {
      std::vector<std::string> words(kPatternWords.begin(), kPatternWords.end());
      draft.report.error("QNT-0108", draft.report.source().place(0, 0),
                         "there is no pattern `" + draft.spec.pattern + "`",
                         "the patterns are " + list_names(words));
      return;
    }
  }
  const std::string_view why = missing_pattern(draft.spec.pattern);
  if (why.empty()) return;
  const Node* node = override_with.empty() ? top.find("pattern") : nullptr;
  draft.report.error(
      "QNT-0112",
      node != nullptr ? draft.report.source().place(*node) : draft.report.source().place(0, 0),
      "the pattern `" + draft.spec.pattern + "` is not in this version",
      std::string(why) + ": run it as `monolithic`, the answers are the same");
}

void load_head(Draft& draft, const Reading& top) {
  const Node* version = top.find("quintet");
  if (version != nullptr && version->text != "1") {
    draft.report.error("QNT-0110", *version,
                       "this build knows version 1 of the language, the file is written in `" +
                           version->text + "`",
                       "write `quintet: 1`, or use a newer build");
  }
  if (const Node* name = top.find("app")) {
    draft.spec.app = name->text;
    const bool good =
        !name->text.empty() && name->text.size() <= 64 && name->text[0] != '-' &&
        std::all_of(name->text.begin(), name->text.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    if (!good) {
      draft.report.error("QNT-0104", *name, "`" + name->text + "` cannot be an application's name",
                         "small letters, digits, `-` and `_`, at most 64");
    }
  }
  if (const Node* zone = top.find("timezone")) {
    Expected<int> offset = parse_offset(zone->text);
    if (!offset) {
      draft.report.error(
          "QNT-0111", *zone, "`timezone` is a fixed offset, `" + zone->text + "` is not",
          "as `UTC` or `\"+02:00\"`; rules for summer time change, answers must not");
    }
    draft.spec.utc_offset_minutes = std::move(offset).value_or(0);
  }
  draft.spec.late = top.duration("late").value_or(draft.spec.late);
  draft.spec.ahead = top.duration("ahead").value_or(draft.spec.ahead);
  draft.spec.retain = top.length("retain").value_or(0);
}

void load_document(Draft& draft, const Node& root, std::string_view pattern) {
  const Place head = draft.report.source().place(0, 0);
  Reading top(draft.report, root, kTopBlock, head);
  load_head(draft, top);
  load_pattern(draft, top, pattern);
  load_constants(draft, top);
  load_events(draft, top);
  load_labels(draft, top);
  load_features(draft, top);
  load_models(draft, top);
  load_decisions(draft, top);
  resolve_rows(draft);
  load_views(draft, top);
  load_sinks(draft, top);
  check_retention(draft, top);
}

}  // namespace

Loaded load(std::string_view text, std::string_view pattern) {
  const Source source(text);
  Loaded loaded;
  Yaml yaml = read_yaml(source);
  if (!yaml.root) {
    loaded.diagnostics = std::move(yaml.problems);
    return loaded;
  }
  Report report(source);
  mend_cuts(report, *yaml.root);
  Draft draft(report, text);
  load_document(draft, *yaml.root, pattern);
  draft.spec.digest = digest_of_meaning(*yaml.root);
  const bool good = !report.has_errors() && yaml.problems.empty();
  loaded.diagnostics = report.take();
  loaded.diagnostics.insert(loaded.diagnostics.begin(), yaml.problems.begin(),
                            yaml.problems.end());
  if (good) loaded.spec = std::make_shared<const Spec>(std::move(draft.spec));
  return loaded;
}

Diagnostic unusable_file(const ModelSpec& model, std::string why) {
  Diagnostic diagnostic;
  diagnostic.code = "QNT-0513";
  diagnostic.place = model.file_place;
  diagnostic.message = std::move(why);
  return diagnostic;
}

}  // namespace quintet::app
