#include "stage/render.h"

#include "base/civil.h"
#include "base/json_out.h"

namespace quintet::stage {

namespace {

using event::Value;

std::string_view name_of(expr::Fault fault) {
  return fault == expr::Fault::overflow ? "overflow" : "domain";
}

void append_slot(std::string& out, const app::RowPlan& plan, app::Slot slot,
                 const Outcome& outcome) {
  const auto i = static_cast<std::size_t>(slot);
  event::append_json(out, plan.slot_types[i], outcome.slots[i]);
}

void append_key(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  append_json_text(out, key);
  out += ':';
}

void append_predictions(std::string& out, const app::Spec& spec, const app::RowPlan& plan,
                        const Outcome& outcome) {
  append_key(out, "predictions");
  out += '{';
  for (const int index : plan.models) {
    const app::ModelSpec& model = spec.models[static_cast<std::size_t>(index)];
    append_key(out, model.name);
    out += '{';
    for (const app::ModelOutput& output : model.outputs) {
      append_key(out, output.name);
      append_slot(out, plan, output.slot, outcome);
    }
    for (const UsedModel& used : outcome.models) {
      if (used.model != index) continue;
      append_key(out, "version");
      out += std::to_string(used.version);
    }
    out += '}';
  }
  out += '}';
}

void append_decisions(std::string& out, const app::RowPlan& plan, const Outcome& outcome) {
  append_key(out, "decisions");
  out += '{';
  for (std::size_t i = 0; i < plan.decisions.size(); ++i) {
    const app::Decision& decision = plan.decisions[i];
    append_key(out, decision.name);
    if (outcome.cases[i] < 0) {
      out += "{\"value\":null}";
      continue;
    }
    const app::Case& taken = decision.cases[static_cast<std::size_t>(outcome.cases[i])];
    out += "{\"value\":";
    append_json_text(out, taken.then);
    if (!taken.reason.empty()) {
      out += ",\"reason\":";
      append_json_text(out, taken.reason);
    }
    out += '}';
  }
  out += '}';
}

void append_faults(std::string& out, const app::RowPlan& plan, const Outcome& outcome) {
  append_key(out, "errors");
  out += '[';
  for (const ColumnFault& fault : outcome.faults) {
    if (out.back() != '[') out += ',';
    out += "{\"column\":";
    append_json_text(out, plan.slot_names[static_cast<std::size_t>(fault.slot)]);
    out += ",\"code\":\"";
    out += name_of(fault.fault);
    out += "\"}";
  }
  out += ']';
}

std::string_view name_of(OutcomeStatus status) {
  switch (status) {
    case OutcomeStatus::none: return "none";
    case OutcomeStatus::result: return "result";
    case OutcomeStatus::failed: return "failed";
    case OutcomeStatus::erased: return "erased";
  }
  return "none";
}

void append_row(std::string& out, const app::Spec& spec, const Outcome& outcome) {
  const app::RowPlan& plan = spec.rows[outcome.event_type];
  append_key(out, "features");
  out += '{';
  for (const app::Column& column : plan.columns) {
    append_key(out, column.name);
    append_slot(out, plan, column.slot, outcome);
  }
  out += '}';
  if (!plan.models.empty()) append_predictions(out, spec, plan, outcome);
  if (!plan.decisions.empty()) append_decisions(out, plan, outcome);
  if (!outcome.faults.empty()) append_faults(out, plan, outcome);
  if (outcome.late) out += ",\"late\":true";
  if (!outcome.failure.empty()) {
    append_key(out, "failure");
    append_json_text(out, outcome.failure);
  }
}

}  // namespace

EventFacts facts_of(const app::Spec& spec, const event::Record& record) {
  return {spec.events[record.event_type].name, record.id, record.time, record.admitted_at,
          record.trace};
}

void append_result(std::string& out, const app::Spec& spec, const EventFacts& facts,
                   const Outcome& outcome) {
  out += '{';
  append_key(out, "event");
  append_json_text(out, facts.event_type);
  append_key(out, "id");
  append_json_text(out, facts.id);
  append_key(out, "position");
  out += std::to_string(outcome.position);
  append_key(out, "status");
  append_json_text(out, name_of(outcome.status));
  if (outcome.status == OutcomeStatus::result || outcome.status == OutcomeStatus::failed) {
    append_key(out, "time");
    out += '"';
    append_time(out, facts.time);
    out += '"';
    append_row(out, spec, outcome);
    // traceparent: version, trace id, parent id, flags.
    if (facts.trace.size() >= 35) {
      append_key(out, "trace_id");
      append_json_text(out, facts.trace.substr(3, 32));
    }
  }
  out += '}';
}

}  // namespace quintet::stage
