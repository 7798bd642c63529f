#include "stage/render_labels.h"

#include "base/civil.h"
#include "base/json_out.h"

namespace quintet::stage {

namespace {

using event::Value;

void append_time_field(std::string& out, std::string_view name, Micros time) {
  out += ",\"";
  out += name;
  out += "\":\"";
  append_time(out, time);
  out += '"';
}

void append_known(std::string& out, const app::Label& label, Value value, std::string_view source) {
  out += "{\"value\":";
  event::append_json(out, label.type, value);
  out += ",\"source\":\"";
  out += source;
  out += '"';
}

void append_unsaid(std::string& out, const app::Label& label, Micros time, Micros now) {
  const bool said = !label.otherwise.is_null();
  if (said && time + label.after <= now) {
    append_known(out, label, label.otherwise, "otherwise");
    return;
  }
  append_known(out, label, {}, "unknown");
  if (said) append_time_field(out, "until", time + label.after);
}

}  // namespace

std::optional<Value> reported(const app::Spec& spec, int label, const Admitted& report,
                              event::Arena& arena) {
  const app::Label& asked = spec.labels[static_cast<std::size_t>(label)];
  if (report.event.type == nullptr || report.event.type->index != asked.report) return {};
  return asked.report_value.run(report.event.values, arena);
}

void append_labels(std::string& out, const app::Spec& spec, const Admitted& event,
                   const std::vector<std::optional<LabelReport>>& reports, Micros now) {
  out += '{';
  const std::vector<int> labels = spec.labels_of(event.event.type->index);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const app::Label& label = spec.labels[static_cast<std::size_t>(labels[i])];
    if (i > 0) out += ',';
    append_json_text(out, label.name);
    out += ':';
    const bool by_report = label.report >= 0 && reports[i].has_value();
    const Value value = by_report ? reports[i]->value : event.labels[i];
    if (value.is_null()) {
      append_unsaid(out, label, event.record.time, now);
    } else {
      append_known(out, label, value, by_report ? "report" : "event");
      const Position position = by_report ? reports[i]->position : event.record.position;
      const Micros time = by_report ? reports[i]->time : event.record.time;
      out += ",\"position\":" + std::to_string(position);
      if (time != kNoTime) append_time_field(out, "at", time);
    }
    out += '}';
  }
  out += '}';
}

void put_labels(std::string& result, std::string_view labels) {
  if (labels.empty()) return;
  result.back() = ',';
  result += "\"labels\":";
  result += labels;
  result += '}';
}

}  // namespace quintet::stage
