#include "stage/admitted.h"

namespace quintet::stage {

namespace {

using event::Value;

Error lacks_label(const event::Record& record) {
  return broken("record " + std::to_string(record.position) +
                " names a label that its application version lacks");
}

// Labels known with the event itself, in the order of Spec::labels_of. One that rides on the record
// is the label of its name, if what it says is of the same type.
Expected<void> fill_labels(const app::Spec& written, const app::Spec& spec, Admitted& admitted) {
  admitted.labels.clear();
  const int type = admitted.event.type->index;
  for (std::size_t i = 0; i < spec.labels.size(); ++i) {
    const app::Label& label = spec.labels[i];
    if (label.of != type) continue;
    Value value;
    if (label.field >= 0) value = admitted.event.values[static_cast<std::size_t>(label.field)];
    for (const event::AttachedLabel& attached : admitted.record.attached) {
      if (attached.label >= written.labels.size()) return lacks_label(admitted.record);
      const app::Label& old = written.labels[attached.label];
      if (old.name != label.name || old.type != label.type || label.report < 0) continue;
      ByteReader in(attached.value);
      TRY(value, event::read_value(in, label.type, admitted.event.arena));
    }
    admitted.labels.push_back(value);
  }
  return {};
}

// Fields of `from` under the old type to `to` under the new one, by name; a field whose type or
// privacy changed is null, as if it had never been sent (S1.7).
void convert_fields(const event::EventType& from, std::span<const Value> values,
                    const event::EventType& to, std::span<Value> out) {
  for (std::size_t i = 0; i < to.fields.size(); ++i) {
    const event::Field& field = to.fields[i];
    const int index = from.field_index(field.name);
    if (index < 0) {
      out[i] = field.fallback;
      continue;
    }
    const event::Field& old = from.fields[static_cast<std::size_t>(index)];
    if (old.type == field.type && old.privacy == field.privacy) {
      out[i] = values[static_cast<std::size_t>(index)];
    }
  }
}

// The parts of one event: plain bytes, and sealed ones if its key still exists.
struct Parts {
  const event::EventType& type;
  const std::string& plain;
  const std::string& subject;
  const std::string& sealed;
  std::uint32_t number;  // Sealer::seal
};

// `erased` is set if the sealed part cannot be read any more.
Expected<std::span<Value>> open_parts(const Parts& parts, const event::Record& record, Epoch epoch,
                                      Sealer& sealer, event::Arena& arena, bool* erased = nullptr) {
  const auto values = arena.values(parts.type.fields.size());
  TRY_DO(event::decode_part(parts.type, parts.plain, false, arena, values));
  if (!parts.sealed.empty()) {
    TRY(const auto opened,
        sealer.open(parts.subject, record.position, epoch, parts.number, parts.sealed));
    if (opened) TRY_DO(event::decode_part(parts.type, *opened, true, arena, values));
    if (erased != nullptr) *erased = !opened;
  }
  return values;
}

// The groups of a labelled event, as touches that carry the report's value.
Expected<void> route_target(const app::Spec& written, const app::Spec& spec, Epoch epoch,
                            Sealer& sealer, std::size_t index, Admitted& admitted) {
  const event::LabelTarget& target = admitted.record.targets[index];
  if (target.label >= written.labels.size() || target.event_type >= written.events.size()) {
    return lacks_label(admitted.record);
  }
  const int label = spec.label_index(written.labels[target.label].name);
  const event::EventType& old_type = written.events[target.event_type];
  const int type = spec.event_index(old_type.name);
  // Under `spec` the label may be of another event, or come from another report.
  if (label < 0 || type < 0 || spec.labels[static_cast<std::size_t>(label)].of != type ||
      spec.labels[static_cast<std::size_t>(label)].report != admitted.event.type->index) {
    return {};
  }
  event::Arena& arena = admitted.event.arena;
  const Parts parts{old_type, target.keys, target.subject, target.sealed_keys,
                    static_cast<std::uint32_t>(index + 1)};
  TRY(const auto old_values, open_parts(parts, admitted.record, epoch, sealer, arena));
  const event::EventType& new_type = spec.events[static_cast<std::size_t>(type)];
  const auto values = arena.values(new_type.fields.size());
  convert_fields(old_type, old_values, new_type, values);
  const Value value = spec.labels[static_cast<std::size_t>(label)].report_value.run(
      admitted.event.values, arena);
  const std::size_t before = admitted.touches.size();
  feature::route_label(spec, label, values, admitted.touches);
  for (std::size_t i = before; i < admitted.touches.size(); ++i) {
    feature::Touch& touch = admitted.touches[i];
    touch.label = label;
    touch.target = target.position;
    touch.target_time = target.time;
    touch.label_value = value;
  }
  return {};
}

}  // namespace

Micros horizon_of(const app::Spec& spec, Micros low_time) {
  return low_time == kNoTime ? kNoTime : low_time - spec.reach - spec.late;
}

Expected<void> complete(const app::Spec& written, const app::Spec& spec, Epoch epoch,
                        Sealer& sealer, Admitted& admitted) {
  admitted.touches.clear();
  admitted.labels.clear();
  if (admitted.event.type == nullptr) return {};
  TRY_DO(fill_labels(written, spec, admitted));
  feature::route(spec, admitted.event.type->index, admitted.event.values, admitted.asks(),
                 admitted.touches);
  admitted.home = feature::home_shard(admitted.touches, admitted.record.id);
  const Micros horizon = horizon_of(spec, admitted.record.low_time);
  admitted.late = horizon != kNoTime && admitted.record.time <= horizon;
  for (std::size_t i = 0; i < admitted.record.targets.size(); ++i) {
    TRY_DO(route_target(written, spec, epoch, sealer, i, admitted));
  }
  return {};
}

Expected<void> decode_record(const app::Spec& written, const app::Spec& spec, Epoch epoch,
                             Sealer& sealer, Admitted& admitted) {
  const event::Record& record = admitted.record;
  admitted.event.arena.reset();
  admitted.event.type = nullptr;
  admitted.event.values = {};
  admitted.erased = false;
  if (!event::is_control(record.kind)) {
    if (record.event_type >= written.events.size()) {
      return broken("record " + std::to_string(record.position) +
                    " is of an event type that its application version lacks");
    }
    const event::EventType& old_type = written.events[record.event_type];
    const int type = spec.event_index(old_type.name);
    if (type >= 0) {
      event::Arena& arena = admitted.event.arena;
      const Parts parts{old_type, record.plain, record.subject, record.sealed, 0};
      TRY(const auto values, open_parts(parts, record, epoch, sealer, arena, &admitted.erased));
      admitted.event.type = &spec.events[static_cast<std::size_t>(type)];
      admitted.event.values = values;
      if (&written != &spec) {
        admitted.event.values = arena.values(admitted.event.type->fields.size());
        convert_fields(old_type, values, *admitted.event.type, admitted.event.values);
      }
      admitted.event.id = record.id;
      admitted.event.time = record.time;
    }
  }
  return complete(written, spec, epoch, sealer, admitted);
}

}  // namespace quintet::stage
