#include "app/erasable.h"

#include <algorithm>

namespace quintet::app {

namespace {

const event::EventType& source_of(const Spec& spec, const Group& group) {
  return spec.events[static_cast<std::size_t>(group.source)];
}

bool contains(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

bool keyed_by_subject(const Spec& spec, const Group& group) {
  const int subject = source_of(spec, group).subject_field;
  return subject >= 0 && contains(group.key_fields, subject);
}

bool has_private_key(const Spec& spec, const Group& group) {
  const event::EventType& source = source_of(spec, group);
  return std::any_of(group.key_fields.begin(), group.key_fields.end(), [&](int field) {
    return source.fields[static_cast<std::size_t>(field)].sealed();
  });
}

namespace {

bool reads_private(const event::EventType& type, const expr::Program& program) {
  return std::any_of(program.slots().begin(), program.slots().end(), [&](int slot) {
    return static_cast<std::size_t>(slot) < type.fields.size() &&
           type.fields[static_cast<std::size_t>(slot)].sealed();
  });
}

}  // namespace

// A slot of a source event: one of its fields, or one of its labels. `own`: private fields of the
// source count; a reported label is another subject's.
bool is_private(const Spec& spec, int source, int slot, bool own) {
  const event::EventType& type = spec.events[static_cast<std::size_t>(source)];
  const auto at = static_cast<std::size_t>(slot);
  if (at < type.fields.size()) return own && type.fields[at].sealed();
  const std::vector<int> labels = spec.labels_of(source);
  const Label& label = spec.labels[static_cast<std::size_t>(labels[at - type.fields.size()])];
  if (label.report < 0) return own && type.fields[static_cast<std::size_t>(label.field)].sealed();
  const event::EventType& report = spec.events[static_cast<std::size_t>(label.report)];
  return reads_private(report, label.report_value) || reads_private(report, label.report_where);
}

bool is_private(const Spec& spec, int source, const expr::Program& program, bool own) {
  return std::any_of(program.slots().begin(), program.slots().end(),
                     [&](int slot) { return is_private(spec, source, slot, own); });
}

bool keeps_private_of_others(const Spec& spec, const Group& group, const Aggregate& aggregate) {
  const bool by_subject = keyed_by_subject(spec, group);
  if (!by_subject && has_private_key(spec, group)) return true;
  const auto reads = [&](const std::vector<GroupInput>& all, int index) {
    return index >= 0 && is_private(spec, group.source,
                                    all[static_cast<std::size_t>(index)].program, !by_subject);
  };
  return reads(group.inputs, aggregate.input) || reads(group.filters, aggregate.filter);
}

}  // namespace quintet::app
