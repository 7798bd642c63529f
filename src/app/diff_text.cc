// A difference for people and for programs.
#include "app/diff.h"
#include "base/json_out.h"
#include "expr/ast.h"

namespace quintet::app {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void append_column(std::string& out, const ColumnChange& column) {
  out += "column " + column.event + "." + column.name + ": " + std::string(name_of(column.change));
  if (!column.was.empty()) out += " (was " + column.was + ")";
  const bool fresh = column.change == Change::added || column.change == Change::changed;
  if (fresh && column.whole_history) {
    out += ", looks back over the whole history";
  } else if (fresh && column.reach > 0) {
    out += ", looks back " + expr::print_duration(column.reach);
  }
  if (!column.blank.empty()) {
    out += "; starts incomplete: records from before have no " + joined(column.blank);
  } else if (column.cold) {
    out += "; starts incomplete: the log does not reach so far";
  }
  if (!column.unbound.empty()) out += "; unbinds " + joined(column.unbound);
  out += "\n";
}

std::string_view group_word(Change change) {
  switch (change) {
    case Change::added: return "new, folded from the log";
    case Change::changed: return "folded again from the log";
    case Change::removed: return "dropped";
    default: return "kept";
  }
}

}  // namespace

std::string_view name_of(Change change) {
  switch (change) {
    case Change::same: return "unchanged";
    case Change::added: return "new";
    case Change::changed: return "changed";
    case Change::removed: return "removed";
    case Change::renamed: return "renamed";
  }
  return "";
}

std::string to_text(const Difference& difference) {
  std::string out;
  std::size_t same = 0;
  for (const ColumnChange& column : difference.columns) {
    same += column.change == Change::same;
    if (column.change != Change::same || column.cold) append_column(out, column);
  }
  for (const FieldChange& field : difference.fields) {
    out += "field " + field.event + "." + field.field + ": was " + field.was + ", is " + field.is +
           "; reads as null in records from before\n";
  }
  for (const ModelChange& model : difference.models) {
    out += "model " + model.name + ": ";
    if (model.change == Change::same)
      out += "unchanged, its versions stay in use" +
             (model.training.empty()
                  ? std::string()
                  : "; the next is made otherwise: " + joined(model.training) + " changed") +
             "\n";
    else if (model.change == Change::changed)
      out += "must be trained again: " + model.why + "\n";
    else
      out += std::string(name_of(model.change)) + "\n";
  }
  for (const GroupChange& group : difference.groups) {
    out += "state of " + group.name + ": " +
           (group.empty ? "new, empty: the log has no such records"
                        : std::string(group_word(group.change))) +
           "\n";
  }
  for (const PartChange& part : difference.parts) {
    if (part.change == Change::same) continue;
    out += part.kind + " " + part.name + ": " + std::string(name_of(part.change)) +
           (part.kind == "application" ? "; it has a log of its own" : "") + "\n";
  }
  if (difference.reach_before != difference.reach_after) {
    out += "longest window: " + expr::print_duration(difference.reach_before) + " before, " +
           expr::print_duration(difference.reach_after) + " now\n";
  }
  out += std::to_string(same) + (same == 1 ? " column" : " columns") + " unchanged\n";
  return out;
}

std::string to_json(const Difference& difference) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("same_meaning").boolean(difference.same_meaning);
  json.key("columns").begin_array();
  for (const ColumnChange& each : difference.columns) {
    json.begin_object().field("event", each.event).field("name", each.name);
    json.field("change", name_of(each.change)).field("was", each.was);
    json.key("reach").int64(each.reach).key("whole_history").boolean(each.whole_history);
    json.key("cold").boolean(each.cold).key("unbound").begin_array();
    for (const std::string& model : each.unbound) json.text(model);
    json.end_array().key("blank").begin_array();
    for (const std::string& field : each.blank) json.text(field);
    json.end_array().end_object();
  }
  json.end_array().key("fields").begin_array();
  for (const FieldChange& each : difference.fields) {
    json.begin_object().field("event", each.event).field("field", each.field);
    json.field("was", each.was).field("is", each.is).end_object();
  }
  json.end_array().key("models").begin_array();
  for (const ModelChange& each : difference.models) {
    json.begin_object().field("name", each.name).field("change", name_of(each.change));
    json.field("why", each.why).key("training").begin_array();
    for (const std::string& name : each.training) json.text(name);
    json.end_array().end_object();
  }
  json.end_array().key("groups").begin_array();
  for (const GroupChange& each : difference.groups) {
    json.begin_object().field("name", each.name).field("change", name_of(each.change));
    json.key("empty").boolean(each.empty).end_object();
  }
  json.end_array().key("parts").begin_array();
  for (const PartChange& each : difference.parts) {
    json.begin_object().field("kind", each.kind).field("name", each.name);
    json.field("change", name_of(each.change)).end_object();
  }
  json.end_array().key("reach_before").int64(difference.reach_before);
  json.key("reach_after").int64(difference.reach_after).end_object();
  return out;
}

}  // namespace quintet::app
