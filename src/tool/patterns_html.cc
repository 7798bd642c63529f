// The report as one page that needs nothing else, made from its JSON.
#include "tool/patterns.h"

namespace quintet::tool {

namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>quintet verify</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ccc; padding: .3em .8em .3em 0; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; }
.good { color: #0a6b2d; } .bad { color: #b00020; }
@media (prefers-color-scheme: dark) {
  body { background: #16181d; color: #e4e6eb; } th, td { border-color: #444; }
  .good { color: #6fcf97; } .bad { color: #ff8a8a; }
}
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string shown(JsonValue value) {
  if (value.is(JsonKind::text)) return escaped(value.text());
  if (value.is(JsonKind::array)) {
    std::string out;
    for (auto item = value.first(); item; item = item.next()) {
      out += (out.empty() ? "" : ", ") + shown(item);
    }
    return out.empty() ? "none" : out;
  }
  return escaped(value.source());
}

std::string cell(const char* tag, const std::string& text, const char* kind = "") {
  const std::string name(tag);
  const std::string with = *kind == '\0' ? "" : " class=\"" + std::string(kind) + "\"";
  return "<" + name + with + ">" + text + "</" + name + ">";
}

std::string verdict(JsonValue equal) {
  const bool good = equal.as_bool().value_or(false);
  return cell("td", good ? "yes" : "no", good ? "good" : "bad");
}

void append_asked(std::string& out, JsonValue report) {
  out += "<table>\n";
  for (auto part = report.first(); part; part = part.next()) {
    if (part.is(JsonKind::object) || part.name() == "equal" || part.name() == "patterns" ||
        part.name() == "comparisons") {
      continue;
    }
    out += "<tr>" + cell("th", escaped(part.name())) + cell("td", cell("code", shown(part))) +
           "</tr>\n";
  }
  out += "</table>\n";
}

void append_runs(std::string& out, JsonValue runs) {
  out += "<table>\n<tr>";
  for (auto part = runs.first().first(); part; part = part.next()) {
    if (!part.is(JsonKind::object)) out += cell("th", escaped(part.name()));
  }
  out += "</tr>\n";
  for (auto run = runs.first(); run; run = run.next()) {
    out += "<tr>";
    for (auto part = run.first(); part; part = part.next()) {
      if (part.is(JsonKind::object)) continue;
      out += part.name() == "equal"      ? verdict(part)
             : part.is(JsonKind::number) ? cell("td", shown(part), "number")
             : part.name() == "digest"   ? cell("td", cell("code", shown(part)))
                                         : cell("td", shown(part));
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void append_fields(std::string& out, JsonValue fields, const std::string& a, const std::string& b) {
  out += "<table>\n<tr>" + cell("th", "field") + cell("th", a) + cell("th", b) + "</tr>\n";
  for (auto one = fields.first(); one; one = one.next()) {
    const std::string name = shown(one.find("field"));
    out += "<tr>" + cell("td", name.empty() ? "all of it" : cell("code", name));
    for (const char* side : {"a", "b"}) out += cell("td", cell("code", shown(one.find(side))));
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void append_first(std::string& out, JsonValue section, const std::string& a, const std::string& b) {
  const JsonValue first = section.find("first");
  if (!first) return;
  out += "<h3>" + shown(section.find("section")) +
         "</h3>\n<p>The first that differs: " + cell("code", shown(first.find("key")));
  for (const char* name : {"id", "position"}) {
    if (first.find(name)) out += ", " + std::string(name) + " " + shown(first.find(name));
  }
  out += "</p>\n";
  append_fields(out, first.find("fields"), a, b);
}

void append_comparison(std::string& out, JsonValue one) {
  const std::string a = shown(one.find("a")), b = shown(one.find("b"));
  out += "<h2>" + a + " and " + b + "</h2>\n<table>\n<tr>";
  for (const std::string& head : {std::string("section"), "lines: " + a, "lines: " + b,
                                  std::string("differ"), "only " + a, "only " + b}) {
    out += cell("th", head);
  }
  out += "</tr>\n";
  for (auto section = one.find("sections").first(); section; section = section.next()) {
    out += "<tr>" + cell("td", shown(section.find("section")));
    for (const char* name : {"lines_a", "lines_b", "different", "only_a", "only_b"}) {
      out += cell("td", shown(section.find(name)), "number");
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
  for (auto section = one.find("sections").first(); section; section = section.next()) {
    append_first(out, section, a, b);
  }
}

}  // namespace

std::string to_html(const PatternsReport& report) {
  const std::string json = to_json(report);
  const auto document = JsonDocument::parse(json);
  check(document.has_value(), "the report is no JSON");
  const JsonValue root = document->root();
  std::string out(kHead);
  const bool good = root.find("equal").as_bool().value_or(false);
  out += "<h1>" + shown(root.find("app")) + "</h1>\n<p class=\"" + (good ? "good" : "bad") + "\">" +
         (good ? "The answers are equal." : "The answers differ.") + "</p>\n";
  append_runs(out, root.find("patterns"));
  for (auto run = root.find("patterns").first(); run; run = run.next()) {
    const JsonValue first = run.find("first_reply");
    if (!first) continue;
    out += "<h2>" + shown(run.find("pattern")) + ": replies</h2>\n<p>" +
           shown(run.find("replies_differ")) +
           " are not what stands there now; the first: position " + shown(first.find("position")) +
           "</p>\n";
    append_fields(out, first.find("fields"), "replied", "at rest");
  }
  for (auto one = root.find("comparisons").first(); one; one = one.next()) {
    append_comparison(out, one);
  }
  out += "<h2>What was asked</h2>\n";
  append_asked(out, root);
  out += "<p>Not compared: " + escaped(kLeftOut) + ".</p>\n<details><summary>JSON</summary><pre>" +
         escaped(json) + "</pre></details>\n</body></html>\n";
  return out;
}

}  // namespace quintet::tool
