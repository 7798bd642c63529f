#include "app/scope.h"

namespace quintet::app {

std::string canonical_field(const event::Field& field) {
  std::string out = field.name + ":" + to_string(field.type);
  if (field.privacy == event::Privacy::pseudonymize) out += ":pseudonym";
  if (field.privacy == event::Privacy::mask) out += ":mask";
  return out;
}

std::string canonical_label(const Spec& spec, const Label& label) {
  const auto& of = spec.events[static_cast<std::size_t>(label.of)];
  std::string out = "label{of=" + of.name;
  if (label.field >= 0) {
    out += ";field=" + canonical_field(of.fields[static_cast<std::size_t>(label.field)]);
  } else {
    const auto& report = spec.events[static_cast<std::size_t>(label.report)];
    out += ";report=" + report.name + ";value=" + label.report_value.canonical() +
           ";where=" + label.report_where.canonical() +
           ";key=" + report.fields[static_cast<std::size_t>(label.report_key)].name +
           ";within=" + std::to_string(label.within);
  }
  out +=
      ";otherwise=" + (label.otherwise.is_null() ? "null" : to_text(label.type, label.otherwise)) +
      ";after=" + std::to_string(label.after) + "}";
  return out;
}

FieldScope::FieldScope(const Draft& draft, int event, std::string who, Labels labels)
    : draft_(draft), event_(event), who_(std::move(who)), labels_(labels) {}

std::optional<expr::Symbol> FieldScope::find(std::string_view name) const {
  const auto at = static_cast<std::size_t>(event_);
  const event::EventType& type = draft_.spec.events[at];
  expr::Symbol symbol;
  if (const int index = type.field_index(name); index >= 0) {
    const event::Field& field = type.fields[static_cast<std::size_t>(index)];
    symbol.slot = index;
    symbol.type = field.type;
    symbol.canonical = canonical_field(field);
    const std::string text(name);
    if (field.use == event::Use::label && labels_ == Labels::refused) {
      symbol.refused = "`" + text + "` is for labels alone; " + who_ + " cannot read it";
      symbol.hint = "its value is not known yet when the event is scored";
    } else if (field.use == event::Use::label) {
      symbol.refused = "`" + text + "` is for labels alone; " + who_ + " reads the label instead";
      symbol.hint = "use the name of the label that is made of it";
    } else if (field.use == event::Use::audit) {
      symbol.refused = "`" + text + "` is kept for audit; " + who_ + " cannot read it";
    } else if (field.privacy == event::Privacy::drop) {
      symbol.refused = "`" + text + "` is dropped (`privacy: drop`); " + who_ + " cannot read it";
    }
    return symbol;
  }
  symbol.failed = true;
  if (draft_.events[at].failed.contains(std::string(name))) return symbol;
  const std::vector<int> labels = draft_.spec.labels_of(event_);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Label& label = draft_.spec.labels[static_cast<std::size_t>(labels[i])];
    if (label.name != name) continue;
    symbol.failed = false;
    symbol.slot = static_cast<int>(type.fields.size() + i);
    symbol.type = label.type;
    if (labels_ == Labels::readable) {
      labels_read_.insert(labels[i]);
      symbol.canonical = canonical_label(draft_.spec, label);
    } else {
      symbol.refused = "`" + label.name + "` is a label; " + who_ + " cannot read it";
      symbol.hint = "an aggregate over earlier events can, `delayed` by its `after`";
    }
    return symbol;
  }
  if (draft_.failed.contains(std::string(name))) return symbol;
  if (labels_ == Labels::readable || who_ != "a column") {
    auto row = draft_.row_names.find(event_);
    if (row != draft_.row_names.end() && row->second.contains(std::string(name))) {
      symbol.failed = false;
      symbol.refused = who_ + " sees fields only; `" + std::string(name) + "` is computed";
      symbol.hint = who_ == "a key"
                        ? "send it as a field of the event, or choose the entries by `where`"
                        : "write out what it computes";
      return symbol;
    }
  }
  return std::nullopt;
}

std::vector<std::string> FieldScope::names() const {
  std::vector<std::string> out;
  for (const event::Field& field : draft_.spec.events[static_cast<std::size_t>(event_)].fields) {
    if (field.use == event::Use::feature && field.privacy != event::Privacy::drop) {
      out.push_back(field.name);
    }
  }
  if (labels_ == Labels::refused) return out;
  for (int label : draft_.spec.labels_of(event_)) {
    out.push_back(draft_.spec.labels[static_cast<std::size_t>(label)].name);
  }
  return out;
}

std::optional<expr::Symbol> RowScope::find(std::string_view name) const {
  if (auto found = symbols_.find(name); found != symbols_.end()) return found->second;
  return fields_.find(name);
}

std::optional<expr::Symbol> RowScope::member(std::string_view object,
                                             std::string_view field) const {
  if (auto found = members_.find(object); found != members_.end()) {
    auto part = found->second.find(field);
    if (part == found->second.end()) return std::nullopt;
    return part->second;
  }
  expr::Symbol failed;
  failed.failed = true;
  if (draft_.failed.contains(std::string(object))) return failed;
  const int table = draft_.spec.event_index(object);
  if (table < 0 || !draft_.spec.events[static_cast<std::size_t>(table)].is_table || !lookup_) {
    return std::nullopt;
  }
  const int index = draft_.spec.events[static_cast<std::size_t>(table)].field_index(field);
  if (index >= 0) return lookup_(table, index);
  if (draft_.events[static_cast<std::size_t>(table)].failed.contains(std::string(field))) {
    return failed;
  }
  return std::nullopt;
}

std::vector<std::string> RowScope::names() const {
  std::vector<std::string> out = fields_.names();
  for (const auto& [name, symbol] : symbols_) out.push_back(name);
  return out;
}

std::vector<std::string> RowScope::members(std::string_view object) const {
  std::vector<std::string> out;
  if (auto found = members_.find(object); found != members_.end()) {
    for (const auto& [name, symbol] : found->second) out.push_back(name);
    return out;
  }
  const int table = draft_.spec.event_index(object);
  if (table < 0) return out;
  for (const event::Field& field : draft_.spec.events[static_cast<std::size_t>(table)].fields) {
    out.push_back(field.name);
  }
  return out;
}

std::vector<std::string> RowScope::objects() const {
  std::vector<std::string> out;
  for (const auto& [name, members] : members_) out.push_back(name);
  for (const event::EventType& type : draft_.spec.events) {
    if (type.is_table) out.push_back(type.name);
  }
  return out;
}

}  // namespace quintet::app
