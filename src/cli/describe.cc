// The commands that print what this build knows: schema, functions, patterns, codes.
#include <cstdio>

#include "app/codes.h"
#include "app/vocabulary.h"
#include "base/json_out.h"
#include "base/text.h"
#include "cli/commands.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "pattern/topology.h"

namespace quintet::cli {

namespace {

void print(const Common& common, std::string_view key, const std::string& text) {
  if (!common.json) {
    std::fputs(text.c_str(), stdout);
    return;
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().field(key, text).end_object();
  std::printf("%s\n", out.c_str());
}

std::string one_function(const expr::Function& function) {
  std::string text = expr::signature(function) + " -> " + std::string(function.result) + "\n    " +
                     std::string(function.doc) + "\n";
  for (const expr::Example& example : function.examples) {
    text.append("    ").append(example.expression).append(" is ").append(example.answer) += '\n';
  }
  return text;
}

std::string one_aggregate(const expr::AggregateFunction& function) {
  return std::string(function.signature) + " -> " + std::string(function.result) +
         ", an aggregate: it needs a window and a key\n    " + std::string(function.doc) +
         "\n    in an empty window: " + std::string(function.empty) + "\n    as in " +
         (function.name == "count" ? std::string("count()") : std::string(function.signature)) +
         " over 7d by customer\n";
}

void list_functions(const Common& common) {
  std::string text;
  JsonWriter json(text);
  if (common.json) json.begin_array();
  for (const expr::Function& function : expr::functions()) {
    if (common.json) {
      json.begin_object().field("name", function.name);
      json.field("signature", expr::signature(function)).field("gives", function.result);
      json.field("group", function.group).field("doc", function.doc).end_object();
    } else {
      text += expr::signature(function) + " -> " + std::string(function.result) + "\n";
    }
  }
  for (const expr::AggregateFunction& function : expr::aggregate_functions()) {
    if (common.json) {
      json.begin_object().field("name", function.name).field("signature", function.signature);
      json.field("gives", function.result).field("group", "Aggregates");
      json.field("doc", function.doc).end_object();
    } else {
      text += std::string(function.signature) + " over WINDOW by KEY -> " +
              std::string(function.result) + "\n";
    }
  }
  if (common.json) json.end_array();
  std::printf("%s%s", text.c_str(), common.json ? "\n" : "");
}

}  // namespace

int schema_command(const Common&) {
  std::fputs(app::schema_json().c_str(), stdout);
  return kOk;
}

int functions_command(const Common& common, const std::string& name) {
  if (name.empty()) {
    list_functions(common);
    return kOk;
  }
  if (name == "--markdown" || name == "markdown") {
    print(common, "markdown", expr::functions_markdown());
    return kOk;
  }
  if (const expr::AggregateFunction* aggregate = expr::find_aggregate(name)) {
    print(common, "text", one_aggregate(*aggregate));
    return kOk;
  }
  const expr::Function* function = expr::find_function(name);
  if (function == nullptr) {
    std::vector<std::string_view> known;
    for (const expr::Function& each : expr::functions()) known.push_back(each.name);
    for (const auto& each : expr::aggregate_functions()) known.push_back(each.name);
    const auto near = nearest(name, known);
    return report(common, not_found("there is no function \"" + name + "\"" +
                                    (near ? "; did you mean " + std::string(*near) + "?" : "")));
  }
  print(common, "text", one_function(*function));
  return kOk;
}

int show_command(const Common& common, const std::string& pattern) {
  const auto topology = pattern::find_pattern(pattern);
  if (!topology) return report(common, topology.error());
  print(common, "mermaid", topology->mermaid());
  return kOk;
}

int explain_code_command(const Common& common, const std::string& code) {
  const std::string text = app::explain(code);
  if (text.empty()) {
    return report(common, not_found("there is no code " + code + "; codes look like QNT-0101"));
  }
  print(common, "text", text);
  return kOk;
}

}  // namespace quintet::cli
